//! Work after the commit: what a worker leases, and when a failed try is repeated.

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use crate::error::StoreError;
use crate::ids::{JobId, TenantId};

/// How long a worker owns a job between two heartbeats.
pub const LEASE: Duration = Duration::seconds(30);
/// After how many tries a job goes to the dead letters, unless its handler says otherwise; and after how many in a row whose
/// worker was lost.
pub const MAX_TRIES: i32 = 8;

/// A job that this worker has leased.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Which handler runs it.
    pub kind: String,
    /// What it needs, opened.
    pub payload: Value,
    /// The present try, from 1.
    pub tries: i32,
}

/// Why a try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Worth another try.
    Retry(&'static str),
    /// Never going to work: dead letter at once.
    Final(&'static str),
}

/// Runs the jobs of one kind. A job may run twice (a worker can die after the work and before saying so), so running it
/// again must have no further visible effect.
#[async_trait]
pub trait JobHandler: Send + Sync {
    /// The kind it runs.
    fn kind(&self) -> &'static str;
    /// After how many tries this job goes to the dead letters: [`tries_within`] the time that it is of use.
    fn max_tries(&self, _job: &Job) -> i32 {
        MAX_TRIES
    }
    /// Does the work.
    async fn run(&self, job: &Job) -> Result<(), Failure>;
}

/// The queue of all tenants.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Leases up to `limit` due jobs, at most a fair share of each tenant. A job whose last [`MAX_TRIES`] tries all ended with
    /// their worker, unreported, becomes a dead letter instead.
    async fn lease(&self, worker: &str, limit: u16) -> Result<Vec<Job>, StoreError>;
    /// Prolongs a lease; false when it was lost.
    async fn heartbeat(&self, worker: &str, job: &Job) -> Result<bool, StoreError>;
    /// The job is done.
    async fn done(&self, worker: &str, job: &Job) -> Result<(), StoreError>;
    /// The try failed: another one at `retry_at`, or dead letter when there is none.
    async fn failed(
        &self,
        worker: &str,
        job: &Job,
        reason: &str,
        retry_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError>;
}

/// When a failed try is repeated: 2, 4, 8 … seconds, at most an hour, each shortened by up to a quarter by `jitter` in
/// 0..=255; `None` after the last of `max_tries`.
pub fn backoff(tries: i32, max_tries: i32, jitter: u8) -> Option<Duration> {
    let full = wait_after(tries);
    (tries < max_tries).then(|| full - full * i32::from(jitter) / 1_024)
}

/// How many tries begin within so long a time, no wait being shortened; at least one.
pub fn tries_within(life: Duration) -> i32 {
    let (mut tries, mut waited) = (1, wait_after(1));
    while waited < life {
        tries += 1;
        waited += wait_after(tries);
    }
    tries
}

fn wait_after(tries: i32) -> Duration {
    let exponent = u32::try_from(tries.clamp(1, 12)).unwrap_or(1);
    Duration::milliseconds(1_000 << exponent).min(Duration::hours(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_try_is_followed_by_none() {
        assert_eq!(backoff(1, MAX_TRIES, 0), Some(Duration::seconds(2)));
        assert_eq!(backoff(3, MAX_TRIES, 0), Some(Duration::seconds(8)));
        assert_eq!(backoff(20, 21, 0), Some(Duration::hours(1)));
        assert_eq!(backoff(MAX_TRIES, MAX_TRIES, 0), None);
    }

    #[test]
    fn tries_fill_the_time_that_a_job_is_of_use() {
        assert_eq!(tries_within(Duration::zero()), 1);
        // 2 + 4 + … + 2048 seconds are 68 minutes, and from then on it is one an hour.
        assert_eq!(tries_within(Duration::hours(1)), 11);
        assert_eq!(tries_within(Duration::hours(72)), 82);
    }

    proptest! {
        #[test]
        fn jitter_takes_a_quarter_at_most(tries in 1..MAX_TRIES, jitter: u8) {
            let (full, got) = (backoff(tries, MAX_TRIES, 0).unwrap(), backoff(tries, MAX_TRIES, jitter).unwrap());
            prop_assert!(got <= full && got * 4 >= full * 3);
        }
    }
}
