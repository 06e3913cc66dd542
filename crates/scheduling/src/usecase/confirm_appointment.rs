//! Confirming that the patient will come (B11).

use events::scheduling::AppointmentConfirmed;
use kernel::ids::AppointmentId;
use kernel::{Change, Committed, Permit, Reply, StoreError, commit, unchanged, unit_of_work};

use super::move_appointment::MoveAppointmentError;
use crate::Scheduling;
use crate::model::appointment::{Appointment, Outcome};
use crate::permission::AppointmentsWrite;

/// What to confirm.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmAppointment {
    /// The appointment.
    pub appointment_id: AppointmentId,
    /// The version the caller has seen, if they say so.
    pub seen_version: Option<i64>,
}

/// Confirms attendance; repeating it changes nothing, leaves no entry and tells nobody.
pub async fn confirm_appointment(
    env: &Scheduling,
    permit: &Permit<AppointmentsWrite>,
    ask: ConfirmAppointment,
    reply: Reply<Appointment>,
) -> Result<Committed<Appointment>, MoveAppointmentError> {
    unit_of_work(async || confirm(env, permit, ask, reply).await).await
}

async fn confirm(
    env: &Scheduling,
    permit: &Permit<AppointmentsWrite>,
    ask: ConfirmAppointment,
    reply: Reply<Appointment>,
) -> Result<Committed<Appointment>, MoveAppointmentError> {
    let (now, reach) = (env.clock.now(), permit.scope().reach());
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.appointment_by_id(ask.appointment_id).await?.ok_or(MoveAppointmentError::NotFound)?;
    if ask.seen_version.is_some_and(|seen| seen != before.parts().version) {
        return Err(MoveAppointmentError::Stale);
    }
    let Outcome::Changed(after) = before.confirm(now)? else {
        return Ok(unchanged(tx, before.seen_from(reach), reply).await?);
    };
    if !tx.appointment_save(&after).await? {
        return Err(StoreError::Contended.into());
    }
    let change = Change::updated(ask.appointment_id, after.parts().version, &before.facts(), &after.facts());
    let journal = permit.journal(ask.appointment_id, now).changed(change).with(&AppointmentConfirmed(after.state()));
    Ok(commit(tx, journal, after.seen_from(reach), reply).await?)
}
