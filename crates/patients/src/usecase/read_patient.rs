//! Reading one patient.

use kernel::ids::PatientId;
use kernel::{Kind, Permit, Refusal, StoreError};
use thiserror::Error;

use crate::Patients;
use crate::model::Patient;
use crate::permission::PatientsRead;

/// Why a patient was not read.
#[derive(Debug, Error)]
pub enum ReadPatientError {
    /// Not there, or out of reach.
    #[error("no such patient")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The record, as the caller may see it.
pub async fn read_patient(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    id: PatientId,
) -> Result<Patient, ReadPatientError> {
    let view = env.db.view(permit.scope()).await?;
    let patient = view.patient_by_id(id).await?.ok_or(ReadPatientError::NotFound)?;
    Ok(patient.seen_from(permit.scope().reach()))
}

impl Refusal for ReadPatientError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Store(error) => error.code(),
        }
    }
}
