//! Changing the settings of the caller's company.

use kernel::ids::SettingsId;
use kernel::{Change, Committed, Permit, Reply, commit, unchanged, unit_of_work};

use super::change_refused::{ChangeRefused, by_a_person, fresh};
use crate::Identity;
use crate::model::settings::{CompanySettings, SettingsPatch};
use crate::permission;

/// What to change.
#[derive(Debug)]
pub struct ChangeSettings {
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// The change.
    pub patch: SettingsPatch,
}

/// Changes the settings by merge patch, the company's language with them; naming what is there already changes nothing and
/// leaves no entry. How accounts are guarded is set by people alone (I9). What sessions obey is obeyed at once in this process, and everywhere within the callers' time.
pub async fn change_settings(
    env: &Identity,
    permit: &Permit<permission::SettingsManage>,
    ask: ChangeSettings,
    reply: Reply<CompanySettings>,
) -> Result<Committed<CompanySettings>, ChangeRefused> {
    let done = unit_of_work(async || change(env, permit, &ask, reply).await).await?;
    env.callers.forget_company(permit.scope().tenant());
    Ok(done)
}

async fn change(
    env: &Identity,
    permit: &Permit<permission::SettingsManage>,
    ask: &ChangeSettings,
    reply: Reply<CompanySettings>,
) -> Result<Committed<CompanySettings>, ChangeRefused> {
    let (now, tenant) = (env.clock.now(), permit.scope().tenant());
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.company_settings(tenant).await?;
    fresh(ask.seen_version, before.version)?;
    let after = before.changed(ask.patch.clone()).map_err(ChangeRefused::Invalid)?;
    if after == before {
        return Ok(unchanged(tx, after, reply).await?);
    }
    if !after.guards_as(&before) {
        by_a_person(permit)?;
    }
    tx.settings_save(&after).await?;
    let id = SettingsId::from_uuid(tenant.uuid());
    let change = Change::updated(id, after.version, &before.facts(), &after.facts());
    let mut journal = permit.journal(id, now).changed(change);
    if after.locale != before.locale {
        let company = tx.company().await?;
        let moved = company.in_language(after.locale);
        tx.company_update(&moved).await?;
        journal = journal.changed(Change::updated(moved.id, moved.version, &company.facts(), &moved.facts()));
    }
    Ok(commit(tx, journal, after, reply).await?)
}
