//! `POST /api/v1/api-keys`

use chrono::{DateTime, Utc};
use identity::Identity;
use identity::model::name::PlaceName;
use identity::model::role::Role;
use identity::permission::ApiKeysManage;
use identity::usecase::create_api_key::{self as usecase, NewApiKey};
use kernel::StoredReply;
use serde_json::json;

use crate::wire::identity::api_keys::NewApiKeyWire;
use crate::{Ask, Body, Created, Env, FromJson, Guard, Problem, operation};

/// A key that is wanted
#[derive(Debug, FromJson)]
pub struct CreateApiKey {
    /// What it is for, such as the program that will call.
    name: PlaceName,
    /// The role whose company-wide permissions it gets; either this or `permissions`.
    role: Option<Role>,
    /// The permissions it gets, as `x-permission` names them.
    permissions: Option<Vec<String>>,
    /// When it ceases to work; absent means never.
    expires_at: Option<DateTime<Utc>>,
}

impl Ask for CreateApiKey {
    fn sample() -> serde_json::Value {
        json!({"name": "n8n", "permissions": ["patients:read", "appointments:read"]})
    }
}

/// Make an API key
///
/// A program sends the key as `Authorization: Bearer salus_…`. Its text is in this answer and nowhere else. A key reaches the
/// whole company with the permissions given here, never more than the member who made it has at the time of a request, and it
/// makes no further keys. Operations on one's own account and session are closed to it.
#[operation(secret)]
pub async fn create_api_key(
    guard: Guard<ApiKeysManage>,
    identity: Env<Identity>,
    body: Body<CreateApiKey>,
) -> Result<Created<NewApiKeyWire>, Problem> {
    let permit = guard.permit(&body);
    let CreateApiKey { name, role, permissions, expires_at } = body.into_inner();
    let ask = usecase::CreateApiKey { name, role, permissions, expires_at };
    let maker = &guard.session()?.principal().grants;
    Ok(usecase::create_api_key(&identity, &permit, maker, ask, created).await?.into())
}

fn created(new: &NewApiKey) -> StoredReply {
    Created::reply(&NewApiKeyWire::from(new), format!("/api/v1/api-keys/{}", new.key.id), None)
}
