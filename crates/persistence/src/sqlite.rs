//! The embedded database: one writer whose transactions lock at once, four readers, write-ahead log.

use std::path::Path;
use std::time::Duration;

use migrations::Standing;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{self, ConnectOptions, SqlitePool};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};

use crate::database::{ConnectError, Pool, Settings};
use crate::migrate::warn_of_newer;

const READERS: u32 = 4;

/// Opens the file (and its folder, if need be), migrates it, and opens the pools.
pub(crate) async fn connect(settings: &Settings) -> Result<Pool, ConnectError> {
    let options: SqliteConnectOptions = settings.url.parse()?;
    if let Some(folder) = folder_of(&options) {
        std::fs::create_dir_all(folder)?;
    }
    let writer = pool(options.clone(), 1, false).await?;
    let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer.clone());
    match migrations::standing(&connection).await.map_err(ConnectError::Migration)? {
        Standing::Level => {}
        Standing::Ahead(unknown) => warn_of_newer(&unknown),
        Standing::Behind(_) => {
            migrations::up(&connection, None).await.map_err(ConnectError::Migration)?;
        }
    }
    let readers = pool(options, READERS, true).await?;
    Ok(Pool::Sqlite { writer, readers })
}

/// Applies what is pending; the names of the migrations that were applied.
pub(crate) async fn migrate(settings: &Settings) -> Result<Vec<String>, ConnectError> {
    let db = single(settings).await?;
    let done = migrations::up(&db, None).await.map_err(ConnectError::Migration);
    db.close().await.map_err(ConnectError::Unreachable)?;
    done
}

/// One connection, for migrations.
pub(crate) async fn single(settings: &Settings) -> Result<DatabaseConnection, ConnectError> {
    let options: SqliteConnectOptions = settings.url.parse()?;
    if let Some(folder) = folder_of(&options) {
        std::fs::create_dir_all(folder)?;
    }
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool(options, 1, false).await?))
}

fn folder_of(options: &SqliteConnectOptions) -> Option<&Path> {
    options.get_filename().parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// How often the first node's switch to the write-ahead log is waited for, [`SWITCH_PAUSE`] each time.
const SWITCH_TRIES: u32 = 250;
const SWITCH_PAUSE: Duration = Duration::from_millis(20);

/// Several nodes that start on a new file all want to switch it to the write-ahead log; SQLite tells the late ones that it is
/// busy without waiting, whatever the time-out.
async fn pool(options: SqliteConnectOptions, size: u32, reader: bool) -> Result<SqlitePool, sqlx::Error> {
    let mut left = SWITCH_TRIES;
    loop {
        match open(options.clone(), size, reader).await {
            Err(error) if left > 0 && is_busy(&error) => tokio::time::sleep(SWITCH_PAUSE).await,
            opened => return opened,
        }
        left -= 1;
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "5" || code == "261")
}

async fn open(options: SqliteConnectOptions, size: u32, reader: bool) -> Result<SqlitePool, sqlx::Error> {
    let options = options
        .create_if_missing(!reader)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .statement_cache_capacity(500)
        .pragma("query_only", if reader { "ON" } else { "OFF" })
        .optimize_on_close(!reader, None)
        .disable_statement_logging();
    SqlitePoolOptions::new()
        .max_connections(size)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await
}
