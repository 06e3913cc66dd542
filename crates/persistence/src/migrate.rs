//! `salus migrate up` and `salus migrate status`.

use crate::database::{ConnectError, Settings};
use crate::{postgres, sqlite};

/// Says that a newer version has migrated the database: as in a rolling deployment, or after going back a version.
pub(crate) fn warn_of_newer(unknown: &[String]) {
    tracing::warn!(unknown = unknown.join(", "), "the database is newer than this program, which serves what it knows");
}

/// Applies what is pending, under a lock; the names of the migrations that were applied.
pub async fn migrate_up(settings: &Settings) -> Result<Vec<String>, ConnectError> {
    if !settings.is_postgres() {
        return sqlite::migrate(settings).await;
    }
    match &settings.migration_url {
        Some(url) => postgres::migrate(url, Some(&postgres::role_name(&settings.url).await?)).await,
        None => postgres::migrate(&settings.url, None).await,
    }
}

/// Every migration with whether it has been applied, oldest first.
pub async fn migrate_status(settings: &Settings) -> Result<Vec<(String, bool)>, ConnectError> {
    let db = if settings.is_postgres() {
        postgres::single(settings.migration_url.as_ref().unwrap_or(&settings.url)).await?
    } else {
        sqlite::single(settings).await?
    };
    let status = migrations::status(&db).await.map_err(ConnectError::Migration);
    db.close().await.map_err(ConnectError::Unreachable)?;
    status
}
