//! Proving that an address is one's own, by the link that was mailed to it.

use kernel::ids::AccountId;
use kernel::{Change, Committed, FromStore, Kind, Origin, Permit, Refusal, Reply, StoreError, commit, unit_of_work};
use thiserror::Error;

use crate::Identity;
use crate::model::session::Secret;
use crate::permission;

/// Why the address is not proved.
#[derive(Debug, Error)]
pub enum VerifyEmailError {
    /// Unknown, used before, or too late.
    #[error("the link is not valid any more")]
    Invalid,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for VerifyEmailError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "identity.link_invalid",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for VerifyEmailError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Invalid => None,
        }
    }
}

/// Spends the link's secret and marks the account's address as verified.
pub async fn verify_email(
    env: &Identity,
    origin: &Origin,
    secret: &Secret,
    reply: Reply<AccountId>,
) -> Result<Committed<AccountId>, VerifyEmailError> {
    unit_of_work(async || verify(env, origin, secret, reply).await).await
}

async fn verify(
    env: &Identity,
    origin: &Origin,
    secret: &Secret,
    reply: Reply<AccountId>,
) -> Result<Committed<AccountId>, VerifyEmailError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("verify an address").await?;
    let proof = tx.email_proof_locked(&secret.hash()).await?.ok_or(VerifyEmailError::Invalid)?;
    let proof = proof.given(now).ok_or(VerifyEmailError::Invalid)?;
    let account = tx.account_locked(proof.account).await?.ok_or(VerifyEmailError::Invalid)?;
    let before = account.facts();
    let was_verified = account.email_verified_at.is_some();
    let account = account.verified(now);
    tx.email_proof_used(&proof).await?;
    if !was_verified {
        tx.account_verified(&account).await?;
    }
    let permit = Permit::<permission::VerifyEmail>::system(proof.tenant, "verify an address", origin.clone());
    let change = Change::updated(account.id, account.version, &before, &account.facts());
    Ok(commit(tx, permit.journal(account.id, now).changed(change), account.id, reply).await?)
}
