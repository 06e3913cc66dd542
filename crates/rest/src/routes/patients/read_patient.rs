//! `GET /api/v1/patients/{patient_id}`

use kernel::ids::PatientId;
use patients::Patients;
use patients::permission::PatientsRead;
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::PatientWire;
use crate::{Guard, Id, Problem, Versioned, operation};

/// Read a patient
#[operation]
pub async fn read_patient(
    guard: Guard<PatientsRead>,
    patients: Env<Patients>,
    id: Id<PatientId>,
) -> Result<Versioned<PatientWire>, Problem> {
    let patient = usecase::read_patient(&patients, &guard.reading(), id.0).await?;
    Ok(Versioned::new(PatientWire::from(&patient), patient.version))
}
