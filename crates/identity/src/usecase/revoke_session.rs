//! Ending one of one's own sessions from another one (I6).

use kernel::ids::{MembershipId, SessionId};
use kernel::{Actor, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unit_of_work};
use thiserror::Error;

use super::ended_sessions::end;
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
    let done = unit_of_work(async || revoked(env, permit, (membership, id), reply).await).await?;
    env.callers.forget_session(id);
    Ok(done)
}

async fn revoked(
    env: &Identity,
    permit: &Permit<permission::RevokeSession>,
    (membership, id): (MembershipId, SessionId),
    reply: Reply<SessionId>,
) -> Result<Committed<SessionId>, RevokeSessionError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let session = tx.session_locked(permit.scope().tenant(), id).await?;
    let session = session.filter(|session| session.membership == membership && session.is_live(now));
    let session = session.ok_or(RevokeSessionError::NotFound)?;
    let (_, change) = end(tx.as_ref(), session, Ending::Revoked, now).await?;
    Ok(commit(tx, permit.journal(id, now).changed(change), id, reply).await?)
}
