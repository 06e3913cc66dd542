//! `DELETE /api/v1/patients/{patient_id}`

use kernel::ids::PatientId;
use patients::Patients;
use patients::permission::{PatientsWrite, Sight, cancels_any_appointment};
use patients::usecase::{self, Ahead, ArchivePatient, Telling};

use crate::state::Env;
use crate::{FromQuery, Guard, Id, IfMatch, NoContent, Params, Problem, operation};

/// What becomes of appointments
#[derive(Debug, FromQuery)]
pub struct Archiving {
    /// Call off, in the same act, the appointments that are ahead; without it they stand in the way.
    #[query(default)]
    cancel_appointments: bool,
}

/// Archive a patient
///
/// The record stays readable, leaves the lists, and is closed to changes, bookings and merges until it is restored. While
/// appointments of the patient or for the patient are ahead it is a conflict that tells their `count` and, to callers with
/// `appointments:read`, lists them in `appointments`, unless `cancel_appointments=true`, which needs `appointments:write`; one
/// that is going on is in the way in any case. Repeating it is harmless. For callers who reach the whole company.
#[operation(refuses(Conflict))]
pub async fn archive_patient(
    guard: Guard<PatientsWrite>,
    patients: Env<Patients>,
    id: Id<PatientId>,
    seen: IfMatch,
    params: Params<Archiving>,
) -> Result<NoContent, Problem> {
    let grants = &guard.session()?.principal().grants;
    let appointments = match params.0.cancel_appointments {
        true if cancels_any_appointment(grants) => Ahead::Cancel,
        true => Ahead::Forbidden,
        false => Ahead::Keep,
    };
    let telling = if Sight::of(grants).shows_all_appointments() { Telling::Each } else { Telling::Number };
    let ask = ArchivePatient { patient_id: id.0, seen_version: seen.version(), appointments, telling };
    Ok(usecase::archive_patient(&patients, &guard.permit(&()), ask, NoContent::of).await?.into())
}
