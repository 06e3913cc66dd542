//! Registering a patient.

use events::patients::PatientRegistered;
use kernel::ids::PatientId;
use kernel::{Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::Patients;
use crate::model::{Patient, PatientDetails, PatientRefused};
use crate::permission::PatientsWrite;
use crate::ports::{IDENTIFIER_UNIQUE, PatientReads};

/// Why a patient was not registered.
#[derive(Debug, Error)]
pub enum RegisterPatientError {
    /// The record is not acceptable, or not the caller's to make.
    #[error(transparent)]
    Refused(#[from] PatientRefused),
    /// CPF, CNS or INS is another patient's; which one, if the caller may read it.
    #[error("identifier in use")]
    DuplicateIdentifier(Option<PatientId>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Registers a patient. The same CPF, CNS or INS twice in a company is refused, also when both come at once (PT1).
pub async fn register_patient(
    env: &Patients,
    permit: &Permit<PatientsWrite>,
    details: PatientDetails,
    reply: Reply<Patient>,
) -> Result<Committed<Patient>, RegisterPatientError> {
    let now = env.clock.now();
    let patient = Patient::register(env.ids.next(), details, permit.scope().reach(), now)?;
    let tx = env.db.begin(permit.scope()).await?;
    match tx.patient_add(&patient).await {
        Err(StoreError::Constraint(IDENTIFIER_UNIQUE)) => {
            drop(tx);
            let view = env.db.view(permit.scope()).await?;
            return Err(RegisterPatientError::DuplicateIdentifier(holder(&*view, &patient).await?));
        }
        added => added?,
    }
    let journal = permit
        .journal(patient.id, now)
        .changed(Change::created(patient.id, patient.version, patient.facts()))
        .with(&PatientRegistered { patient_id: patient.id, stage: patient.details.stage.as_str() });
    Ok(commit(tx, journal, patient, reply).await?)
}

/// Who else has one of the patient's unique identifiers, as far as the caller may read.
pub(super) async fn holder(
    store: &(impl PatientReads + ?Sized),
    patient: &Patient,
) -> Result<Option<PatientId>, StoreError> {
    for identifier in patient.details.identifiers.iter().filter(|i| i.kind().is_unique_in_company()) {
        let found = store.patient_with_identifier(identifier.kind(), identifier.value()).await?;
        if found.is_some_and(|id| id != patient.id) {
            return Ok(found);
        }
    }
    Ok(None)
}

impl PatientRefused {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::OutOfReach | Self::FieldsOutOfReach(_) => Kind::Forbidden,
            Self::Stage(_) | Self::Custom(_) => Kind::Invalid,
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach | Self::FieldsOutOfReach(_) => "patients.out_of_reach",
            Self::Stage(_) | Self::Custom(_) => "invalid",
        }
    }

    pub(super) fn faults(&self) -> Vec<Fault> {
        match self {
            Self::OutOfReach => Vec::new(),
            Self::FieldsOutOfReach(fields) => {
                fields.iter().map(|field| Fault::at(format!("/{field}"), "out_of_reach")).collect()
            }
            Self::Stage(error) => vec![Fault::at("/stage", error.code())],
            Self::Custom(error) => vec![Fault::at("/custom", error.code())],
        }
    }
}

pub(super) fn existing(holder: Option<PatientId>) -> Map<String, Value> {
    holder.into_iter().map(|id| ("existing_id".to_owned(), Value::String(id.to_string()))).collect()
}

impl Refusal for RegisterPatientError {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::DuplicateIdentifier(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
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
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for RegisterPatientError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
