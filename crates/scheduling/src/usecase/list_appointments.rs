//! Listing appointments.

use kernel::{Page, Permit, StoreError};

use crate::Scheduling;
use crate::model::appointment::Appointment;
use crate::permission::AppointmentsRead;
use crate::ports::AppointmentList;

/// A page of the appointments within the caller's reach, as the caller may see them.
pub async fn list_appointments(
    env: &Scheduling,
    permit: &Permit<AppointmentsRead>,
    ask: &AppointmentList,
) -> Result<Page<Appointment>, StoreError> {
    let page = env.db.view(permit.scope()).await?.appointment_list(ask).await?;
    Ok(page.map(|appointment| appointment.seen_from(permit.scope().reach())))
}
