//! Turning a second factor on, by a code that proves that the app has the seed (I7).

use chrono::{DateTime, Utc};
use kernel::ids::{SessionId, TenantId};
use kernel::seal::CannotOpen;
use kernel::{
    Actor, Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unit_of_work,
};
use thiserror::Error;

use super::ended_sessions::EndedSessions;
use crate::Identity;
use crate::model::second_factor::{FactorCode, RECOVERY_CODES, RecoveryCode};
use crate::model::session::Ending;
use crate::permission;
use crate::ports::AcrossTx;

/// Why it was not turned on.
#[derive(Debug, Error)]
pub enum ConfirmTotpError {
    /// None was begun.
    #[error("no second factor was begun")]
    NotBegun,
    /// It is on.
    #[error("the second factor is on already")]
    AlreadyOn,
    /// The code is not one of the app's at this time.
    #[error("the code is wrong")]
    WrongCode,
    /// The caller is no person with an account.
    #[error("no account")]
    NoAccount,
    /// The seed does not open.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for ConfirmTotpError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotBegun | Self::AlreadyOn => Kind::Conflict,
            Self::WrongCode => Kind::Invalid,
            Self::NoAccount => Kind::Unauthenticated,
            Self::Sealing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotBegun => "identity.totp_not_begun",
            Self::AlreadyOn => "identity.totp_already_on",
            Self::WrongCode => "identity.totp_code_wrong",
            Self::NoAccount => "unauthenticated",
            Self::Sealing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::WrongCode => vec![Fault::at("/totp_code", "identity.totp_code_wrong")],
            _ => Vec::new(),
        }
    }
}

impl FromStore for ConfirmTotpError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Turns the second factor on and gives the recovery codes, this once. A session that waited for it is free at once; the
/// account's others end, in all of its companies, because nobody has proved a second factor in them.
pub async fn confirm_totp(
    env: &Identity,
    permit: &Permit<permission::ConfirmTotp>,
    code: &FactorCode,
    reply: Reply<Vec<RecoveryCode>>,
) -> Result<Committed<Vec<RecoveryCode>>, ConfirmTotpError> {
    unit_of_work(async || confirm(env, permit, code, reply).await).await
}

async fn confirm(
    env: &Identity,
    permit: &Permit<permission::ConfirmTotp>,
    code: &FactorCode,
    reply: Reply<Vec<RecoveryCode>>,
) -> Result<Committed<Vec<RecoveryCode>>, ConfirmTotpError> {
    let Actor::Member { account, session, .. } = permit.actor() else { return Err(ConfirmTotpError::NoAccount) };
    let now = env.clock.now();
    let here = permit.scope().tenant();
    let tx = env.db.begin_across_tenants("second factor").await?;
    // Locked first, as at sign-in: a session that is being opened without a code is there when the others end.
    tx.account_locked(account).await?.ok_or(ConfirmTotpError::NoAccount)?;
    let begun = tx.totp_locked(account).await?.ok_or(ConfirmTotpError::NotBegun)?;
    if begun.is_on() {
        return Err(ConfirmTotpError::AlreadyOn);
    }
    let FactorCode::Totp(code) = code else { return Err(ConfirmTotpError::WrongCode) };
    let spent = begun.spent(code, &begun.seed(&env.keyring)?, now).ok_or(ConfirmTotpError::WrongCode)?;
    let totp = spent.confirmed(now);
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| RecoveryCode::new(&env.random.secret())).collect();
    tx.totp_update(&totp).await?;
    tx.recovery_codes_add(account, &codes.iter().map(|code| code.hash(account)).collect::<Vec<_>>()).await?;
    let change = Change::updated(totp.id, totp.version, &begun.facts(), &totp.facts());
    let ended = EndedSessions::of(tx.as_ref(), account, Some(session), Ending::FactorConfirmed, now).await?;
    ended.tell_other_companies(tx.as_ref(), (here, "second factor turned on"), permit.origin(), now).await?;
    let freed = freed(tx.as_ref(), (here, session), now).await?;
    let journal = ended.told(permit.journal(totp.id, now).changed(change).changed(freed), here);
    let done = commit(tx, journal, codes, reply).await?;
    env.callers.forget_session(session);
    ended.forget(env);
    Ok(done)
}

/// Frees the session, in which the second factor is proved now, of its hold.
async fn freed(
    tx: &dyn AcrossTx,
    (tenant, id): (TenantId, SessionId),
    now: DateTime<Utc>,
) -> Result<Change, ConfirmTotpError> {
    let session = tx.session_locked(tenant, id).await?.filter(|session| session.is_live(now));
    let session = session.ok_or(ConfirmTotpError::NoAccount)?;
    let before = session.facts();
    let free = session.freed(now);
    tx.session_update(&free).await?;
    Ok(Change::updated(free.id, free.version, &before, &free.facts()))
}
