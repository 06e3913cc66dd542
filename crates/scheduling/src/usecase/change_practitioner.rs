//! Changing a practitioner's profile.

use kernel::ids::PractitionerId;
use kernel::{Change, Committed, Permit, Reply, StoreError, commit, unchanged, unit_of_work};

use super::add_practitioner::PractitionerError;
use super::references::unknown_references;
use crate::Scheduling;
use crate::model::claim::Claimed;
use crate::model::patch::PractitionerPatch;
use crate::model::practitioner::Practitioner;
use crate::permission::PractitionersManage;

/// What to change.
#[derive(Clone, Debug)]
pub struct ChangePractitioner {
    /// Whose profile.
    pub practitioner_id: PractitionerId,
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// The change.
    pub patch: PractitionerPatch,
}

/// Changes a profile by merge patch; naming what is there already changes nothing and leaves no entry.
pub async fn change_practitioner(
    env: &Scheduling,
    permit: &Permit<PractitionersManage>,
    ask: ChangePractitioner,
    reply: Reply<Practitioner>,
) -> Result<Committed<Practitioner>, PractitionerError> {
    unit_of_work(async || change(env, permit, &ask, reply).await).await
}

/// With the lock of the agenda: a booking decides by the profile.
async fn change(
    env: &Scheduling,
    permit: &Permit<PractitionersManage>,
    ask: &ChangePractitioner,
    reply: Reply<Practitioner>,
) -> Result<Committed<Practitioner>, PractitionerError> {
    let agenda = [Claimed::Practitioner(ask.practitioner_id)];
    let tx = env.db.begin_on_agendas(permit.scope(), &agenda).await?;
    let now = env.clock.now();
    let before = tx.practitioner_by_id(ask.practitioner_id).await?.ok_or(PractitionerError::NotFound)?;
    if ask.seen_version.is_some_and(|seen| seen != before.version()) {
        return Err(PractitionerError::Stale);
    }
    let after = before.changed(ask.patch.clone());
    if after == before {
        return Ok(unchanged(tx, after, reply).await?);
    }
    let unknown = unknown_references(&*tx, after.profile()).await?;
    if !unknown.is_empty() {
        return Err(PractitionerError::UnknownReference(unknown));
    }
    if !tx.practitioner_save(&after, now).await? {
        // Changed since it was read here: again, and stale only for who named a version.
        return Err(StoreError::Contended.into());
    }
    let change = Change::updated(after.id(), after.version(), &before.facts(), &after.facts());
    let journal = permit.journal(after.id(), now).changed(change);
    Ok(commit(tx, journal, after, reply).await?)
}
