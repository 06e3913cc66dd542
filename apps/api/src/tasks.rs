//! What runs beside the answering: none of it may end unseen.

use std::io;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};

/// Tasks that run until they are asked to stop.
#[derive(Debug, Default)]
pub struct Tasks(JoinSet<()>);

impl Tasks {
    /// Adds one.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task);
    }

    /// Returns once one of them ended, which none may before it was asked to.
    pub async fn broken(&mut self) -> io::Error {
        match self.0.join_next().await {
            Some(Err(error)) => io::Error::other(error),
            Some(Ok(())) => io::Error::other("a background task ended by itself"),
            None => std::future::pending().await,
        }
    }

    /// Waits for all of them, also where one panicked; those that take longer than `patience` are cut off. The first panic.
    pub async fn ended(mut self, patience: Duration) -> Result<(), JoinError> {
        let mut outcome = Ok(());
        let all = async {
            while let Some(ended) = self.0.join_next().await {
                outcome = std::mem::replace(&mut outcome, Ok(())).and(ended);
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::error!("background tasks were cut off");
            self.0.shutdown().await;
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::worker::stopping;

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn c13_a_task_that_panics_is_noticed_and_the_others_still_come_to_their_end() {
        let (stopper, mut stop) = stopping();
        let saved = Arc::new(AtomicBool::new(false));
        let mut tasks = Tasks::default();
        let flag = saved.clone();
        tasks.spawn(async move {
            stop.asked().await;
            tokio::task::yield_now().await;
            flag.store(true, Ordering::SeqCst);
        });
        tasks.spawn(async { panic!("on purpose") });
        let error = tasks.broken().await;
        assert!(error.to_string().contains("panicked"), "{error}");
        tasks.spawn(async { panic!("on purpose, at the end") });
        stopper.stop();
        assert!(tasks.ended(LONG).await.unwrap_err().is_panic());
        assert!(saved.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn c13_a_task_that_ends_by_itself_is_noticed_and_one_that_hangs_is_cut_off() {
        let mut tasks = Tasks::default();
        tasks.spawn(std::future::pending());
        tasks.spawn(async {});
        assert!(tasks.broken().await.to_string().contains("by itself"));
        assert!(tasks.ended(Duration::from_millis(10)).await.is_ok());
    }
}
