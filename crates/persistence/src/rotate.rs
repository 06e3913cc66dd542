//! Sealing anew (I12): every value that lies under an older master key is opened and sealed under the newest, a batch in a
//! transaction of its own, while both versions read. A value says itself under which version it lies, so a rotation that was
//! cut short goes on where it ended, and any number of them may run at once.

use std::sync::atomic::Ordering;

use kernel::{DataKey, StoreError, Transaction as _};
use sea_orm::{DbErr, QueryResult, Value};
use uuid::Uuid;

use crate::database::Database;
use crate::errors::store;
use crate::sealed::{Owner, SEALED, SealedColumn, Under};
use crate::session::SeaTx;

/// How many values one transaction seals anew: few, because the embedded database has one writer.
const BATCH: usize = 100;

/// The column that holds what the journal tells of persons.
const TOLD: &str = "journal_change.sealed";

/// How far one column has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// `table.column`.
    pub column: &'static str,
    /// Values sealed anew by this rotation.
    pub renewed: u64,
    /// Values that no known key opens: damaged, moved, or of a version that was removed too early. They stay as they are.
    pub unreadable: u64,
    /// Values that lie under another version than the newest, counted when every column had been gone through: older keys
    /// must stay while there are any.
    pub left: u64,
    /// False while there are others to look at.
    pub complete: bool,
}

/// A value under an older version, and where it lies.
struct Old {
    tenant: Uuid,
    row: Uuid,
    sealed: Vec<u8>,
}

impl Database {
    /// True while values may lie under older versions than the newest.
    pub fn has_older_keys(&self) -> bool {
        self.keys().is_rotating()
    }

    /// Seals all columns anew and tells `progress` after each batch.
    pub async fn rotate_keys(&self, progress: &(dyn Fn(Rotated) + Sync)) -> Result<Vec<Rotated>, StoreError> {
        let mut all = Vec::new();
        for column in SEALED {
            if column.under != Under::MasterKey {
                continue;
            }
            let mut seen = Rotated { column: column.name, renewed: 0, unreadable: 0, left: 0, complete: false };
            let mut after = None;
            while !seen.complete {
                let (batch, last) = self.rotate_patiently(column, after).await?;
                seen.renewed += batch.renewed;
                seen.unreadable += batch.unreadable;
                seen.complete = batch.complete;
                after = last;
                progress(seen);
            }
            all.push(seen);
        }
        self.has_named_unreadable().store(true, Ordering::Release);
        for seen in &mut all {
            seen.left = self.left_under_older(seen.column).await?;
        }
        let told =
            Rotated { column: TOLD, renewed: 0, unreadable: 0, left: self.told_under_master().await?, complete: true };
        all.extend((told.left > 0).then_some(told));
        Ok(all)
    }

    /// Counts the values of a column that do not lie under the newest version, whoever has written them meanwhile.
    async fn left_under_older(&self, name: &str) -> Result<u64, StoreError> {
        let Some(column) = SEALED.iter().find(|column| column.name == name) else { return Ok(0) };
        let SealedColumn { table, column: value, .. } = *column;
        let sql = format!(
            "SELECT count(*) AS left_over FROM {table} WHERE {value} IS NOT NULL AND substr({value}, 1, 1) <> $1"
        );
        self.counted(&sql, self.keys().newest()).await
    }

    /// Counts what the journal told before there were data keys: it lies under the master key, and the chain vouches for its
    /// bytes, so that it cannot be sealed anew.
    async fn told_under_master(&self) -> Result<u64, StoreError> {
        let sql =
            "SELECT count(*) AS left_over FROM journal_change WHERE sealed IS NOT NULL AND substr(sealed, 1, 1) <> $1";
        self.counted(sql, DataKey::MARK).await
    }

