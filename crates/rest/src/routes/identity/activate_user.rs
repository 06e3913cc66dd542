//! `POST /api/v1/users/{user_id}/activate`

use identity::Identity;
use identity::permission::UsersManage;
use identity::usecase::set_member_status::{self as usecase, SetMemberStatus, Standing};

use super::update_user::changed;
use crate::wire::identity::members::MemberWire;
use crate::{Changed, Env, Guard, MaybeIfMatch, Problem, UserId, operation};

/// Put a member in use again
///
/// With the role and the clinics from before; the person signs in anew.
#[operation]
pub async fn activate_user(
    guard: Guard<UsersManage>,
    identity: Env<Identity>,
    id: UserId,
    seen: MaybeIfMatch,
) -> Result<Changed<MemberWire>, Problem> {
    let ask = SetMemberStatus { member: id.0, seen_version: seen.version(), standing: Standing::Active };
    Ok(usecase::set_member_status(&identity, &guard.permit(&()), ask, changed).await?.into())
}
