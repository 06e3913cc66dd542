//! `POST /api/v1/appointments/{appointment_id}/cancel`

use kernel::ids::AppointmentId;
use scheduling::Scheduling;
use scheduling::permission::AppointmentsWrite;
use scheduling::usecase;

use super::confirm_appointment::changed;
use crate::state::Env;
use crate::wire::scheduling::{AppointmentWire, CancelReason};
use crate::{Changed, Guard, Id, MaybeBody, MaybeIfMatch, Problem, operation};

/// Call an appointment off
///
/// Its time is free at once; repeating it is harmless. Once less than the service's window is left, a patient's cancellation
/// is `late_cancelled`, and the clinic's needs a `reason` or a `reason_code`.
#[operation(refuses(Conflict))]
pub async fn cancel_appointment(
    guard: Guard<AppointmentsWrite>,
    scheduling: Env<Scheduling>,
    id: Id<AppointmentId>,
    seen: MaybeIfMatch,
    body: MaybeBody<CancelReason>,
) -> Result<Changed<AppointmentWire>, Problem> {
    let permit = guard.permit(&body);
    let ask = body.into_inner().into_ask(id.0, seen.version());
    Ok(usecase::cancel_appointment(&scheduling, &permit, ask, changed).await?.into())
}
