//! The dead letters of one company. What is in a job stays sealed.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use identity::model::dead_job::{JobStatus, QueuedJob};
use identity::ports::audit::JobStore;
use kernel::ids::JobId;
use kernel::{Page, PageAsk, StoreError, Total};
use sea_orm::{DbErr, QueryResult};

use super::narrowed::Narrowed;
use crate::errors::store;
use crate::session::SeaTx;

const COLUMNS: &str = "id, kind, status, created_at, run_at, tries, last_error FROM job";

#[async_trait]
impl JobStore for SeaTx {
    async fn job_locked(&self, id: JobId) -> Result<Option<QueuedJob>, StoreError> {
        let lock = if self.is_postgres() { "FOR UPDATE" } else { "" };
        let sql = format!("SELECT {COLUMNS} WHERE tenant_id = $1 AND id = $2 {lock}");
        let rows = self.rows(&sql, [self.tenant().into(), id.uuid().into()]).await?;
        rows.first().map(job).transpose().map_err(store)
    }

    async fn job_replayed(&self, job: &QueuedJob) -> Result<(), StoreError> {
        let sql = "UPDATE job SET status = $3, run_at = $4, tries = $5, last_error = $6, lost = 0, \
                   lease_owner = NULL, lease_until = NULL WHERE tenant_id = $1 AND id = $2 AND status = 'dead'";
        let (status, reason) = (job.status.name(), job.reason.clone());
        let values = [
            self.tenant().into(),
            job.id.uuid().into(),
            status.into(),
            job.run_at.into(),
            job.tries.into(),
            reason.into(),
        ];
        if self.run(sql, values).await? != 1 {
            return Err(StoreError::Contended);
        }
        self.queued.store(true, Ordering::Release);
        Ok(())
    }
}

pub(super) async fn page(tx: &SeaTx, ask: &PageAsk<JobId>) -> Result<Page<QueuedJob>, StoreError> {
    let mut dead = Narrowed::to("tenant_id", tx.tenant());
    dead.and("status = $", JobStatus::Dead.name());
    let total = match ask.total {
        Total::Skip => None,
        Total::Count => Some(dead.count(tx, "job").await?),
    };
    let (sql, values) = dead.page(COLUMNS, "id", ask, |id| id.uuid().into());
    let rows = tx.rows(&sql, values).await?;
    let jobs = rows.iter().map(job).collect::<Result<Vec<_>, _>>().map_err(store)?;
    Ok(Page::from_surplus(jobs, ask.limit, total, |job| job.id))
}

fn job(row: &QueryResult) -> Result<QueuedJob, DbErr> {
    let status: String = row.try_get("", "status")?;
    Ok(QueuedJob {
        id: JobId::from_uuid(row.try_get("", "id")?),
        kind: row.try_get("", "kind")?,
        status: JobStatus::parse(&status).ok_or_else(|| DbErr::Custom("an unknown status".to_owned()))?,
        created_at: row.try_get("", "created_at")?,
        run_at: row.try_get("", "run_at")?,
        tries: row.try_get("", "tries")?,
        reason: row.try_get("", "last_error")?,
    })
}
