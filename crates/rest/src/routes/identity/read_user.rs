//! `GET /api/v1/users/{user_id}`

use identity::Identity;
use identity::permission::UsersRead;
use identity::usecase::read_member as usecase;

use crate::wire::identity::members::MemberWire;
use crate::{Env, Guard, Problem, UserId, Versioned, operation};

/// Read a member
///
/// A person in this company, with role, clinics and professional numbers.
#[operation]
pub async fn read_user(
    guard: Guard<UsersRead>,
    identity: Env<Identity>,
    id: UserId,
) -> Result<Versioned<MemberWire>, Problem> {
    let member = usecase::read_member(&identity, &guard.reading(), id.0).await?;
    Ok(Versioned::new(MemberWire::from(&member), member.membership.version))
}
