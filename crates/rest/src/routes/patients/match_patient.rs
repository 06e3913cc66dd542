//! `POST /api/v1/patients/match`

use patients::Patients;
use patients::permission::PatientsRead;
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::{NewPatient, PatientMatchesWire, Reading};
use crate::{Body, Guard, Problem, Read, operation};

/// Find the records that may be a draft's person
///
/// The draft is what one would register. Names (legal and social), dates of birth, mothers' names, identifiers, telephone
/// numbers, e-mail addresses and addresses are compared with those of the patients within the caller's reach, and weighed by a
/// fixed table. Nothing is changed.
#[operation(reads)]
pub async fn match_patient(
    guard: Guard<PatientsRead>,
    patients: Env<Patients>,
    body: Body<NewPatient>,
) -> Result<Read<PatientMatchesWire>, Problem> {
    let reading = Reading::of(guard.session()?, &*patients.clock)?;
    let draft = body.into_inner().into_details(reading)?;
    Ok(Read(usecase::match_patient(&patients, &guard.reading(), &draft).await?.into()))
}
