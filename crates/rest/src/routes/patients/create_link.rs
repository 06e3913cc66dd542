//! `POST /api/v1/patients/{patient_id}/links`

use kernel::StoredReply;
use kernel::ids::PatientId;
use patients::Patients;
use patients::model::ShownLink;
use patients::permission::PatientsWrite;
use patients::usecase::{self, LinkPatient};

use crate::state::Env;
use crate::wire::patients::{NewPatientLink, PatientLinkWire};
use crate::{Body, Created, Guard, Id, Problem, operation};

/// Link a caregiver or guardian to a patient
///
/// A member with the role of a caregiver reaches the patients that it is linked to, from the next request on; whoever else is
/// linked is named beside the patient. Only callers who reach the whole company link. The same member as the same for the
/// same day is 409 with `existing_id`.
#[operation(refuses(Conflict))]
pub async fn create_patient_link(
    guard: Guard<PatientsWrite>,
    patients: Env<Patients>,
    id: Id<PatientId>,
    body: Body<NewPatientLink>,
) -> Result<Created<PatientLinkWire>, Problem> {
    let permit = guard.permit(&body);
    let NewPatientLink { membership_id, kind, valid_from, valid_to } = body.into_inner();
    let ask = LinkPatient { membership: membership_id, patient: id.0, kind: kind.0, valid_from, valid_to };
    Ok(usecase::link_patient(&patients, &permit, ask, created).await?.into())
}

fn created(shown: &ShownLink) -> StoredReply {
    let location = format!("/api/v1/patients/{}/links/{}", shown.link.patient(), shown.link.id());
    Created::reply(&PatientLinkWire::from(shown), location, None)
}
