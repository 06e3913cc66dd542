//! One member of the caller's company.

use kernel::Permit;
use kernel::ids::MembershipId;

use super::change_refused::ChangeRefused;
use crate::Identity;
use crate::model::member::Member;
use crate::permission;

/// The member, if it is the company's.
pub async fn read_member(
    env: &Identity,
    permit: &Permit<permission::UsersRead>,
    id: MembershipId,
) -> Result<Member, ChangeRefused> {
    let view = env.db.view_across_tenants("read a member").await?;
    view.member(permit.scope().tenant(), id).await?.ok_or(ChangeRefused::NotFound)
}
