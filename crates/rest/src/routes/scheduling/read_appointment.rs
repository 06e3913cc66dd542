//! `GET /api/v1/appointments/{appointment_id}`

use kernel::ids::AppointmentId;
use scheduling::Scheduling;
use scheduling::permission::AppointmentsRead;
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::AppointmentWire;
use crate::{Guard, Id, Problem, Versioned, operation};

/// Read an appointment
#[operation]
pub async fn read_appointment(
    guard: Guard<AppointmentsRead>,
    scheduling: Env<Scheduling>,
    id: Id<AppointmentId>,
) -> Result<Versioned<AppointmentWire>, Problem> {
    let appointment = usecase::read_appointment(&scheduling, &guard.reading(), id.0).await?;
    Ok(Versioned::new(AppointmentWire::from(&appointment), appointment.parts().version))
}
