//! Asking once more to prove an address: another link, beside those that left before.

use chrono::{DateTime, Utc};
use kernel::ids::{AccountId, TenantId};
use kernel::{Actor, Committed, FromStore, Kind, NewJob, Permit, Refusal, Reply, StoreError, commit, unit_of_work};
use thiserror::Error;

use super::send_mail::mail_job;
use crate::Identity;
use crate::model::account::Account;
use crate::model::email_proof::EmailProof;
use crate::model::mail::{Notice, Occasion};
use crate::model::session::Secret;
use crate::permission;

/// Why no link leaves.
#[derive(Debug, Error)]
pub enum SendVerificationError {
    /// There is no account to send it to.
    #[error("no account")]
    NoAccount,
    /// The address was verified before.
    #[error("the address is verified")]
    Verified,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for SendVerificationError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoAccount => Kind::Unauthenticated,
            Self::Verified => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoAccount => "unauthenticated",
            Self::Verified => "identity.email_verified",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for SendVerificationError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Mails the caller's account another link; refused when its address is verified.
pub async fn send_verification(
    env: &Identity,
    permit: &Permit<permission::SendVerification>,
    reply: Reply<AccountId>,
) -> Result<Committed<AccountId>, SendVerificationError> {
    let Actor::Member { account, .. } = permit.actor() else { return Err(SendVerificationError::NoAccount) };
    unit_of_work(async || send(env, permit, account, reply).await).await
}

async fn send(
    env: &Identity,
    permit: &Permit<permission::SendVerification>,
    id: AccountId,
    reply: Reply<AccountId>,
) -> Result<Committed<AccountId>, SendVerificationError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("send a verification mail").await?;
    let account = tx.account_locked(id).await?.ok_or(SendVerificationError::NoAccount)?;
    if account.email_verified_at.is_some() {
        return Err(SendVerificationError::Verified);
    }
    let asked = AskedProof::of(env, permit.scope().tenant(), &account, now);
    tx.email_proof_add(&asked.proof).await?;
    let journal = permit.journal(id, now).job(asked.mail(&account, now));
    Ok(commit(tx, journal, id, reply).await?)
}

/// A proof that is asked for by mail.
pub(super) struct AskedProof {
    pub(super) proof: EmailProof,
    secret: Secret,
}

impl AskedProof {
    pub(super) fn of(env: &Identity, tenant: TenantId, account: &Account, now: DateTime<Utc>) -> Self {
        let secret = Secret::new(*env.random.secret());
        Self { proof: EmailProof::ask(env.ids.next(), tenant, account.id, &secret, now), secret }
    }

    pub(super) fn mail(self, account: &Account, now: DateTime<Utc>) -> NewJob {
        let occasion = Occasion::Verification;
        let notice = Notice { to: account.email.clone(), locale: account.locale, occasion, secret: self.secret };
        mail_job(&notice, now)
    }
}
