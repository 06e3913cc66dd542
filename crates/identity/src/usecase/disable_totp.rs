//! Turning a second factor off, by whoever can prove to be its owner (I7).

use chrono::{DateTime, Utc};
use kernel::ids::{AccountId, MembershipId, SessionId, TotpId};
use kernel::seal::CannotOpen;
use kernel::{Actor, Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unit_of_work};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::held_off::seconds_held_off;
use super::second_factor::{self, Unproved};
use super::sign_in::is_still;
use crate::Identity;
use crate::model::account::Account;
use crate::model::backoff::AttemptKey;
use crate::model::membership::MembershipStatus;
use crate::model::password::{PasswordAttempt, PasswordHash};
use crate::model::second_factor::{FactorCode, Totp};
use crate::model::session::DeviceSession;
use crate::permission;
use crate::ports::{AcrossTx, HashingFailed};

/// What proves that it is the owner who asks.
#[derive(Debug)]
pub enum OwnerProof {
    /// A code of the app, or a recovery code.
    Code(FactorCode),
    /// The account's password; enough only in a session in which the second factor was proved.
    Password(PasswordAttempt),
}

/// Why it stays on.
#[derive(Debug, Error)]
pub enum DisableTotpError {
    /// None is on.
    #[error("no second factor is on")]
    NotOn,
    /// A company of the account requires it of the role there.
    #[error("a company requires it")]
    Required,
    /// Code or password are wrong.
    #[error("the proof is wrong")]
    Wrong,
    /// Too many wrong ones came before.
    #[error("too many wrong proofs")]
    Locked {
        /// In how many seconds another try is accepted.
        retry_after: i64,
    },
    /// The caller is no person with an account.
    #[error("no account")]
    NoAccount,
    /// No password could be verified.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// The seed does not open.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unproved> for DisableTotpError {
    fn from(unproved: Unproved) -> Self {
        match unproved {
            Unproved::Missing | Unproved::Wrong => Self::Wrong,
            Unproved::Locked { retry_after } => Self::Locked { retry_after },
            Unproved::Sealing(error) => Self::Sealing(error),
            Unproved::Store(error) => Self::Store(error),
        }
    }
}

impl Refusal for DisableTotpError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotOn | Self::Required => Kind::Conflict,
            Self::Wrong => Kind::Forbidden,
            Self::Locked { .. } => Kind::RateLimited,
            Self::NoAccount => Kind::Unauthenticated,
            Self::Hashing(error) => error.kind(),
            Self::Sealing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotOn => "identity.totp_not_on",
            Self::Required => "identity.totp_required_by_company",
            Self::Wrong => "identity.owner_not_proved",
            Self::Locked { .. } => "identity.account_locked",
            Self::NoAccount => "unauthenticated",
            Self::Hashing(error) => error.code(),
            Self::Sealing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::Locked { retry_after } => Map::from_iter([("retry_after".to_owned(), json!(retry_after))]),
            _ => Map::new(),
        }
    }
}

impl FromStore for DisableTotpError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Removes the second factor with its recovery codes. A wrong proof is counted as a failed sign-in is, and committed.
pub async fn disable_totp(
    env: &Identity,
    permit: &Permit<permission::DisableTotp>,
    proof: OwnerProof,
    reply: Reply<TotpId>,
) -> Result<Committed<TotpId>, DisableTotpError> {
    let Actor::Member { account, membership, session } = permit.actor() else {
        return Err(DisableTotpError::NoAccount);
    };
    let account = asker(env, account).await?;
    let proof = Proof::of(env, &account, proof).await?;
    unit_of_work(async || disable(env, permit, (&account, membership, session), &proof, reply).await).await
}

async fn disable(
    env: &Identity,
    permit: &Permit<permission::DisableTotp>,
    (account, membership, session): (&Account, MembershipId, SessionId),
    proof: &Proof,
    reply: Reply<TotpId>,
) -> Result<Committed<TotpId>, DisableTotpError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("second factor").await?;
    if !is_still(tx.as_ref(), account).await? {
        return Err(StoreError::Contended.into());
    }
    let totp = tx.totp_locked(account.id).await?.filter(Totp::is_on).ok_or(DisableTotpError::NotOn)?;
    let session = tx.session_locked(permit.scope().tenant(), session).await?.filter(|session| session.is_live(now));
    let session = session.ok_or(DisableTotpError::NoAccount)?;
    if let Some(retry_after) = seconds_held_off(tx.as_ref(), account, now).await? {
        return Err(DisableTotpError::Locked { retry_after });
    }
    if !proof.is_right(env, tx.as_ref(), (&totp, &session), now).await? {
        let keys = AttemptKey::of_sign_in(&account.email, permit.origin().ip);
        let who = (permit.scope().tenant(), membership);
        return Err(second_factor::refuse(tx, permit.origin(), &keys, who, (DisableTotpError::Wrong, now)).await?);
    }
    if is_required(tx.as_ref(), account.id).await? {
        return Err(DisableTotpError::Required);
    }
    tx.totp_remove(account.id).await?;
    tx.failures_forget(&AttemptKey::account(&account.email)).await?;
    let change = Change::removed(totp.id, totp.version + 1, totp.facts());
    Ok(commit(tx, permit.journal(totp.id, now).changed(change), totp.id, reply).await?)
}

/// The account that asks, unless it must wait: before its password costs a hash.
async fn asker(env: &Identity, id: AccountId) -> Result<Account, DisableTotpError> {
    let now = env.clock.now();
    let view = env.db.view_across_tenants("second factor").await?;
    let account = view.account_by_id(id).await?.ok_or(DisableTotpError::NoAccount)?;
    match seconds_held_off(view.as_ref(), &account, now).await? {
        Some(retry_after) => Err(DisableTotpError::Locked { retry_after }),
        None => Ok(account),
    }
}

/// A proof of which the password is verified already, outside the transaction.
enum Proof {
    Code(FactorCode),
    Password(Verdict),
}

enum Verdict {
    Right,
    Wrong,
}

impl Proof {
    async fn of(env: &Identity, account: &Account, proof: OwnerProof) -> Result<Self, HashingFailed> {
        let attempt = match proof {
            OwnerProof::Code(code) => return Ok(Self::Code(code)),
            OwnerProof::Password(attempt) => attempt,
        };
        let hash = account.password.clone().unwrap_or_else(PasswordHash::of_nobody);
        let (fits, _) = env.passwords.verify(attempt, hash).await?;
        Ok(Self::Password(if fits && account.password.is_some() { Verdict::Right } else { Verdict::Wrong }))
    }

    async fn is_right(
        &self,
        env: &Identity,
        tx: &dyn AcrossTx,
        (totp, session): (&Totp, &DeviceSession),
        now: DateTime<Utc>,
    ) -> Result<bool, Unproved> {
        match self {
            Self::Code(code) => second_factor::is_right(env, tx, totp, code, now).await,
            // Who knows the password alone is whom the second factor is to keep out.
            Self::Password(verdict) => Ok(matches!(verdict, Verdict::Right) && session.factor_proved_at.is_some()),
        }
    }
}

/// True when a company that the account works in requires a second factor of its role there.
async fn is_required(tx: &dyn AcrossTx, account: AccountId) -> Result<bool, StoreError> {
    for company in tx.companies_of_account(account).await? {
        let is_open = company.status == MembershipStatus::Active;
        if is_open && tx.company_settings(company.tenant).await?.requires_totp(company.role) {
            return Ok(true);
        }
    }
    Ok(false)
}
