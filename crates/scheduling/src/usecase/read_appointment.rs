//! Reading one appointment.

use kernel::Permit;
use kernel::ids::AppointmentId;

use super::read_service::ReadError;
use crate::Scheduling;
use crate::model::appointment::Appointment;
use crate::permission::AppointmentsRead;

/// The appointment, as the caller may see it.
pub async fn read_appointment(
    env: &Scheduling,
    permit: &Permit<AppointmentsRead>,
    id: AppointmentId,
) -> Result<Appointment, ReadError> {
    let view = env.db.view(permit.scope()).await?;
    let appointment = view.appointment_by_id(id).await?.ok_or(ReadError::NotFound)?;
    Ok(appointment.seen_from(permit.scope().reach()))
}
