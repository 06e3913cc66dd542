//! A queue in memory, for the worker's own tests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::{JobId, TenantId};
use kernel::jobs::{Job, JobQueue};
use kernel::{Clock, ManualClock, StoreError};
use tokio::sync::watch;
use uuid::Uuid;

use super::Alarm;

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Due(DateTime<Utc>),
    Leased(String),
    Done,
    Dead(String),
}

#[derive(Debug, Clone)]
struct Kept {
    job: Job,
    state: State,
}

pub(super) struct FakeQueue {
    clock: Arc<ManualClock>,
    jobs: Mutex<Vec<Kept>>,
    beats: watch::Sender<usize>,
    finished: watch::Sender<usize>,
    losing: Mutex<bool>,
    failing: Mutex<bool>,
}

impl FakeQueue {
    pub(super) fn holding(clock: Arc<ManualClock>, kinds: impl IntoIterator<Item = &'static str>) -> Self {
        let now = clock.now();
        let jobs = kinds.into_iter().zip(1_u128..).map(|(kind, n)| {
            let (id, tenant) = (JobId::from_uuid(Uuid::from_u128(n)), TenantId::from_uuid(Uuid::from_u128(9)));
            let job = Job { id, tenant, kind: kind.to_owned(), payload: serde_json::Value::Null, tries: 0 };
            Kept { job, state: State::Due(now) }
        });
        Self {
            jobs: Mutex::new(jobs.collect()),
            clock,
            beats: watch::Sender::new(0),
            finished: watch::Sender::new(0),
            losing: Mutex::new(false),
            failing: Mutex::new(false),
        }
    }

    /// Pretends that every job was tried so often before.
    pub(super) fn tried(&self, tries: i32) {
        self.jobs.lock().unwrap().iter_mut().for_each(|kept| kept.job.tries = tries);
    }

    pub(super) fn lose_leases(&self) {
        *self.losing.lock().unwrap() = true;
    }

    pub(super) fn fail_next_lease(&self) {
        *self.failing.lock().unwrap() = true;
    }

    /// Returns once so many heartbeats were seen.
    pub(super) async fn beaten(&self, times: usize) {
        self.beats.subscribe().wait_for(|seen| *seen >= times).await.unwrap();
    }

    /// Returns once so many jobs were reported.
    pub(super) async fn finished(&self, jobs: usize) {
        self.finished.subscribe().wait_for(|seen| *seen >= jobs).await.unwrap();
    }

    pub(super) fn states(&self) -> Vec<State> {
        self.jobs.lock().unwrap().iter().map(|kept| kept.state.clone()).collect()
    }

    pub(super) fn only_state(&self) -> State {
        let [state] = self.states().try_into().unwrap();
        state
    }

    fn report(&self, worker: &str, id: JobId, state: State) {
        let mut jobs = self.jobs.lock().unwrap();
        let kept = jobs.iter_mut().find(|kept| kept.job.id == id).unwrap();
        assert_eq!(kept.state, State::Leased(worker.to_owned()));
        kept.state = state;
        self.finished.send_modify(|seen| *seen += 1);
    }
}

#[async_trait]
impl Alarm for FakeQueue {
    async fn woken(&self, at_most: Duration) {
        tokio::time::sleep(at_most).await;
    }
}

#[async_trait]
impl JobQueue for FakeQueue {
    async fn lease(&self, worker: &str, limit: u16) -> Result<Vec<Job>, StoreError> {
        if std::mem::take(&mut *self.failing.lock().unwrap()) {
            return Err(StoreError::Contended);
        }
        let now = self.clock.now();
        let mut jobs = self.jobs.lock().unwrap();
        let due = jobs.iter_mut().filter(|kept| matches!(kept.state, State::Due(at) if at <= now));
        let leased = due.take(limit.into()).map(|kept| {
            kept.state = State::Leased(worker.to_owned());
            kept.job.tries += 1;
            kept.job.clone()
        });
        Ok(leased.collect())
    }

    async fn heartbeat(&self, _: &str, _: &Job) -> Result<bool, StoreError> {
        self.beats.send_modify(|seen| *seen += 1);
        Ok(!*self.losing.lock().unwrap())
    }

    async fn done(&self, worker: &str, job: &Job) -> Result<(), StoreError> {
        self.report(worker, job.id, State::Done);
        Ok(())
    }

    async fn failed(
        &self,
        worker: &str,
        job: &Job,
        reason: &str,
        retry_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        self.report(worker, job.id, retry_at.map_or(State::Dead(reason.to_owned()), State::Due));
        Ok(())
    }
}
