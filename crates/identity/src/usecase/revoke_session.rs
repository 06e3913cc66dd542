//! Ending one of one's own sessions from another one (I6).

use kernel::ids::SessionId;
use kernel::{Actor, Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit};
use thiserror::Error;

use crate::Identity;
use crate::model::session::Ending;
use crate::permission;

/// Why no session ended.
#[derive(Debug, Error)]
pub enum RevokeSessionError {
    /// There is none of this id that is the caller's and may still be used.
    #[error("no such session")]
    NotFound,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for RevokeSessionError {
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

impl FromStore for RevokeSessionError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::NotFound => None,
        }
    }
}

/// Ends a session of the caller's membership: here at once, and everywhere within the caller cache's time.
pub async fn revoke_session(
    env: &Identity,
    permit: &Permit<permission::RevokeSession>,
    id: SessionId,
    reply: Reply<SessionId>,
) -> Result<Committed<SessionId>, RevokeSessionError> {
    let Actor::Member { membership, .. } = permit.actor() else { return Err(RevokeSessionError::NotFound) };
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let session = tx.session_locked(permit.scope().tenant(), id).await?;
    let session = session.filter(|session| session.membership == membership && session.is_live(now));
    let session = session.ok_or(RevokeSessionError::NotFound)?;
    let before = session.facts();
    let ended = session.ended(Ending::Revoked, now);
    tx.session_update(&ended).await?;
    let change = Change::updated(ended.id, ended.version, &before, &ended.facts());
    let done = commit(tx, permit.journal(id, now).changed(change), id, reply).await?;
    env.callers.forget_session(id);
    Ok(done)
}
