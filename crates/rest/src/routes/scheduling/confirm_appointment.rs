//! `POST /api/v1/appointments/{appointment_id}/confirm`

use kernel::StoredReply;
use kernel::ids::AppointmentId;
use scheduling::Scheduling;
use scheduling::model::appointment::Appointment;
use scheduling::permission::AppointmentsWrite;
use scheduling::usecase::{self, ConfirmAppointment};

use crate::state::Env;
use crate::wire::scheduling::AppointmentWire;
use crate::{Changed, Guard, Id, MaybeIfMatch, Problem, operation};

/// Confirm that the patient will come
///
/// Repeating it is harmless.
#[operation(refuses(Conflict))]
pub async fn confirm_appointment(
    guard: Guard<AppointmentsWrite>,
    scheduling: Env<Scheduling>,
    id: Id<AppointmentId>,
    seen: MaybeIfMatch,
) -> Result<Changed<AppointmentWire>, Problem> {
    let permit = guard.permit(&());
    let ask = ConfirmAppointment { appointment_id: id.0, seen_version: seen.version() };
    Ok(usecase::confirm_appointment(&scheduling, &permit, ask, changed).await?.into())
}

pub(super) fn changed(appointment: &Appointment) -> StoredReply {
    Changed::reply(&AppointmentWire::from(appointment), Some(appointment.parts().version))
}
