//! Linking a caregiver or guardian to a patient.

use chrono::NaiveDate;
use kernel::ids::{MembershipId, PatientId, PatientLinkId};
use kernel::{
    Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit, unit_of_work,
};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::Patients;
use crate::model::{EmptyPeriod, LinkKind, PatientLink, ShownLink, Stage};
use crate::permission::PatientsWrite;
use crate::ports::{FOREIGN_KEY, LINK_OVERLAP};

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
    /// The record lives on in another.
    #[error("the record was merged")]
    Merged,
    /// The member is not the company's.
    #[error("unknown member")]
    UnknownMember,
    /// The link would never be valid.
    #[error(transparent)]
    Period(#[from] EmptyPeriod),
    /// The member is linked so already, on one of these days at least; by which link.
    #[error("linked already")]
    LinkedAlready(Option<PatientLinkId>),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

/// Links a member to a patient. Who has the role of a caregiver reaches the patient from the next request on, on every node:
/// reach is looked up in the links, never remembered.
pub async fn link_patient(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: LinkPatient,
    reply: Reply<ShownLink>,
) -> Result<Committed<ShownLink>, LinkPatientError> {
    if !permit.scope().reach().is_company() {
        return Err(LinkPatientError::OutOfReach);
    }
    unit_of_work(async || linked(env, permit, ask, reply).await).await
}

async fn linked(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: LinkPatient,
    reply: Reply<ShownLink>,
) -> Result<Committed<ShownLink>, LinkPatientError> {
    let now = env.clock.now();
    let today = now.date_naive();
    let from = ask.valid_from.unwrap_or(today);
    let link = PatientLink::try_new(env.ids.next(), (ask.membership, ask.patient), ask.kind, from, ask.valid_to)?;
    let tx = env.db.begin(permit.scope()).await?;
    let stage = tx.patient_stage_held(ask.patient).await?.ok_or(LinkPatientError::NotFound)?;
    if stage == Stage::Merged {
        return Err(LinkPatientError::Merged);
    }
    let member = tx.member_name(ask.membership).await?.ok_or(LinkPatientError::UnknownMember)?;
    match tx.patient_link_add(&link).await {
        Err(StoreError::Constraint(LINK_OVERLAP)) => {
            drop(tx);
            let view = env.db.view(permit.scope()).await?;
            return Err(LinkPatientError::LinkedAlready(view.patient_link_like(&link).await?));
        }
        added => added?,
    }
    let journal = permit.journal(link.id(), now).changed(Change::created(link.id(), link.version(), link.facts()));
    let shown = ShownLink { link, member, standing: link.standing(today) };
    Ok(commit(tx, journal, shown, reply).await?)
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
            Self::Merged | Self::LinkedAlready(_) => Kind::Conflict,
            Self::UnknownMember | Self::Period(_) => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach => "patients.out_of_reach",
            Self::NotFound => "not_found",
            Self::Merged => "record_is_merged",
            Self::LinkedAlready(_) => "patients.linked_already",
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

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::LinkedAlready(link) => {
                link.iter().map(|id| ("existing_id".to_owned(), Value::String(id.to_string()))).collect()
            }
            _ => Map::new(),
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
