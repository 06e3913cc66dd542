//! `PATCH /api/v1/patients/{patient_id}`

use kernel::StoredReply;
use kernel::ids::PatientId;
use patients::Patients;
use patients::model::Patient;
use patients::permission::PatientsWrite;
use patients::usecase::{self, ChangePatient};

use crate::state::Env;
use crate::wire::patients::{PatientChanges, PatientWire, Reading};
use crate::{Body, Changed, Guard, Id, IfMatch, Problem, operation};

/// Change a patient
///
/// A JSON merge patch: what is absent stays, `null` empties, lists are replaced. A patient changes contacts, addresses,
/// preferences and emergency contacts of the own record.
#[operation(refuses(Conflict))]
pub async fn update_patient(
    guard: Guard<PatientsWrite>,
    patients: Env<Patients>,
    id: Id<PatientId>,
    seen: IfMatch,
    body: Body<PatientChanges>,
) -> Result<Changed<PatientWire>, Problem> {
    let permit = guard.permit(&body);
    let patch = body.into_inner().into_patch(Reading::of(guard.session()?, &*patients.clock)?)?;
    let ask = ChangePatient { patient_id: id.0, seen_version: seen.version(), patch };
    Ok(usecase::change_patient(&patients, &permit, ask, changed).await?.into())
}

pub(super) fn changed(patient: &Patient) -> StoredReply {
    Changed::reply(&PatientWire::from(patient), Some(patient.version))
}
