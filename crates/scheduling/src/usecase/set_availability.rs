//! Replacing a practitioner's weekly windows in one clinic.

use kernel::ids::{ClinicId, PractitionerId, ScheduleId};
use kernel::{Change, Committed, Permit, Reply, commit, unit_of_work};

use super::availability_refused::{AvailabilityError, own_hours};
use crate::Scheduling;
use crate::model::availability::Availability;
use crate::model::claim::Claimed;
use crate::model::weekly::WeeklySchedule;
use crate::permission::AvailabilityWrite;
use crate::ports::SchedulingTx;

/// What to replace.
#[derive(Clone, Debug)]
pub struct SetAvailability {
    /// Whose windows.
    pub practitioner_id: PractitionerId,
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// The windows of one clinic.
    pub schedule: WeeklySchedule,
}

/// Replaces the weekly windows of one clinic; those of other clinics and the exceptions stay (C9).
pub async fn set_availability(
    env: &Scheduling,
    permit: &Permit<AvailabilityWrite>,
    ask: SetAvailability,
    reply: Reply<Availability>,
) -> Result<Committed<Availability>, AvailabilityError> {
    own_hours(permit, ask.practitioner_id)?;
    unit_of_work(async || replace(env, permit, &ask, reply).await).await
}

async fn replace(
    env: &Scheduling,
    permit: &Permit<AvailabilityWrite>,
    ask: &SetAvailability,
    reply: Reply<Availability>,
) -> Result<Committed<Availability>, AvailabilityError> {
    let (now, id): (_, ScheduleId) = (env.clock.now(), env.ids.next());
    let agenda = [Claimed::Practitioner(ask.practitioner_id)];
    let tx = env.db.begin_on_agendas(permit.scope(), &agenda).await?;
    let before = tx.availability_of(ask.practitioner_id).await?.ok_or(AvailabilityError::NotFound)?;
    if ask.seen_version.is_some_and(|seen| seen != before.version) {
        return Err(AvailabilityError::Stale);
    }
    works_there(&*tx, &before, ask.schedule.clinic_id()).await?;
    let after = before.replaced(id, ask.schedule.clone());
    tx.schedule_replace(ask.practitioner_id, id, &ask.schedule).await?;
    if !tx.availability_bump(ask.practitioner_id, before.version).await? {
        return Err(AvailabilityError::Stale);
    }
    let change = Change::updated(id, after.version, &before.facts(), &after.facts());
    let journal = permit.journal(ask.practitioner_id, now).changed(change);
    Ok(commit(tx, journal, after, reply).await?)
}

/// The clinic is the company's, and one of the practitioner's.
pub(super) async fn works_there(
    tx: &dyn SchedulingTx,
    availability: &Availability,
    clinic: ClinicId,
) -> Result<(), AvailabilityError> {
    availability.zone(clinic).ok_or(AvailabilityError::UnknownClinic)?;
    let practitioner = tx.practitioner_by_id(availability.practitioner_id).await?.ok_or(AvailabilityError::NotFound)?;
    if practitioner.works_in(clinic) { Ok(()) } else { Err(AvailabilityError::NotTheirClinic) }
}
