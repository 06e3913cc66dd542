//! Taking an invitation back.

use kernel::ids::InvitationId;
use kernel::{Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unchanged, unit_of_work};
use thiserror::Error;

use crate::Identity;
use crate::model::invitation::WasAccepted;
use crate::permission;

/// Why no invitation was taken back.
#[derive(Debug, Error)]
pub enum RevokeInvitationError {
    /// Not there.
    #[error("no such invitation")]
    NotFound,
    /// It is a membership now.
    #[error(transparent)]
    Accepted(#[from] WasAccepted),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for RevokeInvitationError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Accepted(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Accepted(_) => "identity.invitation_accepted",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for RevokeInvitationError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::NotFound | Self::Accepted(_) => None,
        }
    }
}

/// Takes an invitation back for good: its link ceases to work at once. A second time has no effect.
pub async fn revoke_invitation(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    id: InvitationId,
    reply: Reply<InvitationId>,
) -> Result<Committed<InvitationId>, RevokeInvitationError> {
    unit_of_work(async || revoke(env, permit, id, reply).await).await
}

async fn revoke(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    id: InvitationId,
    reply: Reply<InvitationId>,
) -> Result<Committed<InvitationId>, RevokeInvitationError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.invitation_locked(id).await?.ok_or(RevokeInvitationError::NotFound)?;
    let after = before.clone().revoked(now)?;
    if after == before {
        return Ok(unchanged(tx, id, reply).await?);
    }
    tx.invitation_ended(&after).await?;
    let change = Change::updated(id, after.version, &before.facts(), &after.facts());
    Ok(commit(tx, permit.journal(id, now).changed(change), id, reply).await?)
}
