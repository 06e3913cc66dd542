//! One function from what a database says to what a store may answer.

use kernel::StoreError;
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::constraints;

/// The store's answer to an error of sea-orm.
pub(crate) fn store(error: DbErr) -> StoreError {
    match &error {
        DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))
        | DbErr::Conn(RuntimeErr::SqlxError(cause)) => classified(cause, error.clone()),
        DbErr::ConnectionAcquire(_) => StoreError::Unavailable(Some(Box::new(error))),
        _ => StoreError::broken(error),
    }
}

/// The store's answer to an error of the driver.
pub(crate) fn driver(error: sqlx::Error) -> StoreError {
    store(DbErr::Query(RuntimeErr::SqlxError(error.into())))
}

fn classified(cause: &sqlx::Error, error: DbErr) -> StoreError {
    match cause {
        sqlx::Error::Database(said) => said_by_database(said.as_ref(), error),
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => {
            StoreError::Unavailable(Some(Box::new(error)))
        }
        _ => StoreError::broken(error),
    }
}

fn said_by_database(said: &dyn DatabaseError, error: DbErr) -> StoreError {
    let code = said.code().unwrap_or_default();
    let constraint = match &*code {
        // Foreign keys: SQLite does not name them.
        "23503" | "787" => Some(constraints::FOREIGN_KEY),
        // PostgreSQL: unique, check, exclusion.
        "23505" | "23514" | "23P01" => said.constraint().and_then(constraints::by_name),
        // SQLite: a trigger that stands for a key which the table could not be given.
        "1811" if said.message() == constraints::FOREIGN_KEY => Some(constraints::FOREIGN_KEY),
        // PostgreSQL and SQLite: raised by a trigger under the constraint's name.
        "23001" | "1811" => constraints::by_name(said.message()),
        "1555" | "2067" => said.message().strip_prefix("UNIQUE constraint failed: ").and_then(constraints::by_columns),
        "275" => said.message().strip_prefix("CHECK constraint failed: ").and_then(constraints::by_name),
        // Deadlock, serialization; BUSY and BUSY_SNAPSHOT; LOCKED.
        "40P01" | "40001" | "5" | "517" | "261" | "6" => return StoreError::Contended,
        _ if unavailable(&code) => return StoreError::Unavailable(Some(Box::new(error))),
        _ => None,
    };
    constraint.map_or_else(|| StoreError::broken(error), StoreError::Constraint)
}

/// Connection failures (class 08), no resources such as a full disk or too many connections (53), an operator's
/// intervention such as a restart or a statement over its time (57), a lock that was not free in time (55P03); SQLite: disk full, I/O error, cannot open, read only.
fn unavailable(code: &str) -> bool {
    let class = |c: &str| code.len() == 5 && code.starts_with(c);
    class("08") || class("53") || class("57") || matches!(code, "55P03" | "13" | "10" | "778" | "14" | "8")
}
