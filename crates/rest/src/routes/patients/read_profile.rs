//! `GET /api/v1/patients/{patient_id}/profile`

use kernel::ids::PatientId;
use patients::Patients;
use patients::permission::{PatientsRead, Sight};
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::PatientProfileWire;
use crate::{Guard, Id, Problem, Read, operation};

/// Read a patient's profile
///
/// The record with what surrounds it: appointments, how often the patient came, what was confirmed, the last dealings. Each part
/// is as far as the caller's permission for it reaches: a practitioner with an own agenda sees and counts the appointments on
/// it.
#[operation]
pub async fn read_patient_profile(
    guard: Guard<PatientsRead>,
    patients: Env<Patients>,
    id: Id<PatientId>,
) -> Result<Read<PatientProfileWire>, Problem> {
    let sight = Sight::of(&guard.session()?.principal().grants);
    let profile = usecase::read_profile(&patients, &guard.reading(), id.0, sight).await?;
    Ok(Read(profile.into()))
}
