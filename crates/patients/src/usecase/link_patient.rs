//! Linking a caregiver or guardian to a patient.

use chrono::NaiveDate;
use kernel::ids::{MembershipId, PatientId};
use kernel::{Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit};
use thiserror::Error;

use crate::Patients;
use crate::model::{EmptyPeriod, LinkKind, PatientLink};
use crate::permission::PatientsWrite;
use crate::ports::FOREIGN_KEY;

/// Who is linked to whom.
#[derive(Debug, Clone, Copy)]
pub struct LinkPatient {
    /// The member who shall reach the patient.
    pub membership: MembershipId,
    /// The patient.
    pub patient: PatientId,
    /// What the one is to the other.
    pub kind: LinkKind,
    /// The first day; today when absent.
    pub valid_from: Option<NaiveDate>,
    /// The day after the last.
    pub valid_to: Option<NaiveDate>,
}

/// Why nobody was linked.
#[derive(Debug, Error)]
pub enum LinkPatientError {
    /// Only who reaches the whole company links.
    #[error("not the caller's to link")]
    OutOfReach,
    /// Not there.
    #[error("no such patient")]
    NotFound,
    /// The member is not the company's.
    #[error("unknown member")]
    UnknownMember,
    /// The link would never be valid.
    #[error(transparent)]
    Period(#[from] EmptyPeriod),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

/// Links a member to a patient.
pub async fn link_patient(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: LinkPatient,
    reply: Reply<PatientLink>,
) -> Result<Committed<PatientLink>, LinkPatientError> {
    if !permit.scope().reach().is_company() {
        return Err(LinkPatientError::OutOfReach);
    }
    let now = env.clock.now();
    let from = ask.valid_from.unwrap_or(now.date_naive());
    let link = PatientLink::try_new(env.ids.next(), (ask.membership, ask.patient), ask.kind, from, ask.valid_to)?;
    let tx = env.db.begin(permit.scope()).await?;
    tx.patient_by_id(ask.patient).await?.ok_or(LinkPatientError::NotFound)?;
    tx.patient_link_add(&link).await?;
    let change = Change::created(link.id(), 1, link.facts());
    Ok(commit(tx, permit.journal(link.id(), now).changed(change), link, reply).await?)
}

impl From<StoreError> for LinkPatientError {
    fn from(error: StoreError) -> Self {
        match error {
            // The patient was read in this transaction, so it is the member that is not there.
            StoreError::Constraint(FOREIGN_KEY) => Self::UnknownMember,
            other => Self::Store(other),
        }
    }
}

impl Refusal for LinkPatientError {
    fn kind(&self) -> Kind {
        match self {
            Self::OutOfReach => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::UnknownMember | Self::Period(_) => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach => "patients.out_of_reach",
            Self::NotFound => "not_found",
            Self::UnknownMember => "unknown_reference",
            Self::Period(_) => "invalid",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::UnknownMember => vec![Fault::at("/membership_id", "unknown_reference")],
            Self::Period(_) => vec![Fault::at("/valid_to", "ends_before_start")],
            _ => Vec::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for LinkPatientError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
