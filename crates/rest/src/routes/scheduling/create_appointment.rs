//! `POST /api/v1/appointments`

use kernel::StoredReply;
use scheduling::Scheduling;
use scheduling::model::appointment::Appointment;
use scheduling::permission::AppointmentsWrite;
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::{AppointmentWire, NewAppointment};
use crate::{Body, Created, Guard, Problem, operation};

/// Book an appointment
///
/// A place that is taken is a conflict that names the kind of resource and up to three alternatives; without a
/// practitioner anyone who gives the service is booked. Patients and caregivers book slots, staff any minute of a window.
#[operation(refuses(Conflict))]
pub async fn create_appointment(
    guard: Guard<AppointmentsWrite>,
    scheduling: Env<Scheduling>,
    body: Body<NewAppointment>,
) -> Result<Created<AppointmentWire>, Problem> {
    let permit = guard.permit(&body);
    let ask = body.into_inner().into_ask(guard.session()?)?;
    Ok(usecase::book(&scheduling, &permit, ask, created).await?.into())
}

fn created(appointment: &Appointment) -> StoredReply {
    let location = format!("/api/v1/appointments/{}", appointment.parts().id);
    Created::reply(&AppointmentWire::from(appointment), location, Some(appointment.parts().version))
}
