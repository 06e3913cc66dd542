//! The queue of all tenants: a lease is taken with `FOR UPDATE SKIP LOCKED` on PostgreSQL and by the one writer on SQLite.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::{JobId, TenantId};
use kernel::jobs::{Job, JobQueue, LEASE, MAX_TRIES};
use kernel::seal::Place;
use kernel::{StoreError, Transaction as _};
use sea_orm::{DbErr, QueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::database::Database;
use crate::errors::store;
use crate::session::SeaTx;

/// A row that was leased, still sealed.
struct Leased {
    id: Uuid,
    tenant: Uuid,
    kind: String,
    payload: Vec<u8>,
    tries: i32,
    /// How many tries in a row ended with their worker, this one not being counted.
    lost: i32,
}

#[async_trait]
impl JobQueue for Database {
    /// Due jobs round by round: the oldest of each tenant, then the second oldest of each, so that a tenant with thousands
    /// waiting takes no more than its share while others wait.
    async fn lease(&self, worker: &str, limit: u16) -> Result<Vec<Job>, StoreError> {
        let tx = self.open_across("worker").await?;
        let rows = lease_rows(&tx, worker, limit).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        Box::new(tx).finish().await?;
        let mut jobs = Vec::with_capacity(rows.len());
        for row in rows {
            let (opened, lost) = (self.opened_payload(&row), row.lost);
            let job = row.job();
            match opened {
                // Its tries before this one ended with their workers: another could end this worker too.
                _ if lost >= MAX_TRIES => self.failed(worker, &job, "every worker was lost", None).await?,
                Ok(payload) => jobs.push(Job { payload, ..job }),
                Err(_) => self.failed(worker, &job, "payload does not open", None).await?,
            }
        }
        Ok(jobs)
    }

    async fn heartbeat(&self, worker: &str, job: &Job) -> Result<bool, StoreError> {
        let now = self.clock().now();
        let sql = "UPDATE job SET lease_until = $3 \
                   WHERE tenant_id = $1 AND id = $2 AND lease_owner = $4 AND lease_until > $5";
        let [tenant, id] = key(job);
        let touched = self.change_job(sql, [tenant, id, (now + LEASE).into(), worker.into(), now.into()]).await?;
        Ok(touched == 1)
    }

    async fn done(&self, worker: &str, job: &Job) -> Result<(), StoreError> {
        let sql = "DELETE FROM job WHERE tenant_id = $1 AND id = $2 AND lease_owner = $3";
        let [tenant, id] = key(job);
        self.change_job(sql, [tenant, id, worker.into()]).await.map(drop)
    }

    async fn failed(
        &self,
        worker: &str,
        job: &Job,
        reason: &str,
        retry_at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let status = if retry_at.is_some() { "waiting" } else { "dead" };
        let sql = "UPDATE job SET lease_owner = NULL, lease_until = NULL, status = $3, last_error = $4, run_at = $5, \
                   lost = 0 WHERE tenant_id = $1 AND id = $2 AND lease_owner = $6";
        let run_at = retry_at.unwrap_or_else(|| self.clock().now());
        let [tenant, id] = key(job);
        let values = [tenant, id, status.into(), reason.into(), run_at.into(), worker.into()];
        self.change_job(sql, values).await.map(drop)
    }
}

impl Database {
    /// A worker waits until something was committed (here or on another node), or `at_most` has passed; of several workers,
    /// one is woken.
    pub async fn woken(&self, at_most: std::time::Duration) {
        self.wake().worker_woken(at_most).await;
    }

    /// Removes stored replies that have expired; how many.
    pub async fn forget_expired_replies(&self) -> Result<u64, StoreError> {
        self.change_job("DELETE FROM idempotency WHERE expires_at <= $1", [self.clock().now().into()]).await
    }

    /// Jobs that are due and not leased, and how long the oldest has been waiting, for the metrics.
    pub async fn queue_depth(&self) -> Result<(i64, chrono::TimeDelta), StoreError> {
        let tx = self.look_across("metrics").await?;
        let now = self.clock().now();
        let sql = "SELECT count(*) AS depth, min(run_at) AS oldest FROM job WHERE status = 'waiting' AND run_at <= $1 \
                   AND (lease_until IS NULL OR lease_until <= $1)";
        let rows = tx.rows(sql, [now.into()]).await?;
        let row = rows.first().ok_or_else(|| StoreError::broken("no count"))?;
        let oldest: Option<DateTime<Utc>> = row.try_get("", "oldest").map_err(store)?;
        let age = oldest.map_or_else(chrono::TimeDelta::zero, |oldest| now - oldest);
        Ok((row.try_get("", "depth").map_err(store)?, age))
    }

    async fn change_job<const N: usize>(&self, sql: &str, values: [sea_orm::Value; N]) -> Result<u64, StoreError> {
        let tx = self.open_across("worker").await?;
        let touched = tx.run(sql, values).await?;
        Box::new(tx).finish().await?;
        Ok(touched)
    }

    fn opened_payload(&self, row: &Leased) -> Result<Value, StoreError> {
        let place = Place { tenant: row.tenant, purpose: "job", column: "job.payload", row: row.id };
        let plain = self.keys().open(place, &row.payload).map_err(StoreError::broken)?;
        serde_json::from_slice(&plain).map_err(StoreError::broken)
    }
}

impl Leased {
    /// The job without its payload.
    fn job(self) -> Job {
        let (id, tenant) = (JobId::from_uuid(self.id), TenantId::from_uuid(self.tenant));
        Job { id, tenant, kind: self.kind, payload: Value::Null, tries: self.tries }
    }
}

/// The first parameters of each statement about one job.
fn key(job: &Job) -> [sea_orm::Value; 2] {
    [job.tenant.uuid().into(), job.id.uuid().into()]
}

async fn lease_rows(tx: &SeaTx, worker: &str, limit: u16) -> Result<Vec<Leased>, StoreError> {
    let due = "status = 'waiting' AND run_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)";
    let skip = if tx.is_postgres() { "FOR UPDATE OF j SKIP LOCKED" } else { "" };
    let sql = format!(
        "WITH due AS (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY run_at, id) AS round \
           FROM job WHERE {due}), \
         picked AS MATERIALIZED (SELECT j.tenant_id, j.id FROM job j JOIN due d ON d.tenant_id = j.tenant_id AND d.id = j.id \
           WHERE {due} ORDER BY d.round, j.run_at, j.id LIMIT {limit} {skip}) \
         UPDATE job SET lease_owner = $2, lease_until = $3, tries = tries + 1, lost = lost + 1 \
         WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM picked) \
         RETURNING id, tenant_id, kind, payload, tries, lost - 1 AS lost"
    );
    let now = tx.now();
    let rows = tx.rows(&sql, [now.into(), worker.into(), (now + LEASE).into()]).await?;
    rows.iter().map(leased).collect::<Result<_, _>>().map_err(store)
}

fn leased(row: &QueryResult) -> Result<Leased, DbErr> {
    Ok(Leased {
        id: row.try_get("", "id")?,
        tenant: row.try_get("", "tenant_id")?,
        kind: row.try_get("", "kind")?,
        payload: row.try_get("", "payload")?,
        tries: row.try_get("", "tries")?,
        lost: row.try_get("", "lost")?,
    })
}
