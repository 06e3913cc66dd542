//! `POST /api/v1/invitations`

use identity::Identity;
use identity::model::invitation::Invitation;
use identity::permission::UsersManage;
use identity::usecase::invite as usecase;
use kernel::StoredReply;

use crate::wire::identity::members::{InvitationWire, NewInvitation};
use crate::{Body, Created, Env, Guard, Problem, operation};

/// Invite somebody
///
/// Mails a link that works once, for 72 hours, and is in no answer. It takes the place of an earlier invitation of the same
/// address. One's own address must be verified.
#[operation(refuses(Conflict), keyed)]
pub async fn create_invitation(
    guard: Guard<UsersManage>,
    identity: Env<Identity>,
    body: Body<NewInvitation>,
) -> Result<Created<InvitationWire>, Problem> {
    let permit = guard.permit(&body);
    Ok(usecase::invite(&identity, &permit, body.into_inner().into(), created).await?.into())
}

fn created(invitation: &Invitation) -> StoredReply {
    Created::reply(&InvitationWire::from(invitation), format!("/api/v1/invitations/{}", invitation.id), None)
}
