//! Listing and searching patients.

use kernel::{Page, Permit, StoreError};

use crate::Patients;
use crate::model::PatientSummary;
use crate::permission::PatientsRead;
use crate::ports::PatientList;

/// A page of the patients within the caller's reach, all or those that a search finds (PT3).
pub async fn list_patients(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    ask: &PatientList,
) -> Result<Page<PatientSummary>, StoreError> {
    env.db.view(permit.scope()).await?.patient_list(ask).await
}
