//! Removing an override of a date, or a leave.

use kernel::ids::{PractitionerId, ScheduleExceptionId};
use kernel::{Change, Committed, Permit, Reply, commit, unit_of_work};

use super::availability_refused::{AvailabilityError, own_hours};
use crate::Scheduling;
use crate::model::claim::Claimed;
use crate::permission::AvailabilityWrite;

/// What to remove.
#[derive(Clone, Copy, Debug)]
pub struct RemoveException {
    /// Whose hours it changes.
    pub practitioner_id: PractitionerId,
    /// The exception.
    pub exception_id: ScheduleExceptionId,
}

/// Removes an exception.
pub async fn remove_exception(
    env: &Scheduling,
    permit: &Permit<AvailabilityWrite>,
    ask: RemoveException,
    reply: Reply<()>,
) -> Result<Committed<()>, AvailabilityError> {
    own_hours(permit, ask.practitioner_id)?;
    unit_of_work(async || remove(env, permit, ask, reply).await).await
}

async fn remove(
    env: &Scheduling,
    permit: &Permit<AvailabilityWrite>,
    ask: RemoveException,
    reply: Reply<()>,
) -> Result<Committed<()>, AvailabilityError> {
    let now = env.clock.now();
    let tx = env.db.begin_on_agendas(permit.scope(), &[Claimed::Practitioner(ask.practitioner_id)]).await?;
    let before = tx.availability_of(ask.practitioner_id).await?.ok_or(AvailabilityError::NotFound)?;
    let gone = before.exception(ask.exception_id).ok_or(AvailabilityError::NotFound)?;
    tx.exception_remove(ask.practitioner_id, ask.exception_id).await?;
    if !tx.availability_bump(ask.practitioner_id, before.version).await? {
        return Err(AvailabilityError::Stale);
    }
    let change = Change::removed(gone.id, before.version + 1, gone.facts().about(ask.practitioner_id));
    let journal = permit.journal(ask.practitioner_id, now).changed(change);
    Ok(commit(tx, journal, (), reply).await?)
}
