//! `PATCH /api/v1/users/{user_id}`

use identity::Identity;
use identity::model::member::Member;
use identity::permission::UsersManage;
use identity::usecase::change_member as usecase;
use kernel::StoredReply;

use crate::wire::identity::members::{MemberChanges, MemberWire};
use crate::{Body, Changed, Env, Guard, IfMatch, Problem, UserId, operation};

/// Change a member
///
/// A JSON merge patch of what the person is in this company; the account's name, address, password and second factor are its
/// owner's. A changed role applies everywhere within a minute. The last admin keeps the role.
#[operation(refuses(Conflict))]
pub async fn update_user(
    guard: Guard<UsersManage>,
    identity: Env<Identity>,
    id: UserId,
    seen: IfMatch,
    body: Body<MemberChanges>,
) -> Result<Changed<MemberWire>, Problem> {
    let permit = guard.permit(&body);
    let ask = usecase::ChangeMember { member: id.0, seen_version: seen.version(), patch: body.into_inner().into() };
    Ok(usecase::change_member(&identity, &permit, ask, changed).await?.into())
}

/// The member as changed.
pub(super) fn changed(member: &Member) -> StoredReply {
    Changed::reply(&MemberWire::from(member), Some(member.membership.version))
}
