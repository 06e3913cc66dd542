//! What the owner of an account sees and changes of it.

use chrono::{DateTime, Duration, Utc};
use identity::model::device::device;
use identity::model::preferences::PreferencesPatch;
use identity::usecase::list_sessions::ListedSession;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Type;
use uuid::Uuid;

use crate::Wire;
use crate::fault::{Faults, Place};
use crate::from_json::FromJson;
use crate::json::Json;
use crate::schema::{self, AnySchema};

impl FromJson for PreferencesPatch {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        match json.into_value() {
            serde_json::Value::Object(members) => match Self::parse(members) {
                Ok(patch) => Some(patch),
                Err(_) => faults.refuse(at, "control_character"),
            },
            serde_json::Value::Null => faults.refuse(at, "not_nullable"),
            _ => faults.refuse(at, "wrong_type"),
        }
    }

    fn json_schema() -> AnySchema {
        schema::plain(Type::Object).into()
    }
}

/// A device on which one is signed in
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceSession)]
pub struct DeviceSessionWire {
    /// Its id.
    id: Uuid,
    /// Program and system, as far as they can be told.
    device: Option<String>,
    /// What the program calls itself.
    user_agent: Option<String>,
    /// The address it was used from last.
    ip: Option<String>,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// When it was used last.
    last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
    /// Whether it is the session of this request.
    current: bool,
}

impl From<&ListedSession> for DeviceSessionWire {
    fn from(ListedSession { session, is_current }: &ListedSession) -> Self {
        Self {
            id: session.id.uuid(),
            device: session.user_agent.as_deref().and_then(device),
            user_agent: session.user_agent.clone(),
            ip: session.ip.map(|ip| ip.to_string()),
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            current: *is_current,
        }
    }
}

impl Wire for DeviceSessionWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0005),
            device: Some("Firefox, Linux".to_owned()),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0".to_owned()),
            ip: Some("192.0.2.7".to_owned()),
            created_at: DateTime::UNIX_EPOCH,
            last_seen_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH,
            current: true,
        }
    }
}

/// A link that leaves by mail
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailedLink)]
pub struct MailedLinkWire {
    /// For how many seconds the link works.
    expires_in: i64,
}

impl MailedLinkWire {
    /// A link that works so long.
    pub fn living(life: Duration) -> Self {
        Self { expires_in: life.num_seconds() }
    }
}

impl Wire for MailedLinkWire {
    fn sample() -> Self {
        Self { expires_in: 3_600 }
    }
}
