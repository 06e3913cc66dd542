//! The members of the caller's company.

use kernel::ids::MembershipId;
use kernel::{Page, PageAsk, Permit, StoreError};

use crate::Identity;
use crate::model::member::{Member, MemberFilter};
use crate::permission;

/// A page of members, oldest first.
pub async fn list_members(
    env: &Identity,
    permit: &Permit<permission::UsersRead>,
    filter: &MemberFilter,
    ask: &PageAsk<MembershipId>,
) -> Result<Page<Member>, StoreError> {
    let view = env.db.view_across_tenants("list members").await?;
    view.members_page(permit.scope().tenant(), filter, ask).await
}
