//! What nodes share through Redis: the buckets of the rate limits, and who is to be forgotten at once. All of it is of
//! the moment, and each node goes on alone while Redis is away.

mod announcements;
mod buckets;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, RedisResult};
use thiserror::Error;

pub use announcements::Announcements;
pub use buckets::Taken;

/// How long a request waits for Redis at most.
const PATIENCE: Duration = Duration::from_millis(40);
/// How long a connection may take to come up, or a probe; no request waits for it longer than [`PATIENCE`].
const CONNECTING: Duration = Duration::from_secs(1);
/// How long an answer may take that no request waits for.
const ANSWERING: Duration = Duration::from_millis(800);
/// How often Redis is asked whether it is back.
const AGAIN: Duration = Duration::from_millis(250);

/// Redis cannot be used as it was given.
#[derive(Debug, Error)]
#[error("REDIS_URL: {0}")]
pub struct Unusable(#[from] RedisError);

/// Redis, or the knowledge that it is away: then nobody waits for it until a probe found it again.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    connection: ConnectionManager,
    condition: Arc<Condition>,
}

#[derive(Debug, Default)]
struct Condition {
    is_up: AtomicBool,
    /// An answer was late, and a probe is to tell whether Redis is away.
    is_doubted: AtomicBool,
    fallbacks: AtomicU64,
}

impl Redis {
    /// Redis at `redis://` or, with TLS, `rediss://`. It need not be there yet: it is looked for in the background.
    pub async fn connect(url: &str) -> Result<Self, Unusable> {
        let client = Client::open(url)?;
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_min_delay(AGAIN)
            .set_connection_timeout(Some(CONNECTING))
            .set_response_timeout(Some(ANSWERING));
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        let redis = Self { client, connection, condition: Arc::default() };
        if redis.works().await {
            redis.condition.is_up.store(true, Ordering::Relaxed);
        } else {
            tracing::warn!("Redis is not reached: this node counts and remembers alone");
            redis.look_out();
        }
        Ok(redis)
    }

    /// Whether it answered when it was asked last.
    pub fn is_up(&self) -> bool {
        self.condition.is_up.load(Ordering::Relaxed)
    }

    /// How many requests this node has counted alone since its start.
    pub fn fallbacks(&self) -> u64 {
        self.condition.fallbacks.load(Ordering::Relaxed)
    }

    /// Asks Redis; `None`, at once or after [`PATIENCE`], while it is away. A refusal takes it away at once; what is late
    /// or broken, only when a probe finds the same: one slow answer is no loss.
    async fn ask<T>(&self, question: impl Future<Output = RedisResult<T>>) -> Option<T> {
        if !self.is_up() {
            return None;
        }
        match tokio::time::timeout(PATIENCE, question).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) if error.code().is_some() => self.lose(&error.to_string()),
            Ok(Err(error)) => self.doubt(error.to_string()),
            Err(late) => self.doubt(late.to_string()),
        }
        None
    }

    /// Lets a probe of its own tell whether Redis is away.
    fn doubt(&self, problem: String) {
        if self.condition.is_doubted.swap(true, Ordering::Relaxed) {
            return;
        }
        let redis = self.clone();
        tokio::spawn(async move {
            if !redis.works().await {
                redis.lose(&problem);
            }
            redis.condition.is_doubted.store(false, Ordering::Relaxed);
        });
    }

    /// Whoever finds out first that Redis is away says so once and looks for it from then on.
    fn lose(&self, problem: &str) {
        if self.condition.is_up.swap(false, Ordering::Relaxed) {
            tracing::warn!(problem, "Redis is away: this node counts and remembers alone");
            self.look_out();
        }
    }

    /// Tries now and then until it works.
    fn look_out(&self) {
        let redis = self.clone();
        tokio::spawn(async move {
            while !redis.works().await {
                tokio::time::sleep(AGAIN).await;
            }
            redis.condition.is_up.store(true, Ordering::Relaxed);
            tracing::info!("Redis is back");
        });
    }

    /// Whether it does, soon, all that it is needed for: what refuses writes answers a PING.
    async fn works(&self) -> bool {
        let probe = async {
            buckets::probe(self.connection.clone()).await?;
            announcements::probe(self.connection.clone()).await
        };
        matches!(tokio::time::timeout(CONNECTING, probe).await, Ok(Ok(())))
    }
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis").field("condition", &self.condition).finish_non_exhaustive()
    }
}
