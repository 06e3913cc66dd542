//! The invitations of the caller's company.

use kernel::ids::InvitationId;
use kernel::{Page, PageAsk, Permit, StoreError};

use crate::Identity;
use crate::model::invitation::{Invitation, InvitationStatus};
use crate::permission;

/// A page of invitations of these statuses (of any, when none is named), oldest first.
pub async fn list_invitations(
    env: &Identity,
    permit: &Permit<permission::UsersRead>,
    statuses: &[InvitationStatus],
    ask: &PageAsk<InvitationId>,
) -> Result<Page<Invitation>, StoreError> {
    env.db.view(permit.scope()).await?.invitations_page(statuses, ask).await
}
