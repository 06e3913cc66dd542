//! A million patients past the API: through it they would take an hour.

use std::path::Path;

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, SqliteConnection};
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
    emergency_contacts, custom, sort_text, search_text, version, created_at, updated_at) VALUES ";
/// Rows of one statement: each has six parameters, and SQLite takes 32,766.
const ROWS: usize = 1_000;
/// The indexes of the table that are no constraints.
const INDEXES: &str =
    "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'patient' AND sql IS NOT NULL";
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

/// Adds as many patients to each company, in one transaction and the indexes after the rows. Nothing else may use the file
/// meanwhile.
pub fn sqlite(file: &Path, tenants: &[Uuid], each: usize) -> Outcome<()> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        // What a power cut would spoil is made anew, and the pages of the whole load stay in memory.
        run(&mut connection, "PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = MEMORY")
            .await?;
        let mut tx = connection.begin().await?;
        let indexes: Vec<(String, String)> = sqlx::query_as(INDEXES).fetch_all(&mut *tx).await?;
        for (name, _) in &indexes {
            run(&mut tx, &format!("DROP INDEX {name}")).await?;
        }
        for (tenant, number) in tenants.iter().zip(0..) {
            let mut patients = patients::of_company(number).take(each);
            loop {
                let rows: Vec<Patient> = patients.by_ref().take(ROWS).collect();
                if rows.is_empty() {
                    break;
                }
                insert(&mut tx, *tenant, rows).await?;
            }
        }
        for (_, definition) in &indexes {
            run(&mut tx, definition).await?;
        }
        tx.commit().await?;
        Outcome::Ok(connection.close().await?)
    })?;
    analyze(file)
}

/// Has the database look at what it holds, and empties its log. Nothing else may use the file meanwhile.
pub fn analyze(file: &Path) -> Outcome<()> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await?;
        run(&mut connection, "ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)").await?;
        Ok(connection.close().await?)
    })
}

async fn insert(connection: &mut SqliteConnection, tenant: Uuid, rows: Vec<Patient>) -> Outcome<()> {
    let values: Vec<String> = (0..rows.len()).map(|row| row * 6 + 1).map(parameters).collect();
    let sql = format!("{INSERT}{}", values.join(", "));
    let mut insert = sqlx::query(AssertSqlSafe(sql));
    for patient in rows {
        insert = insert.bind(tenant).bind(patient.id).bind(patient.name);
        insert = insert.bind(patient.birth_date).bind(patient.search_text).bind(patient.created_at);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// The values of a row whose parameters begin with this one.
fn parameters(first: usize) -> String {
    let [tenant, id, name, birth, text, at] = [0, 1, 2, 3, 4, 5].map(|next| format!("?{}", first + next));
    format!(
        "({tenant}, {id}, {name}, {birth}, 'active', '[]', '[]', '[]', '{{}}', '[]', '{{}}', {text}, ' ' || {text}, 1, {at}, {at})"
    )
}

async fn run(connection: &mut SqliteConnection, sql: &str) -> Outcome<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await?;
    Ok(())
}
