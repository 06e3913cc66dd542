//! The end of an API key: at once here, and everywhere within the caller cache's time (I9).

use kernel::ids::ApiKeyId;
use kernel::{Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unchanged, unit_of_work};
use thiserror::Error;

use crate::Identity;
use crate::permission;

/// Why no key was revoked.
#[derive(Debug, Error)]
pub enum RevokeApiKeyError {
    /// The company has no such key.
    #[error("no such key")]
    NotFound,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for RevokeApiKeyError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for RevokeApiKeyError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::NotFound => None,
        }
    }
}

/// Revokes a key for good; revoking a revoked one has no effect.
pub async fn revoke_api_key(
    env: &Identity,
    permit: &Permit<permission::ApiKeysManage>,
    id: ApiKeyId,
    reply: Reply<ApiKeyId>,
) -> Result<Committed<ApiKeyId>, RevokeApiKeyError> {
    let done = unit_of_work(async || revoked(env, permit, id, reply).await).await?;
    env.callers.forget_api_key(id);
    Ok(done)
}

async fn revoked(
    env: &Identity,
    permit: &Permit<permission::ApiKeysManage>,
    id: ApiKeyId,
    reply: Reply<ApiKeyId>,
) -> Result<Committed<ApiKeyId>, RevokeApiKeyError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let key = tx.api_key_locked(id).await?.ok_or(RevokeApiKeyError::NotFound)?;
    if key.revoked_at.is_some() {
        return Ok(unchanged(tx, id, reply).await?);
    }
    let before = key.facts();
    let revoked = key.revoked(now);
    tx.api_key_update(&revoked).await?;
    let change = Change::updated(id, revoked.version, &before, &revoked.facts());
    Ok(commit(tx, permit.journal(id, now).changed(change), id, reply).await?)
}
