//! `POST /api/v1/patients/{patient_id}/restore`

use kernel::ids::PatientId;
use patients::Patients;
use patients::permission::PatientsWrite;
use patients::usecase;

use super::update_patient::changed;
use crate::state::Env;
use crate::wire::patients::PatientWire;
use crate::{Changed, Guard, Id, MaybeIfMatch, Problem, operation};

/// Restore an archived patient
///
/// Appointments that archiving called off stay so. Repeating it is harmless; a merged record comes back by undoing the merge.
/// For callers who reach the whole company.
#[operation(refuses(Conflict))]
pub async fn restore_patient(
    guard: Guard<PatientsWrite>,
    patients: Env<Patients>,
    id: Id<PatientId>,
    seen: MaybeIfMatch,
) -> Result<Changed<PatientWire>, Problem> {
    Ok(usecase::restore_patient(&patients, &guard.permit(&()), id.0, seen.version(), changed).await?.into())
}
