//! `DELETE /api/v1/invitations/{invitation_id}`

use identity::Identity;
use identity::permission::UsersManage;
use identity::usecase::revoke_invitation as usecase;
use kernel::ids::InvitationId;

use crate::{Env, Guard, Id, NoContent, Problem, operation};

/// Take an invitation back
///
/// Its link ceases to work at once. One that was accepted is a member, who can be put out of use.
#[operation(refuses(Conflict))]
pub async fn delete_invitation(
    guard: Guard<UsersManage>,
    identity: Env<Identity>,
    id: Id<InvitationId>,
) -> Result<NoContent, Problem> {
    Ok(usecase::revoke_invitation(&identity, &guard.permit(&()), id.0, NoContent::of).await?.into())
}
