#![doc = include_str!("../README.md")]

pub mod ddl;
mod m0001_foundation;
mod m0002_identity;
mod m0003_patients;
mod m0004_scheduling;
mod m0005_account_recovery;
mod m0006_second_factor;
mod m0007_members_and_settings;
mod m0008_api_keys_and_oidc;
mod m0009_data_keys;
mod m0010_search_answers_rows;
mod m0011_patient_merges;
mod m0012_patient_filters;
mod m0013_patient_statistics;
mod m0014_patient_matching;
mod m0015_imports;
mod m0016_tags_and_links;
pub mod roles;
mod spelling;

pub use m0007_members_and_settings::USUAL_SETTINGS;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    DatabaseConnection, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
pub use sea_orm_migration::{MigratorTrait, sea_orm};

/// Two processes that migrate at once meet at this advisory lock on PostgreSQL (the letters of `salusmig`).
const LOCK: i64 = 0x7361_6c75_736d_6967;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_foundation::Migration),
            Box::new(m0002_identity::Migration),
            Box::new(m0003_patients::Migration),
            Box::new(m0004_scheduling::Migration),
            Box::new(m0005_account_recovery::Migration),
            Box::new(m0006_second_factor::Migration),
            Box::new(m0007_members_and_settings::Migration),
            Box::new(m0008_api_keys_and_oidc::Migration),
            Box::new(m0009_data_keys::Migration),
            Box::new(m0010_search_answers_rows::Migration),
            Box::new(m0011_patient_merges::Migration),
            Box::new(m0012_patient_filters::Migration),
            Box::new(m0013_patient_statistics::Migration),
            Box::new(m0014_patient_matching::Migration),
            Box::new(m0015_imports::Migration),
            Box::new(m0016_tags_and_links::Migration),
        ]
    }
}

/// How a database's schema stands to this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// These migrations have not been applied, oldest first.
    Behind(Vec<String>),
    /// It is the program's own.
    Level,
    /// A newer program has applied these too: its expansions leave this one what it needs.
    Ahead(Vec<String>),
}

/// Compares the two; needs no right to change the schema. A database that lacks a migration of this program and has one
/// that this program does not know is of another line, and refused.
pub async fn standing<'c>(db: impl IntoSchemaManagerConnection<'c>) -> Result<Standing, DbErr> {
    let known: Vec<String> = Migrator::migrations().iter().map(|m| m.name().to_owned()).collect();
    let applied = applied(db).await?;
    let pending: Vec<String> = known.iter().filter(|name| !applied.contains(name)).cloned().collect();
    let unknown: Vec<String> = applied.into_iter().filter(|name| !known.contains(name)).collect();
    let newest = known.last();
    if unknown.is_empty() {
        return Ok(if pending.is_empty() { Standing::Level } else { Standing::Behind(pending) });
    }
    if pending.is_empty() && unknown.iter().all(|name| Some(name) > newest) {
        return Ok(Standing::Ahead(unknown));
    }
    let (unknown, pending) = (unknown.join(", "), pending.join(", "));
    Err(DbErr::Migration(format!("the database is of another line: it has {unknown} and lacks [{pending}]")))
}

/// Names of all migrations that the database has, oldest first.
async fn applied<'c>(db: impl IntoSchemaManagerConnection<'c>) -> Result<Vec<String>, DbErr> {
    let (manager, table) = (SchemaManager::new(db), Migrator::migration_table_name());
    if !manager.has_table(table.to_string()).await? {
        return Ok(Vec::new());
    }
    let select = Query::select().column("version").from(table).order_by("version", Order::Asc).take();
    manager.get_connection().query_all(&select).await?.iter().map(|row| row.try_get("", "version")).collect()
}

/// Every migration with whether it has been applied, oldest first, those of a newer program too; changes nothing.
pub async fn status(db: &DatabaseConnection) -> Result<Vec<(String, bool)>, DbErr> {
    let applied = applied(db).await?;
    let mut all: Vec<String> = Migrator::migrations().iter().map(|m| m.name().to_owned()).collect();
    all.extend(applied.iter().filter(|name| !all.contains(name)).cloned().collect::<Vec<_>>());
    Ok(all
        .into_iter()
        .map(|name| (applied.contains(&name), name))
        .map(|(is_applied, name)| (name, is_applied))
        .collect())
}

/// Applies what is pending, all of it or nothing, and gives `app_role` (PostgreSQL: the role that serves requests) its
/// rights, also where nothing is pending. Any number of processes may call it at once; the names of what this one applied come back.
pub async fn up(db: &DatabaseConnection, app_role: Option<&str>) -> Result<Vec<String>, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let tx = db.begin_with_options(options).await?;
    let postgres = tx.get_database_backend() == sea_orm::DbBackend::Postgres;
    if postgres {
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
        tx.execute_unprepared(&roles::prepare(app_role)).await?;
    }
    // Another process may have migrated while this one waited for the lock, and may be of a newer version.
    let pending = match standing(&tx).await? {
        Standing::Behind(pending) => pending,
        Standing::Level | Standing::Ahead(_) => Vec::new(),
    };
    if !pending.is_empty() {
        Migrator::up(&tx, None).await?;
    }
    // Also where nothing was pending: the role may be another than last time.
    if postgres {
        tx.execute_unprepared(&roles::give_rights(app_role)).await?;
    }
    tx.commit().await?;
    Ok(pending)
}
