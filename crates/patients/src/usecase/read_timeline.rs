//! Reading what happened to a patient.

use kernel::{Page, Permit};

use super::read_patient::ReadPatientError;
use crate::Patients;
use crate::model::TimelineEntry;
use crate::permission::PatientsRead;
use crate::ports::TimelineAsk;

/// A page of what happened to a patient, newest first, as far as the caller may see it (PT5).
pub async fn read_timeline(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    ask: &TimelineAsk,
) -> Result<Page<TimelineEntry>, ReadPatientError> {
    let view = env.db.view(permit.scope()).await?;
    view.patient_timeline(ask).await?.ok_or(ReadPatientError::NotFound)
}
