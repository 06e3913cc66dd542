//! Adding an override of a date, or a leave.

use kernel::ids::PractitionerId;
use kernel::{Change, Committed, Permit, Reply, commit, unit_of_work};

use super::availability_refused::{AvailabilityError, own_hours};
use super::set_availability::works_there;
use crate::Scheduling;
use crate::model::availability::{Effect, ScheduleException};
use crate::model::claim::Claimed;
use crate::model::words::Note;
use crate::permission::AvailabilityWrite;

/// What to add.
#[derive(Clone, Debug)]
pub struct AddException {
    /// Whose hours it changes.
    pub practitioner_id: PractitionerId,
    /// What it does; an override takes the place of another of the same date and clinic.
    pub effect: Effect,
    /// Why.
    pub note: Option<Note>,
}

/// An exception with its owner.
#[derive(Clone, Debug)]
pub struct AddedException {
    /// Whose hours it changes.
    pub practitioner_id: PractitionerId,
    /// The exception.
    pub exception: ScheduleException,
}

/// Adds an exception. What is booked already stays booked.
pub async fn add_exception(
    env: &Scheduling,
    permit: &Permit<AvailabilityWrite>,
    ask: AddException,
    reply: Reply<AddedException>,
) -> Result<Committed<AddedException>, AvailabilityError> {
    own_hours(permit, ask.practitioner_id)?;
    unit_of_work(async || add(env, permit, &ask, reply).await).await
}

async fn add(
    env: &Scheduling,
    permit: &Permit<AvailabilityWrite>,
    ask: &AddException,
    reply: Reply<AddedException>,
) -> Result<Committed<AddedException>, AvailabilityError> {
    let now = env.clock.now();
    let tx = env.db.begin_on_agendas(permit.scope(), &[Claimed::Practitioner(ask.practitioner_id)]).await?;
    let before = tx.availability_of(ask.practitioner_id).await?.ok_or(AvailabilityError::NotFound)?;
    if let Effect::Override { clinic_id, .. } = ask.effect {
        works_there(&*tx, &before, clinic_id).await?;
    }
    let one = ScheduleException { id: env.ids.next(), effect: ask.effect.clone(), note: ask.note.clone() };
    let version = before.version + 1;
    let mut journal = permit.journal(ask.practitioner_id, now);
    for replaced in before.exceptions.iter().filter(|old| old.effect.same_day(&one.effect)) {
        tx.exception_remove(ask.practitioner_id, replaced.id).await?;
        journal = journal.changed(Change::removed(replaced.id, version, replaced.facts().about(ask.practitioner_id)));
    }
    tx.exception_add(ask.practitioner_id, &one).await?;
    if !tx.availability_bump(ask.practitioner_id, before.version).await? {
        return Err(AvailabilityError::Stale);
    }
    let journal = journal.changed(Change::created(one.id, version, one.facts().about(ask.practitioner_id)));
    let added = AddedException { practitioner_id: ask.practitioner_id, exception: one };
    Ok(commit(tx, journal, added, reply).await?)
}
