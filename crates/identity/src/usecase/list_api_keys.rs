//! The API keys of the caller's company.

use kernel::ids::ApiKeyId;
use kernel::{Page, PageAsk, Permit, StoreError};

use super::note_seen;
use crate::Identity;
use crate::model::api_key::ApiKey;
use crate::permission;

/// A page of keys, oldest first; those that have ended too.
pub async fn list_api_keys(
    env: &Identity,
    permit: &Permit<permission::ApiKeysManage>,
    ask: &PageAsk<ApiKeyId>,
) -> Result<Page<ApiKey>, StoreError> {
    // So that what is told of their use is of now.
    note_seen::note_seen(env).await?;
    env.db.view(permit.scope()).await?.api_keys_page(ask).await
}
