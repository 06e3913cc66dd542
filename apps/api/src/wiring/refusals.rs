//! The access log's one writer: a refused request does not wait for the database.

use std::sync::Arc;

use kernel::AccessLog;
use rest::state::{RefusalLog, RefusedAttempt};
use tokio::sync::{mpsc, oneshot};

/// How many attempts may wait to be written; beyond that they are counted in the log instead.
const WAITING: usize = 1_024;

/// Takes refused attempts and writes them one after the other.
#[derive(Debug, Clone)]
pub struct RefusalWriter(mpsc::Sender<Message>);

#[derive(Debug)]
enum Message {
    Attempt(Box<kernel::RefusedAttempt>),
    Written(oneshot::Sender<()>),
}

impl RefusalWriter {
    /// A writer to this log, as a task that ends with the last of its clones.
    pub fn start(log: Arc<dyn AccessLog>) -> Self {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            while let Some(message) = receiver.recv().await {
                match message {
                    Message::Attempt(attempt) => {
                        if let Err(error) = log.attempt_refused(&attempt).await {
                            tracing::warn!(%error, "a refused attempt was not noted");
                        }
                    }
                    // Whoever asked may have gone.
                    Message::Written(asked) => drop(asked.send(())),
                }
            }
        });
        Self(sender)
    }

    /// Returns when all attempts taken so far are written, or cannot be.
    pub async fn written(&self) {
        let (sender, written) = oneshot::channel();
        if self.0.send(Message::Written(sender)).await.is_ok() {
            // An error says that the writer is gone, which ends the waiting too.
            let _ = written.await;
        }
    }
}

impl RefusalLog for RefusalWriter {
    fn refused(&self, attempt: RefusedAttempt) {
        if self.0.try_send(Message::Attempt(Box::new(noted(attempt)))).is_err() {
            tracing::warn!("a refused attempt was not noted: too many wait");
        }
    }
}

/// The attempt as the access log keeps it: the route instead of the operation, which may be renamed.
fn noted(attempt: RefusedAttempt) -> kernel::RefusedAttempt {
    let entry = rest::operations().iter().find(|entry| entry.id() == attempt.operation);
    let principal = attempt.session.as_ref().map(kernel::Session::principal);
    kernel::RefusedAttempt {
        tenant: principal.map(|principal| principal.tenant),
        membership: principal.and_then(kernel::Principal::membership),
        api_key: principal.and_then(kernel::Principal::api_key),
        at: attempt.at,
        origin: attempt.origin,
        method: entry.map_or("", |entry| entry.method().as_str()).to_owned(),
        route: entry.map_or("", rest::Entry::path).to_owned(),
        status: attempt.status,
        code: attempt.code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use kernel::{Origin, StoreError};
    use tokio::sync::Semaphore;

    use super::*;

    /// Writes only as often as it is let.
    struct Slow(Semaphore, Mutex<Vec<u16>>);

    #[async_trait]
    impl AccessLog for Slow {
        async fn attempt_refused(&self, attempt: &kernel::RefusedAttempt) -> Result<(), StoreError> {
            self.0.acquire().await.unwrap().forget();
            self.1.lock().unwrap().push(attempt.status);
            Ok(())
        }
    }

    fn attempt(status: u16) -> RefusedAttempt {
        RefusedAttempt {
            at: chrono::DateTime::UNIX_EPOCH,
            operation: "list_patients",
            permission: "patients:read",
            status,
            code: "forbidden",
            session: None,
            origin: Origin::default(),
        }
    }

    #[tokio::test]
    async fn a_refusal_does_not_wait_for_the_log_and_what_is_too_much_is_let_go() {
        let log = Arc::new(Slow(Semaphore::new(0), Mutex::default()));
        let writer = RefusalWriter::start(log.clone());
        for _ in 0..2 * WAITING {
            writer.refused(attempt(401));
        }
        assert!(log.1.lock().unwrap().is_empty());
        log.0.add_permits(2 * WAITING);
        writer.written().await;
        let written = log.1.lock().unwrap().len();
        assert!((WAITING..=WAITING + 1).contains(&written), "{written}");
    }

    #[tokio::test]
    async fn an_attempt_is_noted_with_its_own_status_and_route() {
        let noted = noted(attempt(403));
        assert_eq!((noted.status, noted.method.as_str(), noted.route.as_str()), (403, "GET", "/api/v1/patients"));
    }
}
