//! `GET /api/v1/appointments/{appointment_id}/history`

use kernel::ids::AppointmentId;
use scheduling::Scheduling;
use scheduling::permission::AppointmentsRead;
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::AppointmentHistory;
use crate::{Guard, Id, Problem, Read, operation};

/// Read what happened to an appointment
///
/// The acts of its journal, oldest first, each with the fields that changed.
#[operation]
pub async fn read_appointment_history(
    guard: Guard<AppointmentsRead>,
    scheduling: Env<Scheduling>,
    id: Id<AppointmentId>,
) -> Result<Read<AppointmentHistory>, Problem> {
    Ok(Read(usecase::read_history(&scheduling, &guard.reading(), id.0).await?.into()))
}
