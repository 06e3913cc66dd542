//! Setting a new password by the link that was mailed (I10).

use kernel::ids::AccountId;
use kernel::{
    Change, Committed, Facts, FromStore, Kind, Origin, Permit, Refusal, Reply, StoreError, commit, unit_of_work,
};
use thiserror::Error;

use super::ended_sessions::EndedSessions;
use crate::Identity;
use crate::model::backoff::AttemptKey;
use crate::model::password::{Password, PasswordHash};
use crate::model::session::{Ending, Secret};
use crate::permission;
use crate::ports::HashingFailed;

/// Who sets which password.
#[derive(Debug)]
pub struct ResetPassword {
    /// What the link holds.
    pub secret: Secret,
    /// The new password.
    pub password: Password,
}

/// Why no password was set.
#[derive(Debug, Error)]
pub enum ResetPasswordError {
    /// Unknown, used before, or too late.
    #[error("the link is not valid any more")]
    Invalid,
    /// No password could be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for ResetPasswordError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid => Kind::Invalid,
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "identity.link_invalid",
            Self::Hashing(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for ResetPasswordError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Spends the link's secret, and every other one of the account; sets the password, ends all sessions of the account, and
/// forgives it the wrong passwords, and the links asked for, before.
pub async fn reset_password(
    env: &Identity,
    origin: &Origin,
    ask: ResetPassword,
    reply: Reply<AccountId>,
) -> Result<Committed<AccountId>, ResetPasswordError> {
    let now = env.clock.now();
    let ResetPassword { secret, password } = ask;
    let hash = secret.hash();
    // Looked at before anything is hashed: a link that is none costs no Argon2.
    let known = env.db.view_across_tenants("reset a password").await?.password_reset(&hash).await?;
    let known = known.filter(|reset| reset.is_open(now)).ok_or(ResetPasswordError::Invalid)?;
    let password = env.passwords.hash(password).await?;
    unit_of_work(async || write(env, origin, (known.account, &hash), &password, reply).await).await
}

async fn write(
    env: &Identity,
    origin: &Origin,
    (account, hash): (AccountId, &[u8; 32]),
    password: &PasswordHash,
    reply: Reply<AccountId>,
) -> Result<Committed<AccountId>, ResetPasswordError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("reset a password").await?;
    // The account before its links, as whoever changes a password locks them.
    let account = tx.account_locked(account).await?.ok_or(ResetPasswordError::Invalid)?;
    let reset = tx.password_reset_locked(hash).await?.filter(|reset| reset.is_open(now));
    let reset = reset.ok_or(ResetPasswordError::Invalid)?;
    let before = account.facts();
    let account = account.reset(password.clone(), now);
    tx.account_password_set(&account).await?;
    tx.password_resets_spent(account.id, now).await?;
    tx.failures_forget(&AttemptKey::account(&account.email)).await?;
    tx.failures_forget(&AttemptKey::reset(&account.email)).await?;
    let ended = EndedSessions::of(tx.as_ref(), account.id, None, Ending::PasswordChanged, now).await?;
    ended.tell_other_companies(tx.as_ref(), (reset.tenant, "password changed"), origin, now).await?;

    let permit = Permit::<permission::ResetPassword>::system(reset.tenant, "reset a password", origin.clone());
    let change = Change::updated(account.id, account.version, &before, &with_new_password(account.facts()));
    let journal = ended.told(permit.journal(account.id, now).changed(change), reset.tenant);
    let done = commit(tx, journal, account.id, reply).await?;
    ended.forget(env);
    Ok(done)
}

/// That the password is another one is all that a journal says of it.
pub(super) fn with_new_password(facts: Facts) -> Facts {
    facts.open("password", "changed")
}
