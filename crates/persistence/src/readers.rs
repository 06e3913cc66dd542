//! Connections to the embedded database that only read.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sea_orm::sqlx::{self, ConnectOptions, Connection as _, Sqlite, SqliteConnection};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a reader is waited for.
const TURN: Duration = Duration::from_secs(10);

/// A few connections, the last used first, so that few are warm instead of all lukewarm. sqlx's own pool asks each
/// connection that comes back whether it is alive, which is two changes of threads, as dear as a small read; a file does
/// not go away. A connection whose reader was dropped half-way is closed and opened anew when it is missed.
#[derive(Debug)]
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    size: u32,
    turns: Semaphore,
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Readers {
    /// At most `size` connections, one of them open.
    pub(crate) async fn open(options: SqliteConnectOptions, size: u32) -> Result<Self, sqlx::Error> {
        let first = options.connect().await?;
        let turns = Semaphore::new(usize::try_from(size).unwrap_or(1));
        Ok(Self { options, size, turns, idle: Mutex::new(vec![first]) })
    }

    /// All rows that a query answers.
    pub(crate) async fn rows(&self, query: Query<'_, Sqlite, SqlxValues>) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let _turn = self.turn().await?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let rows = query.fetch_all(&mut connection).await;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        rows
    }

    /// Open and idle connections.
    pub(crate) fn connections(&self) -> (u32, usize) {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).len();
        let busy = usize::try_from(self.size).unwrap_or(1).saturating_sub(self.turns.available_permits());
        (u32::try_from(idle + busy).unwrap_or(self.size), idle)
    }

    /// Closes all; what is being read is read to its end first.
    pub(crate) async fn close(&self) {
        let all = self.turns.acquire_many(self.size).await;
        self.turns.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in idle {
            if let Err(error) = connection.close().await {
                tracing::warn!(error = %error, "a connection was not closed in order");
            }
        }
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, sqlx::Error> {
        match tokio::time::timeout(TURN, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_closed)) => Err(sqlx::Error::PoolClosed),
            Err(_elapsed) => Err(sqlx::Error::PoolTimedOut),
        }
    }
}
