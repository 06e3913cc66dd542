//! `POST /api/v1/users/{user_id}/deactivate`

use identity::Identity;
use identity::permission::UsersManage;
use identity::usecase::set_member_status::{self as usecase, SetMemberStatus, Standing};

use super::update_user::changed;
use crate::wire::identity::members::MemberWire;
use crate::{Changed, Env, Guard, MaybeIfMatch, Problem, UserId, operation};

/// Put a member out of use
///
/// Ends the member's sessions in this company; everywhere within a minute. The last admin stays. What the person does in other
/// companies is untouched.
#[operation(refuses(Conflict))]
pub async fn deactivate_user(
    guard: Guard<UsersManage>,
    identity: Env<Identity>,
    id: UserId,
    seen: MaybeIfMatch,
) -> Result<Changed<MemberWire>, Problem> {
    let ask = SetMemberStatus { member: id.0, seen_version: seen.version(), standing: Standing::Inactive };
    Ok(usecase::set_member_status(&identity, &guard.permit(&()), ask, changed).await?.into())
}
