//! Connections to PostgreSQL, a pool for each runtime of this process.

use std::sync::{PoisonError, RwLock};

use sea_orm::sqlx::PgPool;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::runtime::{Handle, Id};

/// The pools of one database. Each HTTP worker is a runtime of its own, and a connection belongs to the runtime that opened it:
/// an answer that comes in there for a request elsewhere costs two more wakes, a third of what a list may take. So every runtime
/// has its own connections, opened when it first needs them.
#[derive(Debug)]
pub(crate) struct PgPools {
    connect: PgConnectOptions,
    pool: PgPoolOptions,
    by_runtime: RwLock<Vec<(Id, PgPool)>>,
}

impl PgPools {
    /// Pools that open connections like this.
    pub(crate) fn new(pool: PgPoolOptions, connect: PgConnectOptions) -> Self {
        Self { connect, pool, by_runtime: RwLock::default() }
    }

    /// The pool of the runtime that asks.
    pub(crate) fn here(&self) -> PgPool {
        let runtime = Handle::current().id();
        let pools = self.by_runtime.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = pools.iter().find(|(of, _)| *of == runtime) {
            return pool.clone();
        }
        drop(pools);
        // Nobody else asks for this runtime meanwhile unless it has several threads; then one pool more does no harm.
        let pool = self.pool.clone().connect_lazy_with(self.connect.clone());
        self.by_runtime.write().unwrap_or_else(PoisonError::into_inner).push((runtime, pool.clone()));
        pool
    }

    /// Open and idle connections of all runtimes.
    pub(crate) fn connections(&self) -> (u32, usize) {
        self.all().iter().fold((0, 0), |(open, idle), pool| (open + pool.size(), idle + pool.num_idle()))
    }

    /// Closes all connections; what is open finishes first.
    pub(crate) async fn close(&self) {
        for pool in self.all() {
            pool.close().await;
        }
    }

    fn all(&self) -> Vec<PgPool> {
        let pools = self.by_runtime.read().unwrap_or_else(PoisonError::into_inner);
        pools.iter().map(|(_, pool)| pool.clone()).collect()
    }
}
