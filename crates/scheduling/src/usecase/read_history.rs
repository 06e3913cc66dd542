//! Reading what happened to an appointment.

use kernel::Permit;
use kernel::ids::AppointmentId;

use super::read_service::ReadError;
use crate::Scheduling;
use crate::model::history::HistoryEntry;
use crate::permission::AppointmentsRead;

/// The acts on an appointment, oldest first, as the caller may see them.
pub async fn read_history(
    env: &Scheduling,
    permit: &Permit<AppointmentsRead>,
    id: AppointmentId,
) -> Result<Vec<HistoryEntry>, ReadError> {
    let view = env.db.view(permit.scope()).await?;
    let entries = view.appointment_history(id).await?.ok_or(ReadError::NotFound)?;
    if permit.scope().reach().is_patient_side() {
        return Ok(entries.into_iter().map(HistoryEntry::without_clinic_fields).collect());
    }
    Ok(entries)
}
