//! Waking the sequencer and the workers after a commit. A transaction never says NOTIFY itself: that would take a lock of the
//! whole instance through its COMMIT.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgListener;
use sea_orm::sqlx::{self, Connection, PgConnection};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// At most fifty notifications per second leave a node.
const GAP: Duration = Duration::from_millis(20);
/// A lost connection is tried again after this long; meanwhile everybody polls.
const AGAIN: Duration = Duration::from_secs(1);

/// What a notification says when there are jobs, beside entries.
const JOBS: &str = "jobs";

/// Who is woken.
#[derive(Debug, Default)]
struct Sleepers {
    sequencer: Notify,
    workers: Notify,
}

/// How one commit becomes known to this node and to the others.
#[derive(Debug)]
pub(crate) struct Wake {
    here: Arc<Sleepers>,
    elsewhere: Arc<Sleepers>,
    tasks: Vec<JoinHandle<()>>,
}

impl Sleepers {
    fn wake_all(&self) {
        self.sequencer.notify_one();
        self.workers.notify_one();
    }
}

impl Wake {
    /// Of a database that only this process uses.
    pub(crate) fn local() -> Self {
        Self { here: Arc::default(), elsewhere: Arc::default(), tasks: Vec::new() }
    }

    /// Of a database that other nodes may use: a task tells them, another hears them, each on a connection of its own.
    pub(crate) fn shared(url: &str) -> Self {
        let (here, elsewhere) = (Arc::<Sleepers>::default(), Arc::<Sleepers>::default());
        let tasks = vec![
            tokio::spawn(tell(url.to_owned(), elsewhere.clone())),
            tokio::spawn(hear(url.to_owned(), here.clone())),
        ];
        Self { here, elsewhere, tasks }
    }

    /// Entries were committed, which the sequencer should number.
    pub(crate) fn entries_committed(&self) {
        self.here.sequencer.notify_one();
        self.elsewhere.sequencer.notify_one();
    }

    /// The same with jobs, which a worker should take up.
    pub(crate) fn jobs_committed(&self) {
        self.here.wake_all();
        self.elsewhere.workers.notify_one();
    }

    /// The sequencer waits until something was committed here or elsewhere, or `at_most` has passed.
    pub(crate) async fn sequencer_woken(&self, at_most: Duration) {
        drop(tokio::time::timeout(at_most, self.here.sequencer.notified()).await);
    }

    /// A worker waits likewise; of several, one is woken.
    pub(crate) async fn worker_woken(&self, at_most: Duration) {
        drop(tokio::time::timeout(at_most, self.here.workers.notified()).await);
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn tell(url: String, elsewhere: Arc<Sleepers>) {
    loop {
        if let Err(error) = tell_until_it_fails(&url, &elsewhere).await {
            tracing::debug!(%error, "other nodes are not told; they poll");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn tell_until_it_fails(url: &str, elsewhere: &Sleepers) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    loop {
        let told = tokio::select! {
            biased;
            () = elsewhere.workers.notified() => JOBS,
            () = elsewhere.sequencer.notified() => "",
        };
        sqlx::query("SELECT pg_notify('salus_committed', $1)").bind(told).execute(&mut connection).await?;
        tokio::time::sleep(GAP).await;
    }
}

async fn hear(url: String, here: Arc<Sleepers>) {
    loop {
        if let Err(error) = hear_until_it_fails(&url, &here).await {
            tracing::debug!(%error, "other nodes are not heard; this one polls");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn hear_until_it_fails(url: &str, here: &Sleepers) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen("salus_committed").await?;
    loop {
        if listener.recv().await?.payload() == JOBS {
            here.wake_all();
        } else {
            here.sequencer.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn woken(sleeper: &Notify) -> bool {
        pin!(sleeper.notified()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn workers_sleep_through_commits_without_jobs() {
        let wake = Wake::local();
        for _ in 0..3 {
            wake.entries_committed();
        }
        assert_eq!((woken(&wake.here.sequencer), woken(&wake.here.workers)), (true, false));
        assert_eq!((woken(&wake.elsewhere.sequencer), woken(&wake.elsewhere.workers)), (true, false));
        wake.jobs_committed();
        assert_eq!((woken(&wake.here.sequencer), woken(&wake.here.workers)), (true, true));
        assert_eq!((woken(&wake.elsewhere.sequencer), woken(&wake.elsewhere.workers)), (false, true));
    }
}
