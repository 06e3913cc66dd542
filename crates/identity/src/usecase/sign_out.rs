//! Signing out: the session is over at once, and everywhere within the caller cache's time.

use kernel::ids::SessionId;
use kernel::{Actor, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unchanged, unit_of_work};
use thiserror::Error;

use super::ended_sessions::end;
use crate::Identity;
use crate::model::session::Ending;
use crate::permission;

/// Why nobody signed out.
#[derive(Debug, Error)]
pub enum SignOutError {
    /// There is no session to end.
    #[error("no session")]
    NoSession,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for SignOutError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSession => Kind::Unauthenticated,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSession => "unauthenticated",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for SignOutError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::NoSession => None,
        }
    }
}

/// Ends the session of the request; ending an ended one has no effect.
pub async fn sign_out(
    env: &Identity,
    permit: &Permit<permission::SignOut>,
    reply: Reply<SessionId>,
) -> Result<Committed<SessionId>, SignOutError> {
    let Actor::Member { session: id, .. } = permit.actor() else { return Err(SignOutError::NoSession) };
    let done = unit_of_work(async || signed_out(env, permit, id, reply).await).await?;
    env.callers.forget_session(id);
    Ok(done)
}

async fn signed_out(
    env: &Identity,
    permit: &Permit<permission::SignOut>,
    id: SessionId,
    reply: Reply<SessionId>,
) -> Result<Committed<SessionId>, SignOutError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let session = tx.session_locked(permit.scope().tenant(), id).await?.ok_or(SignOutError::NoSession)?;
    if session.ended.is_some() {
        return Ok(unchanged(tx, id, reply).await?);
    }
    let (_, change) = end(tx.as_ref(), session, Ending::SignedOut, now).await?;
    Ok(commit(tx, permit.journal(id, now).changed(change), id, reply).await?)
}
