//! Who the caller is.

use kernel::{Actor, FromStore, Kind, Permit, Refusal, StoreError};
use thiserror::Error;

use crate::Identity;
use crate::model::membership::Profile;
use crate::permission;

/// Why nobody can say who calls.
#[derive(Debug, Error)]
pub enum MeError {
    /// The membership is gone.
    #[error("no such member")]
    Gone,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for MeError {
    fn kind(&self) -> Kind {
        match self {
            Self::Gone => Kind::Unauthenticated,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Gone => "unauthenticated",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for MeError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Gone => None,
        }
    }
}

/// The caller's account, membership, company and clinics.
pub async fn me(env: &Identity, permit: &Permit<permission::ReadMe>) -> Result<Profile, MeError> {
    let Actor::Member { membership, .. } = permit.actor() else { return Err(MeError::Gone) };
    let view = env.db.view_across_tenants("me").await?;
    view.profile(permit.scope().tenant(), membership).await?.ok_or(MeError::Gone)
}
