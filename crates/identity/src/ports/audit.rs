//! What the people of a company may see of its journal, its refusals and its queue.

use async_trait::async_trait;
use kernel::ids::JobId;
use kernel::{Page, PageAsk, StoreError};
use uuid::Uuid;

use crate::model::audit::{AuditEntry, AuditFilter, ChainProof, RefusalFilter, RefusedAttempt};
use crate::model::dead_job::QueuedJob;

/// The journal of one company, read.
#[async_trait]
pub trait AuditReader: Send + Sync {
    /// Entries that have a position, the latest first, with their personal fields opened.
    async fn audit_page(&self, filter: &AuditFilter, ask: &PageAsk<i64>) -> Result<Page<AuditEntry>, StoreError>;
    /// Walks at most `limit` links of the chain behind a position, 0 for the first.
    async fn chain_proof(&self, after: i64, limit: u16) -> Result<ChainProof, StoreError>;
    /// Refused attempts of known callers, the latest first.
    async fn refusals_page(
        &self,
        filter: &RefusalFilter,
        ask: &PageAsk<Uuid>,
    ) -> Result<Page<RefusedAttempt>, StoreError>;
    /// Dead letters, the latest first.
    async fn dead_jobs_page(&self, ask: &PageAsk<JobId>) -> Result<Page<QueuedJob>, StoreError>;
}

/// The queue of one company, for changes.
#[async_trait]
pub trait JobStore: Send + Sync {
    /// The job, locked until the transaction ends.
    async fn job_locked(&self, id: JobId) -> Result<Option<QueuedJob>, StoreError>;
    /// Puts a dead letter back into the queue; the workers hear of it after the commit.
    async fn job_replayed(&self, job: &QueuedJob) -> Result<(), StoreError>;
}
