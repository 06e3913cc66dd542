//! Calling an appointment off (B8, B9).

use events::scheduling::AppointmentCancelled;
use kernel::ids::AppointmentId;
use kernel::{Actor, Change, Committed, Permit, Reply, StoreError, commit, unchanged, unit_of_work};

use super::move_appointment::MoveAppointmentError;
use crate::Scheduling;
use crate::model::appointment::{Appointment, CancelAsk, Outcome, RequestedBy};
use crate::model::claim::Claimed;
use crate::model::words::{Label, Note};
use crate::permission::AppointmentsWrite;

/// What to cancel.
#[derive(Clone, Debug)]
pub struct CancelAppointment {
    /// The appointment.
    pub appointment_id: AppointmentId,
    /// The version the caller has seen, if they say so.
    pub seen_version: Option<i64>,
    /// For whom; absent: the side that the caller is on. A patient cannot say that it is for the clinic.
    pub requested_by: Option<RequestedBy>,
    /// The company's code of the reason.
    pub reason_code: Option<Label>,
    /// The reason in words.
    pub reason: Option<Note>,
}

/// Cancels and frees the time at once; repeating it changes nothing, leaves no entry and tells nobody.
pub async fn cancel_appointment(
    env: &Scheduling,
    permit: &Permit<AppointmentsWrite>,
    ask: CancelAppointment,
    reply: Reply<Appointment>,
) -> Result<Committed<Appointment>, MoveAppointmentError> {
    let patient_side = permit.scope().reach().is_patient_side();
    let requested_by = match ask.requested_by {
        Some(RequestedBy::Clinic) if patient_side => return Err(MoveAppointmentError::OutOfReach),
        Some(by) => by,
        None if patient_side => RequestedBy::Patient,
        None => RequestedBy::Clinic,
    };
    let by = match permit.actor() {
        Actor::Member { membership, .. } => Some(membership),
        Actor::ApiKey(_) | Actor::System(_) => None,
    };
    let words = CancelAsk { requested_by, by, reason_code: ask.reason_code.clone(), reason: ask.reason.clone() };
    unit_of_work(async || cancel(env, permit, &ask, &words, reply).await).await
}

async fn cancel(
    env: &Scheduling,
    permit: &Permit<AppointmentsWrite>,
    ask: &CancelAppointment,
    words: &CancelAsk,
    reply: Reply<Appointment>,
) -> Result<Committed<Appointment>, MoveAppointmentError> {
    let reach = permit.scope().reach();
    let seen = env.db.view(permit.scope()).await?.appointment_by_id(ask.appointment_id).await?;
    let locks = agendas(&seen.ok_or(MoveAppointmentError::NotFound)?);
    let tx = env.db.begin_on_agendas(permit.scope(), &locks).await?;
    let now = env.clock.now();
    let before = tx.appointment_by_id(ask.appointment_id).await?.ok_or(MoveAppointmentError::NotFound)?;
    if ask.seen_version.is_some_and(|seen| seen != before.parts().version) {
        return Err(MoveAppointmentError::Stale);
    }
    if agendas(&before) != locks {
        // Moved to another agenda before it was locked: again, with that one's lock.
        return Err(StoreError::Contended.into());
    }
    let Outcome::Changed(after) = before.cancel(words.clone(), now)? else {
        return Ok(unchanged(tx, before.seen_from(reach), reply).await?);
    };
    if !tx.appointment_save(&after).await? {
        return Err(StoreError::Contended.into());
    }
    let change = Change::updated(ask.appointment_id, after.parts().version, &before.facts(), &after.facts());
    let journal = permit.journal(ask.appointment_id, now).changed(change).with(&AppointmentCancelled(after.state()));
    Ok(commit(tx, journal, after.seen_from(reach), reply).await?)
}

fn agendas(appointment: &Appointment) -> Vec<Claimed> {
    appointment.claims().into_iter().map(|claim| claim.claimed).collect()
}
