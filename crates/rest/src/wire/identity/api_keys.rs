//! API keys on the wire.

use chrono::{DateTime, Utc};
use identity::model::api_key::{ApiKey, KeyScope};
use identity::model::role::Role;
use identity::usecase::create_api_key::NewApiKey;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schema::{self, AnySchema};
use crate::{FromText, Wire};

impl FromText for Role {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).ok_or("unknown_value")
    }

    fn text_schema() -> AnySchema {
        schema::choice("", &Self::ALL.map(Self::name))
    }
}

/// An API key, without its text
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeyWire {
    /// Its id.
    id: Uuid,
    /// Counted from 1.
    version: i64,
    /// What it is for.
    name: String,
    /// The beginning of its text, by which it is recognized.
    prefix: String,
    /// The role whose company-wide permissions it has; `null` when it has chosen ones.
    role: Option<String>,
    /// The permissions that were chosen; `null` when it has those of a role.
    permissions: Option<Vec<String>>,
    /// The member who made it; it never may more than this member may.
    made_by: Uuid,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it ceases to work; `null` means never.
    expires_at: Option<DateTime<Utc>>,
    /// When it was used last, to five minutes.
    last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    revoked_at: Option<DateTime<Utc>>,
}

/// An API key that was just made
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewApiKey)]
pub struct NewApiKeyWire {
    /// The key's text, to send as `Authorization: Bearer`. It is shown this once and kept nowhere.
    key: String,
    /// What is known of it from now on.
    api_key: ApiKeyWire,
}

impl From<&ApiKey> for ApiKeyWire {
    fn from(key: &ApiKey) -> Self {
        let (role, permissions) = match &key.scope {
            KeyScope::Role(role) => (Some(role.name().to_owned()), None),
            KeyScope::Permissions(names) => (None, Some(names.iter().map(|name| (*name).to_owned()).collect())),
        };
        Self {
            id: key.id.uuid(),
            version: key.version,
            name: key.name.as_str().to_owned(),
            prefix: key.prefix.clone(),
            role,
            permissions,
            made_by: key.made_by.uuid(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
        }
    }
}

impl From<&NewApiKey> for NewApiKeyWire {
    fn from(new: &NewApiKey) -> Self {
        Self { key: new.text.expose().to_owned(), api_key: ApiKeyWire::from(&new.key) }
    }
}

impl Wire for ApiKeyWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0071),
            version: 1,
            name: "n8n".to_owned(),
            prefix: "salus_Qm9va3Nh".to_owned(),
            role: None,
            permissions: Some(vec!["patients:read".to_owned(), "appointments:read".to_owned()]),
            made_by: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0072),
            created_at: DateTime::UNIX_EPOCH,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        }
    }
}

impl Wire for NewApiKeyWire {
    fn sample() -> Self {
        let key = "salus_Qm9va3Nh-43-characters-that-are-shown-once".to_owned();
        Self { key, api_key: ApiKeyWire::sample() }
    }
}
