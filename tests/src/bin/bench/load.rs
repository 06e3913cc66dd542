//! A million patients past the API: through it they would take an hour.

use std::path::Path;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{self, Connection, SqliteConnection};
use tokio::runtime::Builder;
use uuid::Uuid;

use crate::Outcome;
use crate::patients::{self, Patient};
use crate::postgres::{Cluster, OWNER};

const COPY: &str = "\
    patient (tenant_id, id, name, birth_date, stage, addresses, health_plans, tags, preferences, emergency_contacts, custom, \
    sort_text, search_text, version, created_at, updated_at)";
const INSERT: &str = "\
    INSERT INTO patient (tenant_id, id, name, birth_date, stage, addresses, health_plans, tags, preferences, \
    emergency_contacts, custom, sort_text, search_text, version, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, 'active', '[]', '[]', '[]', '{}', '[]', '{}', $5, ' ' || $5, 1, $6, $6)";
/// Built after the rows are there, which is many times faster than row by row.
const TRIGRAMS: &str = "patient_by_search_text";

/// Adds as many patients to each company by `COPY`.
pub fn postgres(cluster: &Cluster, tenants: &[Uuid], each: usize) -> Outcome<()> {
    let index = cluster.sql(OWNER, &format!("SELECT indexdef FROM pg_indexes WHERE indexname = '{TRIGRAMS}'"))?;
    cluster.sql(OWNER, &format!("DROP INDEX {TRIGRAMS}"))?;
    cluster.copy(COPY, |pipe| {
        for (tenant, number) in tenants.iter().zip(0..) {
            for Patient { id, name, search_text, birth_date, created_at } in patients::of_company(number).take(each) {
                let at = created_at.to_rfc3339();
                write!(pipe, "{tenant}\t{id}\t{name}\t{birth_date}\tactive\t[]\t[]\t[]\t{{}}\t[]\t{{}}\t")?;
                writeln!(pipe, "{search_text}\t {search_text}\t1\t{at}\t{at}")?;
            }
        }
        Ok(())
    })?;
    cluster.sql(OWNER, &index)?;
    cluster.sql(OWNER, "VACUUM (ANALYZE) patient")?;
    cluster.sql("postgres", "CHECKPOINT").map(drop)
}

/// Adds as many patients to each company, in one transaction. Nothing else may use the file meanwhile.
pub fn sqlite(file: &Path, tenants: &[Uuid], each: usize) -> Outcome<()> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let options = SqliteConnectOptions::new().filename(file).foreign_keys(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let mut tx = connection.begin().await?;
        for (tenant, number) in tenants.iter().zip(0..) {
            for patient in patients::of_company(number).take(each) {
                let insert = sqlx::query(INSERT).bind(tenant).bind(patient.id).bind(patient.name);
                let insert = insert.bind(patient.birth_date).bind(patient.search_text).bind(patient.created_at);
                insert.execute(&mut *tx).await?;
            }
        }
        tx.commit().await?;
        sqlx::query("ANALYZE").execute(&mut connection).await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
        Ok(connection.close().await?)
    })
}
