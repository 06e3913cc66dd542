//! Beginning a second factor: a seed for the person's authenticator app (I7).

use kernel::seal::CannotOpen;
use kernel::{Actor, Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unit_of_work};
use thiserror::Error;

use crate::Identity;
use crate::model::second_factor::{Seed, Totp};
use crate::permission;
use crate::ports::second_factor::TOTP_ACCOUNT_UNIQUE;

/// What the app needs; a secret of its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BegunTotp {
    /// The seed.
    pub seed: Seed,
    /// The same as an `otpauth` URI.
    pub uri: String,
}

/// Why none was begun.
#[derive(Debug, Error)]
pub enum BeginTotpError {
    /// The account has one; it must be turned off first.
    #[error("a second factor is on already")]
    AlreadyOn,
    /// The caller is no person with an account.
    #[error("no account")]
    NoAccount,
    /// The seed could not be sealed.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(StoreError),
}

/// Another beginning at the same time is in the way; it is over in a moment.
impl From<StoreError> for BeginTotpError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Constraint(TOTP_ACCOUNT_UNIQUE) => Self::Store(StoreError::Contended),
            other => Self::Store(other),
        }
    }
}

impl Refusal for BeginTotpError {
    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyOn => Kind::Conflict,
            Self::NoAccount => Kind::Unauthenticated,
            Self::Sealing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyOn => "identity.totp_already_on",
            Self::NoAccount => "unauthenticated",
            Self::Sealing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for BeginTotpError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Gives a fresh seed, in place of one that was begun and not confirmed.
pub async fn begin_totp(
    env: &Identity,
    permit: &Permit<permission::BeginTotp>,
    reply: Reply<BegunTotp>,
) -> Result<Committed<BegunTotp>, BeginTotpError> {
    unit_of_work(async || begin(env, permit, reply).await).await
}

async fn begin(
    env: &Identity,
    permit: &Permit<permission::BeginTotp>,
    reply: Reply<BegunTotp>,
) -> Result<Committed<BegunTotp>, BeginTotpError> {
    let Actor::Member { account, .. } = permit.actor() else { return Err(BeginTotpError::NoAccount) };
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("second factor").await?;
    let account = tx.account_by_id(account).await?.ok_or(BeginTotpError::NoAccount)?;
    match tx.totp_locked(account.id).await? {
        Some(known) if known.is_on() => return Err(BeginTotpError::AlreadyOn),
        Some(_) => tx.totp_remove(account.id).await?,
        None => {}
    }
    let seed = Seed::new(&env.random.secret());
    let totp = Totp::begin(env.ids.next(), account.id, &seed, &env.keyring, now)?;
    tx.totp_add(&totp).await?;
    let change = Change::created(totp.id, totp.version, totp.facts());
    let begun = BegunTotp { uri: seed.uri(&account.email), seed };
    Ok(commit(tx, permit.journal(totp.id, now).changed(change), begun, reply).await?)
}
