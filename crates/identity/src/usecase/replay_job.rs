//! Trying a dead letter again.

use kernel::ids::JobId;
use kernel::{Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unit_of_work};
use thiserror::Error;

use crate::Identity;
use crate::model::dead_job::QueuedJob;
use crate::permission;

/// Why a job is not tried again.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The company has no such job; it may be done.
    #[error("no such job")]
    NotFound,
    /// It is not dead: it waits or runs.
    #[error("the job is not dead")]
    NotDead,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for ReplayError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::NotDead => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotDead => "identity.job_not_dead",
            Self::Store(error) => error.code(),
        }
    }

    fn replay(&self) -> Option<&kernel::StoredReply> {
        match self {
            Self::Store(error) => error.replay(),
            _ => None,
        }
    }
}

impl FromStore for ReplayError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Puts a dead letter back into the queue, as if it had never been tried.
pub async fn replay_job(
    env: &Identity,
    permit: &Permit<permission::IntegrationsManage>,
    id: JobId,
    reply: Reply<QueuedJob>,
) -> Result<Committed<QueuedJob>, ReplayError> {
    unit_of_work(async || replay(env, permit, id, reply).await).await
}

async fn replay(
    env: &Identity,
    permit: &Permit<permission::IntegrationsManage>,
    id: JobId,
    reply: Reply<QueuedJob>,
) -> Result<Committed<QueuedJob>, ReplayError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let dead = tx.job_locked(id).await?.ok_or(ReplayError::NotFound)?;
    let again = dead.replayed(now).ok_or(ReplayError::NotDead)?;
    tx.job_replayed(&again).await?;
    let journal = permit.journal(id, now).changed(Change::updated(id, 0, &dead.facts(), &again.facts()));
    Ok(commit(tx, journal, again, reply).await?)
}
