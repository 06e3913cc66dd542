//! Metrics of the queue and of the pool, beside those of the HTTP layer.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use gateways::redis::Redis;
use persistence::Database;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use rest::metrics::Metrics;

use crate::worker::Stop;

/// How often they are read.
const EVERY: Duration = Duration::from_secs(5);

type Seconds = Gauge<f64, AtomicU64>;

/// What is read of the database now and then.
#[derive(Debug, Default)]
pub struct Gauges {
    depth: Gauge<f64, AtomicU64>,
    age: Seconds,
    open: Gauge,
    idle: Gauge,
    redis: Gauge,
    alone: Counter,
}

impl Gauges {
    /// Gauges that the exposition shows; of Redis, where there is one.
    pub fn registered(metrics: &Metrics, redis: Option<&Redis>) -> Self {
        let gauges = Self::default();
        metrics.extend(|registry| {
            registry.register("queue_depth", "Jobs that are due and not in hand", gauges.depth.clone());
            registry.register("queue_age_seconds", "How long the oldest due job has waited", gauges.age.clone());
            registry.register("database_connections", "Open connections of this node", gauges.open.clone());
            registry.register("database_connections_idle", "Those of them that are idle", gauges.idle.clone());
            if redis.is_some() {
                registry.register("redis_up", "1 while Redis answers this node, else 0", gauges.redis.clone());
                registry.register("redis_fallbacks", "Requests that this node counted alone", gauges.alone.clone());
            }
        });
        gauges
    }

    /// Reads them every five seconds, until asked to stop.
    pub async fn follow(self, database: Database, redis: Option<Redis>, mut stop: Stop) {
        while !stop.is_asked() {
            // Redis first: the database may take its time.
            if let Some(redis) = &redis {
                self.read_redis(redis);
            }
            self.read(&database).await;
            tokio::select! {
                () = stop.asked() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    fn read_redis(&self, redis: &Redis) {
        self.redis.set(redis.is_up().into());
        self.alone.inc_by(redis.fallbacks().saturating_sub(self.alone.get()));
    }

    async fn read(&self, database: &Database) {
        let (open, idle) = database.connections();
        self.open.set(open.into());
        self.idle.set(i64::try_from(idle).unwrap_or(i64::MAX));
        match database.queue_depth().await {
            Ok((depth, age)) => {
                self.depth.set(u32::try_from(depth).map_or(f64::INFINITY, f64::from));
                self.age.set(age.to_std().unwrap_or_default().as_secs_f64());
            }
            Err(error) => {
                tracing::debug!(%error, "the queue was not measured");
                // What was last seen would look like a queue that stands still.
                self.depth.set(f64::NAN);
                self.age.set(f64::NAN);
            }
        }
    }
}