    async fn counted(&self, sql: &str, first: u8) -> Result<u64, StoreError> {
        let rows = self.look_across("key rotation").await?.rows(sql, [vec![first].into()]).await?;
        let left: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "left_over")).map_err(store)?;
        u64::try_from(left).map_err(StoreError::broken)
    }

    /// The same as often as [`unit_of_work`](kernel::unit_of_work) would: its future must be one that can move between threads.
    async fn rotate_patiently(
        &self,
        column: &SealedColumn,
        after: Option<(Uuid, Uuid)>,
    ) -> Result<(Rotated, Option<(Uuid, Uuid)>), StoreError> {
        let mut left = kernel::retry::ATTEMPTS;
        loop {
            left -= 1;
            match self.rotate_batch(column, after).await {
                Err(error) if left > 0 && error.is_contended() => {}
                done => return done,
            }
        }
    }

    /// Seals anew the first values behind a place; what it did, and the place it came to. They are looked for without holding
    /// the writer of the embedded database.
    async fn rotate_batch(
        &self,
        column: &SealedColumn,
        after: Option<(Uuid, Uuid)>,
    ) -> Result<(Rotated, Option<(Uuid, Uuid)>), StoreError> {
        let tx = self.look_across("key rotation").await?;
        let olds = olds(&tx, column, after).await?;
        drop(tx);
        let mut seen =
            Rotated { column: column.name, renewed: 0, unreadable: 0, left: 0, complete: olds.len() < BATCH };
        let mut renewed = Vec::with_capacity(olds.len());
        for old in &olds {
            let place = column.place(old.tenant, old.row);
            let Ok(plain) = self.keys().open(place, &old.sealed) else {
                seen.unreadable += 1;
                if !self.has_named_unreadable().load(Ordering::Acquire) {
                    tracing::warn!(column = column.name, row = %old.row, "a sealed value does not open");
                }
                continue;
            };
            renewed.push((old, self.keys().seal(place, &plain).map_err(StoreError::broken)?));
        }
        if !renewed.is_empty() {
            let tx = self.open_across("key rotation").await?;
            for (old, sealed) in renewed {
                seen.renewed += renew(&tx, column, old, sealed).await?;
            }
            Box::new(tx).finish().await?;
        }
        Ok((seen, olds.last().map(|old| (old.tenant, old.row))))
    }
}

/// The next values that do not begin with the newest version, in the order of the primary key.
async fn olds(tx: &SeaTx, column: &SealedColumn, after: Option<(Uuid, Uuid)>) -> Result<Vec<Old>, StoreError> {
    let SealedColumn { table, column: value, row, owner, .. } = *column;
    let mut values: Vec<Value> = vec![vec![tx.keys().newest()].into()];
    let key = match owner {
        Owner::Tenant => format!("(tenant_id, {row})"),
        Owner::Installation => row.to_owned(),
    };
    let behind = match (after, owner) {
        (None, _) => String::new(),
        (Some((tenant, row)), Owner::Tenant) => {
            values.extend([Value::from(tenant), row.into()]);
            format!("AND {key} > ($2, $3)")
        }
        (Some((_, row)), Owner::Installation) => {
            values.push(row.into());
            format!("AND {key} > $2")
        }
    };
    let order = key.trim_matches(['(', ')']);
    let owner = if owner == Owner::Tenant { "tenant_id AS owner, " } else { "" };
    let sql = format!(
        "SELECT {owner}{row} AS row_id, {value} AS sealed FROM {table} \
         WHERE {value} IS NOT NULL AND substr({value}, 1, 1) <> $1 {behind} ORDER BY {order} LIMIT {BATCH}"
    );
    let rows = tx.rows(&sql, values).await?;
    rows.iter().map(|row| read(row, column.owner)).collect::<Result<_, _>>().map_err(store)
}

fn read(row: &QueryResult, owner: Owner) -> Result<Old, DbErr> {
    let tenant = match owner {
        Owner::Tenant => row.try_get("", "owner")?,
        Owner::Installation => Uuid::nil(),
    };
    Ok(Old { tenant, row: row.try_get("", "row_id")?, sealed: row.try_get("", "sealed")? })
}

/// Only while the old value is still there: it may have been changed or removed meanwhile.
async fn renew(tx: &SeaTx, column: &SealedColumn, old: &Old, sealed: Vec<u8>) -> Result<u64, StoreError> {
    let SealedColumn { table, column: value, row, owner, .. } = *column;
    let mut values: Vec<Value> = vec![sealed.into(), old.sealed.clone().into(), old.row.into()];
    let own = match owner {
        Owner::Tenant => {
            values.push(old.tenant.into());
            "AND tenant_id = $4"
        }
        Owner::Installation => "",
    };
    let sql = format!("UPDATE {table} SET {value} = $1 WHERE {row} = $3 AND {value} = $2 {own}");
    tx.run(&sql, values).await
}
