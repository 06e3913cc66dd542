//! The proof that nothing of the audit was changed, moved or removed.

use kernel::{Permit, StoreError};

use crate::Identity;
use crate::model::audit::ChainProof;
use crate::permission;

/// Walks at most `limit` links behind a position.
pub async fn verify_audit(
    env: &Identity,
    permit: &Permit<permission::AuditRead>,
    after: i64,
    limit: u16,
) -> Result<ChainProof, StoreError> {
    env.db.view(permit.scope()).await?.chain_proof(after, limit).await
}
