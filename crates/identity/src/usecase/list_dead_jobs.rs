//! The dead letters of the company.

use kernel::ids::JobId;
use kernel::{Page, PageAsk, Permit, StoreError};

use crate::Identity;
use crate::model::dead_job::QueuedJob;
use crate::permission;

/// A page of jobs that were given up, the latest first.
pub async fn list_dead_jobs(
    env: &Identity,
    permit: &Permit<permission::IntegrationsManage>,
    ask: &PageAsk<JobId>,
) -> Result<Page<QueuedJob>, StoreError> {
    env.db.view(permit.scope()).await?.dead_jobs_page(ask).await
}
