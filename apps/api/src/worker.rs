//! Work after the commit: the jobs of the outbox.

#[cfg(test)]
mod fake;
mod shift;
mod stop;
mod tally;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::jobs::{Job, JobHandler, JobQueue, LEASE};
use kernel::{Clock, Ids, StoreError};
use tokio::task::JoinSet;

pub use stop::{Stop, Stopper, stopping};
pub use tally::Tally;

/// Tells that there may be work.
#[async_trait]
pub trait Alarm: Send + Sync {
    /// Returns when something was committed, or after `at_most`.
    async fn woken(&self, at_most: Duration);
}

/// How fast a worker turns.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long it rests when nothing wakes it.
    pub poll: Duration,
    /// How often it says that a job is still in hand; well below [`LEASE`].
    pub heartbeat: Duration,
    /// How many jobs it has in hand at once.
    pub slots: u16,
    /// How long it waits for the jobs in hand when it is asked to stop; what takes longer runs again elsewhere.
    pub drain: Duration,
}

/// Leases due jobs and runs them, as one of any number of workers.
#[derive(Clone)]
pub struct Worker {
    name: Arc<str>,
    queue: Arc<dyn JobQueue>,
    handlers: Arc<BTreeMap<&'static str, Arc<dyn JobHandler>>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    pace: Pace,
    tally: Tally,
}

impl Default for Pace {
    fn default() -> Self {
        let heartbeat = LEASE.to_std().unwrap_or(Duration::from_secs(30)) / 3;
        Self { poll: Duration::from_millis(500), heartbeat, slots: 4, drain: Duration::from_secs(20) }
    }
}

impl Worker {
    /// A worker with a name of its own among all workers of the database.
    pub fn new(
        queue: Arc<dyn JobQueue>,
        handlers: impl IntoIterator<Item = Arc<dyn JobHandler>>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        pace: Pace,
    ) -> Self {
        let handlers = handlers.into_iter().map(|handler| (handler.kind(), handler)).collect();
        let (name, tally) = (ids.uuid().to_string().into(), Tally::default());
        Self { name, queue, handlers: Arc::new(handlers), clock, ids, pace, tally }
    }

    /// The same worker, counting in this tally.
    #[must_use]
    pub fn counting(self, tally: Tally) -> Self {
        Self { tally, ..self }
    }

    /// Works until asked to stop, then finishes the jobs in hand within [`Pace::drain`] and takes no others.
    pub async fn run(&self, mut stop: Stop, alarm: &dyn Alarm) {
        let mut hands = JoinSet::new();
        while !stop.is_asked() {
            for job in self.lease_or_rest(self.free_slots(&hands)).await {
                let worker = self.clone();
                hands.spawn(async move { worker.shift(job).await });
            }
            tokio::select! {
                () = stop.asked() => {}
                Some(_) = hands.join_next() => {}
                () = alarm.woken(self.pace.poll) => {}
            }
        }
        let finished = async { while hands.join_next().await.is_some() {} };
        if tokio::time::timeout(self.pace.drain, finished).await.is_err() {
            tracing::warn!(jobs = hands.len(), "jobs in hand were left to other workers");
            hands.shutdown().await;
        }
    }

    /// Runs every job that is due now, one after the other, and returns how many ran.
    pub async fn run_due(&self) -> Result<usize, StoreError> {
        let mut ran = 0;
        loop {
            let jobs = self.queue.lease(&self.name, self.pace.slots).await?;
            if jobs.is_empty() {
                return Ok(ran);
            }
            for job in jobs {
                self.shift(job).await;
                ran += 1;
            }
        }
    }

    fn free_slots(&self, hands: &JoinSet<()>) -> u16 {
        let in_hand = u16::try_from(hands.len()).unwrap_or(u16::MAX);
        self.pace.slots.saturating_sub(in_hand)
    }

