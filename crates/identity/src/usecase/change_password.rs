//! Changing one's password, by somebody who knows the present one (I6).

use chrono::{DateTime, Utc};
use kernel::ids::{AccountId, SessionId};
use kernel::{
    Actor, Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unheard, unit_of_work,
};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::ended_sessions::EndedSessions;
use super::held_off::seconds_held_off;
use super::reset_password::with_new_password;
use crate::Identity;
use crate::model::account::Account;
use crate::model::backoff::{AttemptKey, FORGET_AFTER};
use crate::model::password::{Password, PasswordAttempt, PasswordHash};
use crate::model::session::Ending;
use crate::permission;
use crate::ports::HashingFailed;

/// The present password and the next.
#[derive(Debug)]
pub struct ChangePassword {
    /// What was typed as the present one.
    pub current: PasswordAttempt,
    /// The next.
    pub new: Password,
}

/// Why the password stays.
#[derive(Debug, Error)]
pub enum ChangePasswordError {
    /// There is no account.
    #[error("no account")]
    NoAccount,
    /// The account has no password yet: a link that is mailed sets the first one.
    #[error("the account has no password")]
    NoPassword,
    /// What was typed is not the present password.
    #[error("wrong password")]
    WrongPassword,
    /// Too many wrong ones came before; whether this one is right is not looked at.
    #[error("too many wrong passwords for this account")]
    AccountLocked {
        /// In how many seconds another try is accepted.
        retry_after: i64,
    },
    /// No password could be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for ChangePasswordError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoAccount => Kind::Unauthenticated,
            Self::NoPassword => Kind::Conflict,
            Self::WrongPassword => Kind::Invalid,
            Self::AccountLocked { .. } => Kind::RateLimited,
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoAccount => "unauthenticated",
            Self::NoPassword => "identity.no_password",
            Self::WrongPassword => "identity.wrong_password",
            Self::AccountLocked { .. } => "identity.account_locked",
            Self::Hashing(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::WrongPassword => vec![Fault::at("/current_password", "identity.wrong_password")],
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::AccountLocked { retry_after } => Map::from_iter([("retry_after".to_owned(), json!(retry_after))]),
            _ => Map::new(),
        }
    }
}

impl FromStore for ChangePasswordError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Sets another password and ends the account's other sessions. Wrong ones count as those of sign-in do: a stolen session
/// is no way around the back-off.
pub async fn change_password(
    env: &Identity,
    permit: &Permit<permission::ChangePassword>,
    ask: ChangePassword,
    reply: Reply<AccountId>,
) -> Result<Committed<AccountId>, ChangePasswordError> {
    let Actor::Member { account: id, session, .. } = permit.actor() else {
        return Err(ChangePasswordError::NoAccount);
    };
    let now = env.clock.now();
    let (account, held_off) = look_up(env, id, now).await?;
    let Some(known) = account.password.clone() else { return Err(ChangePasswordError::NoPassword) };
    // Before the password is compared: while one waits, right and wrong ones are answered alike.
    if let Some(retry_after) = held_off {
        return Err(ChangePasswordError::AccountLocked { retry_after });
    }
    let (right, _) = env.passwords.verify(ask.current, known.clone()).await?;
    if !right {
        return Err(unit_of_work(async || refuse(env, permit, &account, now).await).await?);
    }
    let new = env.passwords.hash(ask.new).await?;
    unit_of_work(async || write(env, permit, (id, session), (&known, &new), reply).await).await
}

/// The account, and for how many seconds it is held off.
async fn look_up(
    env: &Identity,
    id: AccountId,
    now: DateTime<Utc>,
) -> Result<(Account, Option<i64>), ChangePasswordError> {
    let view = env.db.view_across_tenants("change a password").await?;
    let account = view.account_by_id(id).await?.ok_or(ChangePasswordError::NoAccount)?;
    let held_off = seconds_held_off(view.as_ref(), &account, now).await?;
    Ok((account, held_off))
}

async fn refuse(
    env: &Identity,
    permit: &Permit<permission::ChangePassword>,
    account: &Account,
    now: DateTime<Utc>,
) -> Result<ChangePasswordError, StoreError> {
    let tx = env.db.begin_across_tenants("wrong password").await?;
    let keys = AttemptKey::of_sign_in(&account.email, permit.origin().ip);
    tx.failure_add(&keys, now, now - FORGET_AFTER).await?;
    let (tenant, origin) = (permit.scope().tenant(), permit.origin().clone());
    let failed = Permit::<permission::SignInFailed>::system(tenant, "wrong password", origin);
    let journal = failed.journal(account.id, now);
    Ok(commit(tx, journal, ChangePasswordError::WrongPassword, unheard).await?.into_value())
}

async fn write(
    env: &Identity,
    permit: &Permit<permission::ChangePassword>,
    (id, session): (AccountId, SessionId),
    (known, new): (&PasswordHash, &PasswordHash),
    reply: Reply<AccountId>,
) -> Result<Committed<AccountId>, ChangePasswordError> {
    let (now, here) = (env.clock.now(), permit.scope().tenant());
    let tx = env.db.begin_across_tenants("change a password").await?;
    let account = tx.account_locked(id).await?.ok_or(ChangePasswordError::NoAccount)?;
    if account.password.as_ref() != Some(known) {
        // It was changed while this one was being hashed; what was proved is of yesterday.
        return Err(StoreError::Contended.into());
    }
    let before = account.facts();
    let account = account.with_password(new.clone());
    tx.account_password_set(&account).await?;
    tx.password_resets_spent(id, now).await?;
    tx.failures_forget(&AttemptKey::account(&account.email)).await?;
    let ended = EndedSessions::of(tx.as_ref(), id, Some(session), Ending::PasswordChanged, now).await?;
    ended.tell_other_companies(tx.as_ref(), (here, "password changed"), permit.origin(), now).await?;
    let change = Change::updated(id, account.version, &before, &with_new_password(account.facts()));
    let journal = ended.told(permit.journal(id, now).changed(change), here);
    let done = commit(tx, journal, id, reply).await?;
    ended.forget(env);
    Ok(done)
}
