//! One try of one job: run it, keep its lease meanwhile, report how it went.

use std::sync::Arc;

use kernel::jobs::{Failure, Job, JobHandler, MAX_TRIES, backoff};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};

use super::Worker;
use super::tally::Outcome;

impl Worker {
    /// Runs a leased job and reports it. Nothing is reported when the lease was lost: another worker has it then.
    pub(super) async fn shift(&self, job: Job) {
        let handler = self.handlers.get(job.kind.as_str());
        let outcome = match handler {
            Some(handler) => self.work(Arc::clone(handler), &job).await,
            // A newer node may have asked for it during a rolling change of versions.
            None => Some(Err(Failure::Retry("no_handler"))),
        };
        let kind = handler.map_or("unknown", |handler| handler.kind());
        let max_tries = handler.map_or(MAX_TRIES, |handler| handler.max_tries(&job));
        let reported = match outcome {
            None => return,
            Some(Ok(())) => {
                self.tally.count(kind, Outcome::Delivered);
                self.queue.done(&self.name, &job).await
            }
            Some(Err(failure)) => self.report_failure(&job, (kind, max_tries), failure).await,
        };
        if let Err(error) = reported {
            // The lease runs out and the job runs again, which its handler bears.
            tracing::warn!(job_id = %job.id, tenant_id = %job.tenant, error = %error, "a job's outcome was not kept");
        }
    }

    async fn work(&self, handler: Arc<dyn JobHandler>, job: &Job) -> Option<Result<(), Failure>> {
        let own = job.clone();
        let mut runs = JoinSet::new();
        // It ends with this shift, should that be cut off.
        runs.spawn(async move { handler.run(&own).await });
        let mut beat = interval_at(Instant::now() + self.pace.heartbeat, self.pace.heartbeat);
        loop {
            tokio::select! {
                biased;
                done = runs.join_next() => return Some(done?.unwrap_or(Err(Failure::Retry("panicked")))),
                _ = beat.tick() => {
                    if self.lease_is_lost(job).await {
                        return None;
                    }
                }
            }
        }
    }

    async fn lease_is_lost(&self, job: &Job) -> bool {
        match self.queue.heartbeat(&self.name, job).await {
            Ok(kept) => {
                if !kept {
                    tracing::warn!(job_id = %job.id, tenant_id = %job.tenant, "a job's lease was lost");
                }
                !kept
            }
            Err(error) => {
                tracing::warn!(job_id = %job.id, tenant_id = %job.tenant, error = %error, "no heartbeat");
                false
            }
        }
    }

    async fn report_failure(
        &self,
        job: &Job,
        (kind, max_tries): (&'static str, i32),
        failure: Failure,
    ) -> Result<(), kernel::StoreError> {
        let (reason, wait) = match failure {
            Failure::Retry(reason) => (reason, backoff(job.tries, max_tries, self.jitter())),
            Failure::Final(reason) => (reason, None),
        };
        let retry_at = wait.map(|wait| self.clock.now() + wait);
        self.tally.count(kind, if retry_at.is_some() { Outcome::Retried } else { Outcome::Dead });
        let (job_id, tenant_id, kind, tries) = (job.id, job.tenant, job.kind.as_str(), job.tries);
        if retry_at.is_some() {
            tracing::warn!(%job_id, %tenant_id, kind, tries, reason, "a job failed and will be tried again");
        } else {
            tracing::error!(%job_id, %tenant_id, kind, tries, reason, "a job is a dead letter");
        }
        self.queue.failed(&self.name, job, reason, retry_at).await
    }

    /// The last byte of a version 7 UUID is random.
    fn jitter(&self) -> u8 {
        let [.., last] = *self.ids.uuid().as_bytes();
        last
    }
}