    /// Up to `free` jobs; none when the queue cannot be reached, which the next turn tries again.
    async fn lease_or_rest(&self, free: u16) -> Vec<Job> {
        if free == 0 {
            return Vec::new();
        }
        match self.queue.lease(&self.name, free).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(error = %error, "no job can be leased");
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::{DateTime, Utc};
    use kernel::jobs::{Failure, MAX_TRIES};
    use kernel::{ManualClock, SystemIds};

    use super::fake::{FakeQueue, State};
    use super::tally::Outcome;
    use super::*;

    struct Scripted {
        answer: Result<(), Failure>,
        runs: AtomicUsize,
    }

    #[async_trait]
    impl JobHandler for Scripted {
        fn kind(&self) -> &'static str {
            "scripted"
        }
        async fn run(&self, _: &Job) -> Result<(), Failure> {
            self.runs.fetch_add(1, Ordering::SeqCst);
            self.answer.clone()
        }
    }

    struct Panicking;

    #[async_trait]
    impl JobHandler for Panicking {
        fn kind(&self) -> &'static str {
            "scripted"
        }
        async fn run(&self, _: &Job) -> Result<(), Failure> {
            panic!("on purpose");
        }
    }

    /// Works until the queue has seen `beats` heartbeats.
    struct Patient {
        queue: Arc<FakeQueue>,
        beats: usize,
    }

    #[async_trait]
    impl JobHandler for Patient {
        fn kind(&self) -> &'static str {
            "scripted"
        }
        async fn run(&self, _: &Job) -> Result<(), Failure> {
            self.queue.beaten(self.beats).await;
            Ok(())
        }
    }

    /// Works until the worker has been asked to stop.
    struct Working(Stop);

    #[async_trait]
    impl JobHandler for Working {
        fn kind(&self) -> &'static str {
            "scripted"
        }
        async fn run(&self, _: &Job) -> Result<(), Failure> {
            self.0.clone().asked().await;
            Ok(())
        }
    }

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    fn worker(queue: &Arc<FakeQueue>, handler: impl JobHandler + 'static, clock: &Arc<ManualClock>) -> Worker {
        let (poll, heartbeat) = (Duration::from_millis(1), Duration::from_millis(1));
        let pace = Pace { poll, heartbeat, slots: 2, drain: Duration::from_secs(20) };
        let handler: Arc<dyn JobHandler> = Arc::new(handler);
        Worker::new(queue.clone(), [handler], clock.clone(), Arc::new(SystemIds), pace)
    }

    async fn state_after_one_run(handler: impl JobHandler + 'static, tries: i32) -> State {
        let clock = Arc::new(ManualClock::new(noon()));
        let queue = Arc::new(FakeQueue::holding(clock.clone(), ["scripted"]));
        queue.tried(tries);
        worker(&queue, handler, &clock).run_due().await.unwrap();
        queue.only_state()
    }

    #[tokio::test]
    async fn a_job_that_succeeds_is_done() {
        let handler = Scripted { answer: Ok(()), runs: AtomicUsize::new(0) };
        assert_eq!(state_after_one_run(handler, 0).await, State::Done);
    }

    #[tokio::test]
    async fn c15_tries_are_counted_by_how_they_ended() {
        let clock = Arc::new(ManualClock::new(noon()));
        for (answer, outcome) in [
            (Ok(()), Outcome::Delivered),
            (Err(Failure::Retry("busy")), Outcome::Retried),
            (Err(Failure::Final("gone")), Outcome::Dead),
        ] {
            let queue = Arc::new(FakeQueue::holding(clock.clone(), ["scripted"]));
            let tally = Tally::default();
            let worker = worker(&queue, Scripted { answer, runs: AtomicUsize::new(0) }, &clock).counting(tally.clone());
            worker.run_due().await.unwrap();
            assert_eq!(tally.of("scripted", outcome), 1, "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn a_job_that_fails_waits_longer_each_time_and_is_then_a_dead_letter() {
        for (tries, least, most) in [(0, 1_500, 2_000), (2, 6_000, 8_000)] {
            let handler = Scripted { answer: Err(Failure::Retry("busy")), runs: AtomicUsize::new(0) };
            let State::Due(at) = state_after_one_run(handler, tries).await else { panic!("not due again") };
            let wait = (at - noon()).num_milliseconds();
            assert!((least..=most).contains(&wait), "{wait}");
        }
        let handler = Scripted { answer: Err(Failure::Retry("busy")), runs: AtomicUsize::new(0) };
        assert_eq!(state_after_one_run(handler, MAX_TRIES - 1).await, State::Dead("busy".to_owned()));
    }

    #[tokio::test]
    async fn a_job_that_can_never_work_is_a_dead_letter_at_once() {
        let handler = Scripted { answer: Err(Failure::Final("gone")), runs: AtomicUsize::new(0) };
        assert_eq!(state_after_one_run(handler, 0).await, State::Dead("gone".to_owned()));
    }

    #[tokio::test]
    async fn a_handler_that_panics_fails_its_try_only() {
        assert!(matches!(state_after_one_run(Panicking, 0).await, State::Due(_)));
    }

    #[tokio::test]
    async fn a_kind_that_this_version_does_not_know_is_left_for_a_newer_one() {
        let clock = Arc::new(ManualClock::new(noon()));
        let queue = Arc::new(FakeQueue::holding(clock.clone(), ["of_tomorrow"]));
        let handler = Scripted { answer: Ok(()), runs: AtomicUsize::new(0) };
        worker(&queue, handler, &clock).run_due().await.unwrap();
        assert!(matches!(queue.only_state(), State::Due(_)));
    }

    #[tokio::test]
    async fn a_long_job_keeps_its_lease_by_heartbeats() {
        let clock = Arc::new(ManualClock::new(noon()));
        let queue = Arc::new(FakeQueue::holding(clock.clone(), ["scripted"]));
        let handler = Patient { queue: queue.clone(), beats: 3 };
        worker(&queue, handler, &clock).run_due().await.unwrap();
        assert_eq!(queue.only_state(), State::Done);
    }

    #[tokio::test]
    async fn a_job_whose_lease_was_lost_is_dropped_and_not_reported() {
        let clock = Arc::new(ManualClock::new(noon()));
        let queue = Arc::new(FakeQueue::holding(clock.clone(), ["scripted"]));
        queue.lose_leases();
        let handler = Patient { queue: queue.clone(), beats: usize::MAX };
        worker(&queue, handler, &clock).run_due().await.unwrap();
        assert!(matches!(queue.only_state(), State::Leased(_)));
    }

    #[tokio::test]
    async fn a_stopping_worker_finishes_what_it_has_in_hand_and_takes_no_more() {
        let clock = Arc::new(ManualClock::new(noon()));
        let queue = Arc::new(FakeQueue::holding(clock.clone(), ["scripted", "scripted", "scripted"]));
        let (stopper, stop) = stopping();
        let worker = worker(&queue, Working(stop.clone()), &clock);
        let asking = async {
            queue.beaten(1).await;
            stopper.stop();
        };
        tokio::join!(worker.run(stop, &*queue), asking);
        let states = queue.states();
        assert_eq!(states.iter().filter(|state| **state == State::Done).count(), 2, "{states:?}");
        assert_eq!(states.iter().filter(|state| matches!(state, State::Due(_))).count(), 1, "{states:?}");
    }

    #[tokio::test]
    async fn c13_a_job_that_never_ends_does_not_keep_a_worker_from_stopping() {
        let clock = Arc::new(ManualClock::new(noon()));
        let queue = Arc::new(FakeQueue::holding(clock.clone(), ["scripted"]));
        let handler = Patient { queue: queue.clone(), beats: usize::MAX };
        let mut worker = worker(&queue, handler, &clock);
        worker.pace.drain = Duration::from_millis(10);
        let (stopper, stop) = stopping();
        let asking = async {
            queue.beaten(1).await;
            stopper.stop();
        };
        tokio::join!(worker.run(stop, &*queue), asking);
        assert!(matches!(queue.only_state(), State::Leased(_)), "its lease runs out, and another worker has it");
    }

    #[tokio::test]
    async fn a_queue_that_fails_is_asked_again() {
        let clock = Arc::new(ManualClock::new(noon()));
        let queue = Arc::new(FakeQueue::holding(clock.clone(), ["scripted"]));
        queue.fail_next_lease();
        let worker = worker(&queue, Scripted { answer: Ok(()), runs: AtomicUsize::new(0) }, &clock);
        let (stopper, stop) = stopping();
        let asking = async {
            queue.finished(1).await;
            stopper.stop();
        };
        tokio::join!(worker.run(stop, &*queue), asking);
        assert_eq!(queue.only_state(), State::Done);
    }
}
