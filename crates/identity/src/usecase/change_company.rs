//! Changing the caller's company.

use kernel::{Change, Committed, Permit, Reply, commit, unchanged, unit_of_work};

use super::change_refused::{ChangeRefused, fresh};
use crate::Identity;
use crate::model::company::{Company, CompanyPatch};
use crate::permission;

/// What to change.
#[derive(Debug)]
pub struct ChangeCompany {
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// The change.
    pub patch: CompanyPatch,
}

/// Changes the company by merge patch; naming what is there already changes nothing and leaves no entry.
pub async fn change_company(
    env: &Identity,
    permit: &Permit<permission::CompanyManage>,
    ask: ChangeCompany,
    reply: Reply<Company>,
) -> Result<Committed<Company>, ChangeRefused> {
    let done = unit_of_work(async || change(env, permit, &ask, reply).await).await?;
    // Telephone numbers are read by the company's country, which its callers bring with them.
    env.callers.forget_company(permit.scope().tenant());
    Ok(done)
}

async fn change(
    env: &Identity,
    permit: &Permit<permission::CompanyManage>,
    ask: &ChangeCompany,
    reply: Reply<Company>,
) -> Result<Committed<Company>, ChangeRefused> {
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.company().await?;
    fresh(ask.seen_version, before.version)?;
    let after = before.changed(ask.patch.clone());
    if after == before {
        return Ok(unchanged(tx, after, reply).await?);
    }
    tx.company_update(&after).await?;
    let change = Change::updated(after.id, after.version, &before.facts(), &after.facts());
    Ok(commit(tx, permit.journal(after.id, env.clock.now()).changed(change), after, reply).await?)
}
