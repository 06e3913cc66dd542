//! Adding a practitioner.

use kernel::{
    Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit, unit_of_work,
};
use thiserror::Error;

use super::references::unknown_references;
use crate::Scheduling;
use crate::model::practitioner::{Practitioner, PractitionerProfile};
use crate::permission::PractitionersManage;

/// Why a practitioner was not added or changed.
#[derive(Debug, Error)]
pub enum PractitionerError {
    /// Not there.
    #[error("no such practitioner")]
    NotFound,
    /// They have changed since the caller read them.
    #[error("the practitioner has changed")]
    Stale,
    /// Services, clinics or a membership that the company has not.
    #[error("unknown reference")]
    UnknownReference(Vec<Fault>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a practitioner.
pub async fn add_practitioner(
    env: &Scheduling,
    permit: &Permit<PractitionersManage>,
    profile: PractitionerProfile,
    reply: Reply<Practitioner>,
) -> Result<Committed<Practitioner>, PractitionerError> {
    let practitioner = Practitioner::new(env.ids.next(), profile, 1);
    unit_of_work(async || add(env, permit, &practitioner, reply).await).await
}

async fn add(
    env: &Scheduling,
    permit: &Permit<PractitionersManage>,
    practitioner: &Practitioner,
    reply: Reply<Practitioner>,
) -> Result<Committed<Practitioner>, PractitionerError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let unknown = unknown_references(&*tx, practitioner.profile()).await?;
    if !unknown.is_empty() {
        return Err(PractitionerError::UnknownReference(unknown));
    }
    tx.practitioner_add(practitioner, now).await?;
    let change = Change::created(practitioner.id(), practitioner.version(), practitioner.facts());
    let journal = permit.journal(practitioner.id(), now).changed(change);
    Ok(commit(tx, journal, practitioner.clone(), reply).await?)
}

impl Refusal for PractitionerError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Stale => Kind::Stale,
            Self::UnknownReference(_) => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::UnknownReference(_) => "unknown_reference",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::UnknownReference(faults) => faults.clone(),
            _ => Vec::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for PractitionerError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
