//! The embedded database: one writer whose transactions lock at once, four readers, write-ahead log.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use migrations::Standing;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{self, ConnectOptions, SqlitePool};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};

use crate::database::{ConnectError, Pool, Settings};
use crate::migrate::warn_of_newer;
use crate::readers::Readers;

const READERS: u32 = 4;

/// Opens the file (and its folder, if need be), migrates it, and opens the pools.
pub(crate) async fn connect(settings: &Settings) -> Result<Pool, ConnectError> {
    let options: SqliteConnectOptions = settings.url.parse()?;
    if let Some(folder) = folder_of(&options) {
        std::fs::create_dir_all(folder)?;
    }
    let writer = writer(options.clone()).await?;
    let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer.clone());
    match migrations::standing(&connection).await.map_err(ConnectError::Migration)? {
        Standing::Level => {}
        Standing::Ahead(unknown) => warn_of_newer(&unknown),
        Standing::Behind(_) => {
            migrations::up(&connection, None).await.map_err(ConnectError::Migration)?;
        }
    }
    let readers = Readers::open(common(options).pragma("query_only", "ON"), READERS).await?;
    Ok(Pool::Sqlite { writer, readers: Arc::new(readers) })
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
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(writer(options).await?))
}

fn folder_of(options: &SqliteConnectOptions) -> Option<&Path> {
    options.get_filename().parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// Pages that the writer keeps, in KiB as SQLite writes it: an import touches a page of each index for every row, and what does
/// not fit is written and read again and again.
const WRITER_CACHE: &str = "-32000";

/// How often the first node's switch to the write-ahead log is waited for, [`SWITCH_PAUSE`] each time.
const SWITCH_TRIES: u32 = 250;
const SWITCH_PAUSE: Duration = Duration::from_millis(20);

/// Several nodes that start on a new file all want to switch it to the write-ahead log; SQLite tells the late ones that it is
/// busy without waiting, whatever the time-out.
async fn writer(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let mut left = SWITCH_TRIES;
    loop {
        match one_connection(options.clone()).await {
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

async fn one_connection(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let options = options.create_if_missing(true).optimize_on_close(true, None).pragma("cache_size", WRITER_CACHE);
    SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(common(options))
        .await
}

fn common(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .statement_cache_capacity(500)
        .disable_statement_logging()
}
