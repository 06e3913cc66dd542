//! Who the caller is.

use kernel::seal::CannotOpen;
use kernel::{Actor, FromStore, Hold, Kind, Permit, Refusal, StoreError};
use thiserror::Error;

use crate::Identity;
use crate::model::csrf::CsrfToken;
use crate::model::membership::Profile;
use crate::permission;

/// Why nobody can say who calls.
#[derive(Debug, Error)]
pub enum MeError {
    /// The membership is gone.
    #[error("no such member")]
    Gone,
    /// There is no key to make a token with.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for MeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Gone => Kind::Unauthenticated,
            Self::Sealing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Gone => "unauthenticated",
            Self::Sealing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for MeError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Gone | Self::Sealing(_) => None,
        }
    }
}

/// Who the caller is, and how the session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Account, membership, company and clinics.
    pub profile: Profile,
    /// What the session's page sends back.
    pub csrf_token: CsrfToken,
    /// Whether sign-in asks for a second factor.
    pub totp_enabled: bool,
    /// What the member must do before its permissions count.
    pub hold: Option<Hold>,
}

/// The caller's account, membership, company and clinics, in the session that `hold` stands for.
pub async fn me(env: &Identity, permit: &Permit<permission::ReadMe>, hold: Option<Hold>) -> Result<Me, MeError> {
    let Actor::Member { membership, account, session } = permit.actor() else { return Err(MeError::Gone) };
    let tenant = permit.scope().tenant();
    let view = env.db.view_across_tenants("me").await?;
    let profile = view.profile(tenant, membership).await?.ok_or(MeError::Gone)?;
    let totp_enabled = view.totp_of_account(account).await?.is_some_and(|totp| totp.is_on());
    Ok(Me { profile, csrf_token: CsrfToken::of(&env.keyring, tenant, session)?, totp_enabled, hold })
}
