//! Changing a service; what is booked stays as it was (B14).

use kernel::ids::ServiceId;
use kernel::{
    Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit, unchanged,
    unit_of_work,
};
use thiserror::Error;

use crate::Scheduling;
use crate::model::patch::ServicePatch;
use crate::model::service::Service;
use crate::permission::ServicesManage;

/// What to change.
#[derive(Clone, Debug)]
pub struct ChangeService {
    /// Which service.
    pub service_id: ServiceId,
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// The change.
    pub patch: ServicePatch,
}

/// Why a service was not changed.
#[derive(Debug, Error)]
pub enum ChangeServiceError {
    /// Not there.
    #[error("no such service")]
    NotFound,
    /// It has changed since the caller read it.
    #[error("the service has changed")]
    Stale,
    /// Values out of their bounds.
    #[error("the terms are not acceptable")]
    Invalid(Vec<Fault>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes a service by merge patch; naming what is there already changes nothing and leaves no entry.
pub async fn change_service(
    env: &Scheduling,
    permit: &Permit<ServicesManage>,
    ask: ChangeService,
    reply: Reply<Service>,
) -> Result<Committed<Service>, ChangeServiceError> {
    unit_of_work(async || change(env, permit, &ask, reply).await).await
}

async fn change(
    env: &Scheduling,
    permit: &Permit<ServicesManage>,
    ask: &ChangeService,
    reply: Reply<Service>,
) -> Result<Committed<Service>, ChangeServiceError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.service_by_id(ask.service_id).await?.ok_or(ChangeServiceError::NotFound)?;
    if ask.seen_version.is_some_and(|seen| seen != before.version()) {
        return Err(ChangeServiceError::Stale);
    }
    let after = before.changed(ask.patch.clone()).map_err(ChangeServiceError::Invalid)?;
    if after == before {
        return Ok(unchanged(tx, after, reply).await?);
    }
    if !tx.service_save(&after, now).await? {
        // Changed since it was read here: again, and stale only for who named a version.
        return Err(StoreError::Contended.into());
    }
    let change = Change::updated(after.id(), after.version(), &before.facts(), &after.facts());
    let journal = permit.journal(after.id(), now).changed(change);
    Ok(commit(tx, journal, after, reply).await?)
}

impl Refusal for ChangeServiceError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Stale => Kind::Stale,
            Self::Invalid(_) => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::Invalid(_) => "invalid",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Invalid(faults) => faults.clone(),
            _ => Vec::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for ChangeServiceError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
