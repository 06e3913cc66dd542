//! The access log: what the company's members and keys were refused.

use kernel::{Page, PageAsk, Permit, StoreError};
use uuid::Uuid;

use crate::Identity;
use crate::model::audit::{RefusalFilter, RefusedAttempt};
use crate::permission;

/// A page of refused attempts, the latest first.
pub async fn list_refusals(
    env: &Identity,
    permit: &Permit<permission::AuditRead>,
    filter: &RefusalFilter,
    ask: &PageAsk<Uuid>,
) -> Result<Page<RefusedAttempt>, StoreError> {
    env.db.view(permit.scope()).await?.refusals_page(filter, ask).await
}
