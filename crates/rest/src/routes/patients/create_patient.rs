//! `POST /api/v1/patients`

use kernel::StoredReply;
use patients::Patients;
use patients::model::Patient;
use patients::permission::PatientsWrite;
use patients::usecase::{self, RegisterPatient};

use crate::state::Env;
use crate::wire::patients::{NewPatient, PatientWire, Reading};
use crate::{Body, Created, Guard, Problem, operation};

/// Register a patient
///
/// A lead needs no more than a name and one contact. The same CPF, CNS or INS twice in a company is a conflict, with
/// `existing_id` when the caller may read that patient. So is a record that is certainly or probably there already, with the
/// `candidates` among those that the caller may read, the best first, each with its `id`, `grade`, `score` and `reasons`; send
/// `allow_duplicate` to register it all the same.
#[operation(refuses(Conflict))]
pub async fn create_patient(
    guard: Guard<PatientsWrite>,
    patients: Env<Patients>,
    body: Body<NewPatient>,
) -> Result<Created<PatientWire>, Problem> {
    let permit = guard.permit(&body);
    let reading = Reading::of(guard.session()?, &*patients.clock)?;
    let ask = body.into_inner();
    let duplicates = ask.duplicates();
    let ask = RegisterPatient { details: ask.into_details(reading)?, duplicates };
    Ok(usecase::register_patient(&patients, &permit, ask, created).await?.into())
}

fn created(patient: &Patient) -> StoredReply {
    let location = format!("/api/v1/patients/{}", patient.id);
    Created::reply(&PatientWire::from(patient), location, Some(patient.version))
}
