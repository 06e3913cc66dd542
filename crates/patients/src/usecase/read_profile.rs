//! Reading a record with what surrounds it.

use kernel::Permit;
use kernel::ids::PatientId;

use super::read_patient::ReadPatientError;
use crate::Patients;
use crate::model::PatientProfile;
use crate::permission::{PatientsRead, Sight};

/// The record, its appointments and the last dealings, each as far as the caller may see it (PT5).
pub async fn read_profile(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    id: PatientId,
    sight: Sight,
) -> Result<PatientProfile, ReadPatientError> {
    let view = env.db.view(permit.scope()).await?;
    let profile = view.patient_profile(id, sight).await?.ok_or(ReadPatientError::NotFound)?;
    Ok(PatientProfile { patient: profile.patient.seen_from(permit.scope().reach()), ..profile })
}
