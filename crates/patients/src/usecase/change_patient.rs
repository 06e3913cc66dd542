//! Changing a patient's record.

use events::patients::PatientUpdated;
use kernel::ids::PatientId;
use kernel::{
    Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit, unchanged,
    unit_of_work,
};
use serde_json::{Map, Value};
use thiserror::Error;

use super::register_patient::{existing, holder};
use crate::Patients;
use crate::model::{Changed, Patient, PatientPatch, PatientRefused};
use crate::permission::PatientsWrite;
use crate::ports::IDENTIFIER_UNIQUE;

/// What to change.
#[derive(Debug, Clone)]
pub struct ChangePatient {
    /// Whose record.
    pub patient_id: PatientId,
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// The change.
    pub patch: PatientPatch,
}

/// Why a record was not changed.
#[derive(Debug, Error)]
pub enum ChangePatientError {
    /// Not there, or out of reach.
    #[error("no such patient")]
    NotFound,
    /// The record has changed since the caller read it.
    #[error("the record has changed")]
    Stale,
    /// The change is not acceptable, or not the caller's to make.
    #[error(transparent)]
    Refused(#[from] PatientRefused),
    /// CPF, CNS or INS is another patient's; which one, if the caller may read it.
    #[error("identifier in use")]
    DuplicateIdentifier(Option<PatientId>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes a record by merge patch; naming what is there already changes nothing and leaves no entry.
pub async fn change_patient(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: ChangePatient,
    reply: Reply<Patient>,
) -> Result<Committed<Patient>, ChangePatientError> {
    unit_of_work(async || change(env, permit, &ask, reply).await).await
}

async fn change(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    ask: &ChangePatient,
    reply: Reply<Patient>,
) -> Result<Committed<Patient>, ChangePatientError> {
    let (now, reach) = (env.clock.now(), permit.scope().reach());
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.patient_by_id(ask.patient_id).await?.ok_or(ChangePatientError::NotFound)?;
    if ask.seen_version.is_some_and(|seen| seen != before.version) {
        return Err(ChangePatientError::Stale);
    }
    let after = match before.change(ask.patch.clone(), reach, now)? {
        Changed::Nothing => return Ok(unchanged(tx, before.seen_from(reach), reply).await?),
        Changed::To(after) => *after,
    };
    match tx.patient_save(&after).await {
        Err(StoreError::Constraint(IDENTIFIER_UNIQUE)) => {
            drop(tx);
            let view = env.db.view(permit.scope()).await?;
            return Err(ChangePatientError::DuplicateIdentifier(holder(&*view, &after).await?));
        }
        saved => {
            if !saved? {
                // Changed since it was read here: again, and stale only for who named a version.
                return Err(StoreError::Contended.into());
            }
        }
    }
    let change = Change::updated(after.id, after.version, &before.facts(), &after.facts());
    let fields = change.after.open_fields().keys().chain(change.after.personal_fields().keys()).cloned().collect();
    let journal = permit.journal(after.id, now).changed(change).with(&PatientUpdated {
        patient_id: after.id,
        version: after.version,
        fields,
    });
    Ok(commit(tx, journal, after.seen_from(reach), reply).await?)
}

impl Refusal for ChangePatientError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Stale => Kind::Stale,
            Self::Refused(refused) => refused.kind(),
            Self::DuplicateIdentifier(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::Refused(refused) => refused.code(),
            Self::DuplicateIdentifier(_) => "patients.duplicate_identifier",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Refused(refused) => refused.faults(),
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::DuplicateIdentifier(holder) => existing(*holder),
            Self::Refused(PatientRefused::Closed(closed)) => closed.details(),
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for ChangePatientError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
