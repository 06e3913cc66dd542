//! `DELETE /api/v1/api-keys/{api_key_id}`

use identity::Identity;
use identity::permission::ApiKeysManage;
use identity::usecase::revoke_api_key as usecase;
use kernel::ids::ApiKeyId;

use crate::{Env, Guard, Id, NoContent, Problem, operation};

/// Revoke an API key
///
/// It ceases to work at once here, and within a minute on every other node. It stays in the list.
#[operation]
pub async fn revoke_api_key(
    guard: Guard<ApiKeysManage>,
    identity: Env<Identity>,
    id: Id<ApiKeyId>,
) -> Result<NoContent, Problem> {
    Ok(usecase::revoke_api_key(&identity, &guard.permit(&()), id.0, NoContent::of).await?.into())
}
