//! Changing what is one's own in every company: name, language, preferences.

use kernel::seal::CannotOpen;
use kernel::{
    Actor, Change, Committed, Fault, FromStore, Hold, Kind, Permit, Refusal, Reply, StoreError, commit, unchanged,
    unit_of_work,
};
use thiserror::Error;

use super::me::Me;
use crate::Identity;
use crate::model::account::AccountChange;
use crate::model::csrf::CsrfToken;
use crate::model::preferences::TooManyPreferences;
use crate::permission;

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum UpdateMeError {
    /// The membership is gone.
    #[error("no such member")]
    Gone,
    /// The preferences would be too long.
    #[error(transparent)]
    Preferences(#[from] TooManyPreferences),
    /// The session's CSRF token could not be made.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for UpdateMeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Gone => Kind::Unauthenticated,
            Self::Preferences(_) => Kind::Invalid,
            Self::Sealing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Gone => "unauthenticated",
            Self::Preferences(_) => "out_of_range",
            Self::Sealing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Preferences(_) => vec![Fault::at("/preferences", "out_of_range")],
            _ => Vec::new(),
        }
    }
}

impl FromStore for UpdateMeError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Changes the caller's account. The name shown in this company follows the account's while it is the same; what the company
/// calls its member otherwise stays.
pub async fn update_me(
    env: &Identity,
    permit: &Permit<permission::UpdateMe>,
    ask: AccountChange,
    hold: Option<Hold>,
    reply: Reply<Me>,
) -> Result<Committed<Me>, UpdateMeError> {
    unit_of_work(async || update(env, permit, (&ask, hold), reply).await).await
}

async fn update(
    env: &Identity,
    permit: &Permit<permission::UpdateMe>,
    (ask, hold): (&AccountChange, Option<Hold>),
    reply: Reply<Me>,
) -> Result<Committed<Me>, UpdateMeError> {
    let Actor::Member { account, membership, session } = permit.actor() else { return Err(UpdateMeError::Gone) };
    let (now, tenant) = (env.clock.now(), permit.scope().tenant());
    let csrf_token = CsrfToken::of(&env.keyring, tenant, session)?;
    let tx = env.db.begin_across_tenants("change one's account").await?;
    let account = tx.account_locked(account).await?.ok_or(UpdateMeError::Gone)?;
    let profile = tx.profile(tenant, membership).await?.ok_or(UpdateMeError::Gone)?;
    let totp_enabled = tx.totp_of_account(account.id).await?.is_some_and(|totp| totp.is_on());
    let mut me = Me { profile, csrf_token, totp_enabled, hold };
    let changed = account.changed(ask.clone())?;
    if changed == account {
        return Ok(unchanged(tx, me, reply).await?);
    }
    tx.account_changed(&changed).await?;
    let change = Change::updated(changed.id, changed.version, &account.facts(), &changed.facts());
    let mut journal = permit.journal(changed.id, now).changed(change);
    let member = &me.profile.membership;
    if member.display_name == account.name && changed.name != account.name {
        let renamed = member.clone().renamed(changed.name.clone());
        tx.membership_renamed(&renamed).await?;
        let change = Change::updated(renamed.id, renamed.version, &member.facts(), &renamed.facts());
        journal = journal.changed(change);
        me.profile.membership = renamed;
    }
    me.profile.account = changed;
    Ok(commit(tx, journal, me, reply).await?)
}
