//! Changing a clinic.

use kernel::ids::ClinicId;
use kernel::{Change, Committed, Permit, Reply, commit, unchanged, unit_of_work};

use super::change_refused::{ChangeRefused, fresh};
use crate::Identity;
use crate::model::clinic::{Clinic, ClinicPatch};
use crate::permission;

/// What to change.
#[derive(Debug)]
pub struct ChangeClinic {
    /// Which clinic.
    pub clinic: ClinicId,
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// The change.
    pub patch: ClinicPatch,
}

/// Changes a clinic by merge patch; naming what is there already changes nothing and leaves no entry.
pub async fn change_clinic(
    env: &Identity,
    permit: &Permit<permission::CompanyManage>,
    ask: ChangeClinic,
    reply: Reply<Clinic>,
) -> Result<Committed<Clinic>, ChangeRefused> {
    unit_of_work(async || change(env, permit, &ask, reply).await).await
}

async fn change(
    env: &Identity,
    permit: &Permit<permission::CompanyManage>,
    ask: &ChangeClinic,
    reply: Reply<Clinic>,
) -> Result<Committed<Clinic>, ChangeRefused> {
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.clinic_by_id(ask.clinic).await?.ok_or(ChangeRefused::NotFound)?;
    fresh(ask.seen_version, before.version)?;
    let after = before.changed(ask.patch.clone()).map_err(ChangeRefused::Invalid)?;
    if after == before {
        return Ok(unchanged(tx, after, reply).await?);
    }
    tx.clinic_update(&after).await?;
    let change = Change::updated(after.id, after.version, &before.facts(), &after.facts());
    Ok(commit(tx, permit.journal(after.id, env.clock.now()).changed(change), after, reply).await?)
}
