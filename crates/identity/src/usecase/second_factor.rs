//! The second factor wherever it counts: whether it is asked for, and whether a code is right (I7).

use chrono::{DateTime, Utc};
use kernel::ids::{MembershipId, TenantId};
use kernel::seal::CannotOpen;
use kernel::{Hold, Origin, Permit, StoreError, commit, unheard};
use thiserror::Error;

use super::held_off::seconds_held_off;
use crate::Identity;
use crate::model::account::Account;
use crate::model::backoff::{AttemptKey, FORGET_AFTER};
use crate::model::membership::Membership;
use crate::model::second_factor::{FactorCode, Totp};
use crate::permission;
use crate::ports::AcrossTx;

/// Why nobody proved a second factor.
#[derive(Debug, Error)]
pub(super) enum Unproved {
    /// The account has one, and no code came.
    #[error("a code is needed")]
    Missing,
    /// Wrong, or used before.
    #[error("the code is wrong")]
    Wrong,
    /// Too many wrong ones came before.
    #[error("too many wrong codes")]
    Locked {
        /// In how many seconds another try is accepted.
        retry_after: i64,
    },
    /// The seed does not open.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Spends the code of an account that has a second factor on, and says when; passes one that has none. The factor stays locked until the
/// transaction ends, so that of two requests with one code the second finds it spent, and guesses side by side are counted
/// one after the other.
pub(super) async fn prove(
    env: &Identity,
    tx: &dyn AcrossTx,
    account: &Account,
    code: Option<&FactorCode>,
) -> Result<Option<DateTime<Utc>>, Unproved> {
    let Some(totp) = tx.totp_locked(account.id).await?.filter(Totp::is_on) else { return Ok(None) };
    let code = code.ok_or(Unproved::Missing)?;
    let now = env.clock.now();
    if let Some(retry_after) = seconds_held_off(tx, account, now).await? {
        return Err(Unproved::Locked { retry_after });
    }
    if is_right(env, tx, &totp, code, now).await? { Ok(Some(now)) } else { Err(Unproved::Wrong) }
}

/// Spends a code of the app, or a recovery code; false when it is wrong.
pub(super) async fn is_right(
    env: &Identity,
    tx: &dyn AcrossTx,
    totp: &Totp,
    code: &FactorCode,
    now: DateTime<Utc>,
) -> Result<bool, Unproved> {
    match code {
        FactorCode::Totp(code) => match totp.spent(code, &totp.seed(&env.keyring)?, now) {
            Some(spent) => {
                tx.totp_update(&spent).await?;
                Ok(true)
            }
            None => Ok(false),
        },
        FactorCode::Recovery(code) => Ok(tx.recovery_code_spent(totp.account, &code.hash(totp.account)).await?),
        FactorCode::Unreadable => Ok(false),
    }
}

/// Counts a wrong proof and journals it under the membership; commits both.
pub(super) async fn refuse<E: Send + Sync>(
    tx: Box<dyn AcrossTx>,
    origin: &Origin,
    keys: &[AttemptKey],
    (tenant, member): (TenantId, MembershipId),
    (refusal, now): (E, DateTime<Utc>),
) -> Result<E, StoreError> {
    tx.failure_add(keys, now, now - FORGET_AFTER).await?;
    let permit = Permit::<permission::SecondFactorFailed>::system(tenant, "wrong second factor", origin.clone());
    Ok(commit(tx, permit.journal(member, now), refusal, unheard).await?.into_value())
}

/// What the company still asks of a member before its permissions count: checked at sign-in, switch and refresh. That the
/// account has a second factor is not enough; the session must have proved it.
pub(super) async fn hold(
    tx: &dyn AcrossTx,
    member: &Membership,
    proved: Option<DateTime<Utc>>,
) -> Result<Option<Hold>, StoreError> {
    if !tx.company_settings(member.tenant).await?.requires_totp(member.role) {
        return Ok(None);
    }
    let is_on = tx.totp_of_account(member.account).await?.is_some_and(|totp| totp.is_on());
    Ok((!is_on || proved.is_none()).then_some(Hold::SecondFactor))
}
