//! Ending a caregiver's or guardian's link.

use kernel::ids::{PatientId, PatientLinkId};
use kernel::{
    Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit, unchanged,
    unit_of_work,
};
use thiserror::Error;

use crate::Patients;
use crate::permission::PatientsWrite;

/// Which link.
#[derive(Debug, Clone, Copy)]
pub struct EndLink {
    /// Whose.
    pub patient: PatientId,
    /// The link.
    pub link: PatientLinkId,
}

/// Why a link was not ended.
#[derive(Debug, Error)]
pub enum EndLinkError {
    /// Only who reaches the whole company ends links.
    #[error("not the caller's to end")]
    OutOfReach,
    /// The patient has no such link.
    #[error("no such link")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends a link at once: from the next request on, on every node, it gives no reach. Its past days stay on record. Ending one
/// that has ended changes nothing.
pub async fn end_link(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: EndLink,
    reply: Reply<PatientLinkId>,
) -> Result<Committed<PatientLinkId>, EndLinkError> {
    if !permit.scope().reach().is_company() {
        return Err(EndLinkError::OutOfReach);
    }
    unit_of_work(async || ended(env, permit, ask, reply).await).await
}

async fn ended(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: EndLink,
    reply: Reply<PatientLinkId>,
) -> Result<Committed<PatientLinkId>, EndLinkError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.patient_link_locked(ask.patient, ask.link).await?.ok_or(EndLinkError::NotFound)?;
    let Some(after) = before.ended(now.date_naive()) else {
        return Ok(unchanged(tx, ask.link, reply).await?);
    };
    tx.patient_link_save(&after).await?;
    let change = Change::updated(ask.link, after.version(), &before.facts(), &after.facts());
    Ok(commit(tx, permit.journal(ask.link, now).changed(change), ask.link, reply).await?)
}

impl Refusal for EndLinkError {
    fn kind(&self) -> Kind {
        match self {
            Self::OutOfReach => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach => "patients.out_of_reach",
            Self::NotFound => "not_found",
            Self::Store(error) => error.code(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for EndLinkError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
