//! Folding: the changes of counts that are there become part of the base, in one transaction. It may be cut short at any time,
//! and any number of processes may fold: a change is in one of the two places at each moment, and never in both.

use kernel::{StoreError, Transaction as _};
use sea_orm::QueryResult;

use super::each;
use crate::errors::store;
use crate::{Database, SeaTx};

/// One process folds at a time, so that none waits for another's counts (the letters of `salusfld`).
const LOCK: i64 = 0x7361_6c75_7366_6c64;
/// Changes of counts that are folded at once; when so many were, more may be waiting.
pub const FOLDED_AT_ONCE: u64 = 10_000;

/// What folding adds to the counts that are there.
const ADD: &str = "ON CONFLICT (tenant_id, facet) DO UPDATE SET total = patient_statistic.total + excluded.total";

impl Database {
    /// Folds one batch of changes into the counts of patients, of all companies; how many changes. Zero as well while another
    /// process folds.
    pub async fn fold_patient_statistics(&self) -> Result<u64, StoreError> {
        if !self.has_changes().await? {
            return Ok(0);
        }
        let tx = self.open_across("statistics").await?;
        let folded = if tx.is_postgres() { postgres(&tx).await? } else { sqlite(&tx).await? };
        if folded > 0 {
            tx.run("DELETE FROM patient_statistic WHERE total = 0", []).await?;
        }
        Box::new(tx).finish().await?;
        Ok(folded)
    }

    /// On SQLite without waiting for the writer.
    async fn has_changes(&self) -> Result<bool, StoreError> {
        let tx = self.look_across("statistics").await?;
        let sql = "SELECT EXISTS (SELECT 1 FROM patient_statistic_delta) AS has_changes";
        tx.rows(sql, []).await?.first().map_or(Ok(false), |row| row.try_get("", "has_changes").map_err(store))
    }
}

/// A row keeps its place from its insertion to its removal, which is this one's alone.
async fn postgres(tx: &SeaTx) -> Result<u64, StoreError> {
    let lock = tx.rows("SELECT pg_try_advisory_xact_lock($1) AS is_mine", [LOCK.into()]).await?;
    if !lock.first().map_or(Ok(false), |row| row.try_get("", "is_mine").map_err(store))? {
        return Ok(0);
    }
    let facets = each(tx, "t.facets");
    let sql = format!(
        "WITH taken AS (DELETE FROM patient_statistic_delta \
           WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM patient_statistic_delta d LIMIT {FOLDED_AT_ONCE})) \
           RETURNING tenant_id, facets, weight), \
         added AS (INSERT INTO patient_statistic (tenant_id, facet, total) \
           SELECT t.tenant_id, f.value, sum(t.weight) FROM taken t, {facets} GROUP BY 1, 2 HAVING sum(t.weight) <> 0 {ADD}) \
         SELECT count(*) AS folded FROM taken"
    );
    number(tx.rows(&sql, []).await?.first(), "folded")
}

/// Nobody else writes meanwhile.
async fn sqlite(tx: &SeaTx) -> Result<u64, StoreError> {
    let batch = format!(
        "SELECT count(*) AS folded, coalesce(max(place), 0) AS place \
         FROM (SELECT rowid AS place FROM patient_statistic_delta ORDER BY rowid LIMIT {FOLDED_AT_ONCE})"
    );
    let rows = tx.rows(&batch, []).await?;
    let (folded, place) = (number(rows.first(), "folded")?, number(rows.first(), "place")?);
    let place = i64::try_from(place).map_err(StoreError::broken)?;
    let facets = each(tx, "d.facets");
    let add = format!(
        "INSERT INTO patient_statistic (tenant_id, facet, total) \
         SELECT d.tenant_id, f.value, sum(d.weight) FROM patient_statistic_delta d, {facets} WHERE d.rowid <= $1 \
         GROUP BY 1, 2 HAVING sum(d.weight) <> 0 {ADD}"
    );
    tx.run(&add, [place.into()]).await?;
    tx.run("DELETE FROM patient_statistic_delta WHERE rowid <= $1", [place.into()]).await?;
    Ok(folded)
}

fn number(row: Option<&QueryResult>, column: &str) -> Result<u64, StoreError> {
    let number: i64 = row.map_or(Ok(0), |row| row.try_get("", column).map_err(store))?;
    u64::try_from(number).map_err(StoreError::broken)
}
