//! Listing the caregivers and guardians of a patient.

use kernel::{Page, Permit};

use super::read_patient::ReadPatientError;
use crate::Patients;
use crate::model::ShownLink;
use crate::permission::PatientsRead;
use crate::ports::LinkList;

/// A page of a patient's links within the caller's reach, those that have ended too.
pub async fn list_links(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    ask: &LinkList,
) -> Result<Page<ShownLink>, ReadPatientError> {
    let view = env.db.view(permit.scope()).await?;
    view.patient_links(ask).await?.ok_or(ReadPatientError::NotFound)
}
