//! `DELETE /api/v1/patients/{patient_id}/links/{link_id}`

use kernel::ids::PatientId;
use patients::Patients;
use patients::permission::PatientsWrite;
use patients::usecase::{self, EndLink};

use crate::state::Env;
use crate::{Guard, Id, LinkId, NoContent, Problem, operation};

/// End a caregiver's or guardian's link
///
/// It gives no reach any more, from the next request on. It stays in the list with the days that it was valid; a link that was
/// still to come is left with none. Ending one that has ended changes nothing. Only callers who reach the whole company end
/// links.
#[operation]
pub async fn delete_patient_link(
    guard: Guard<PatientsWrite>,
    patients: Env<Patients>,
    patient: Id<PatientId>,
    link: LinkId,
) -> Result<NoContent, Problem> {
    let ask = EndLink { patient: patient.0, link: link.0 };
    Ok(usecase::end_link(&patients, &guard.permit(&()), ask, NoContent::of).await?.into())
}
