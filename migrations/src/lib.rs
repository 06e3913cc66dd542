#![doc = include_str!("../README.md")]

pub mod ddl;
mod m0001_foundation;
mod m0002_identity;
mod m0003_patients;
mod m0004_scheduling;
pub mod roles;

use sea_orm_migration::MigrationStatus;
use sea_orm_migration::prelude::*;
pub use sea_orm_migration::sea_orm;
use sea_orm_migration::sea_orm::{
    DatabaseConnection, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

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
        ]
    }
}

/// Names of the migrations that have not been applied, oldest first; needs no right to change the schema.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let pending = Migrator::get_pending_migrations_read_only(db).await?;
    Ok(pending.iter().map(|m| m.name().to_owned()).collect())
}

/// Every migration with whether it has been applied, oldest first; changes nothing.
pub async fn status(db: &DatabaseConnection) -> Result<Vec<(String, bool)>, DbErr> {
    let all = Migrator::get_migration_with_status_read_only(db).await?;
    Ok(all.iter().map(|m| (m.name().to_owned(), m.status() == MigrationStatus::Applied)).collect())
}

/// Applies what is pending, all of it or nothing, and gives `app_role` (PostgreSQL: the role that serves requests) its
/// rights. Any number of processes may call it at once; the names of what this one applied come back.
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
    let pending = Migrator::get_pending_migrations_read_only(&tx).await?;
    Migrator::up(&tx, None).await?;
    if postgres {
        tx.execute_unprepared(&roles::give_rights(app_role)).await?;
    }
    tx.commit().await?;
    Ok(pending.iter().map(|m| m.name().to_owned()).collect())
}
