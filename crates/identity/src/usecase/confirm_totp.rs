//! Turning a second factor on, by a code that proves that the app has the seed (I7).

use kernel::ids::{SessionId, TenantId};
use kernel::seal::CannotOpen;
use kernel::{
    Actor, Change, Committed, Fault, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unit_of_work,
};
use thiserror::Error;

use crate::Identity;
use crate::model::second_factor::{FactorCode, RECOVERY_CODES, RecoveryCode};
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
/// account's others are when they are renewed.
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
    let tx = env.db.begin_across_tenants("second factor").await?;
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
    let mut journal = permit.journal(totp.id, now).changed(change);
    if let Some(freed) = freed(tx.as_ref(), permit.scope().tenant(), session).await? {
        journal = journal.changed(freed);
    }
    let done = commit(tx, journal, codes, reply).await?;
    env.callers.forget_session(session);
    Ok(done)
}

/// Frees the session of its hold, if there is one.
async fn freed(tx: &dyn AcrossTx, tenant: TenantId, id: SessionId) -> Result<Option<Change>, StoreError> {
    let session = tx.session_locked(tenant, id).await?;
    let Some(session) = session.filter(|session| session.hold.is_some()) else { return Ok(None) };
    let before = session.facts();
    let free = session.freed();
    tx.session_update(&free).await?;
    Ok(Some(Change::updated(free.id, free.version, &before, &free.facts())))
}
