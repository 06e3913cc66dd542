//! `salus migrate up` and `salus migrate status`.

use crate::database::{ConnectError, Settings};
use crate::{postgres, sqlite};

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
