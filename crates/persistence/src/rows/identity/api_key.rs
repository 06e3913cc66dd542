//! API keys: hashes, and what a key may.

use chrono::{DateTime, Utc};
use identity::model::api_key::{ApiKey, KeyScope};
use identity::model::name::PlaceName;
use identity::model::policy::PERMISSIONS;
use kernel::StoreError;
use kernel::ids::{ApiKeyId, MembershipId, TenantId};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use super::membership::role;
use super::sha256;
use crate::reach::{Reachable, Reaching, whole_company};

/// A row of `api_key`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub prefix: String,
    pub hash: Vec<u8>,
    pub role: Option<String>,
    pub permissions: Option<Json>,
    pub made_by: Uuid,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub version: i64,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Keys of the company, for those who reach all of it.
impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        whole_company(reaching)
    }
}

impl TryFrom<&ApiKey> for Model {
    type Error = StoreError;

    fn try_from(key: &ApiKey) -> Result<Self, StoreError> {
        let (role, permissions) = match &key.scope {
            KeyScope::Role(role) => (Some(role.name().to_owned()), None),
            KeyScope::Permissions(names) => (None, Some(serde_json::to_value(names).map_err(StoreError::broken)?)),
        };
        Ok(Self {
            tenant_id: key.tenant.uuid(),
            id: key.id.uuid(),
            name: key.name.as_str().to_owned(),
            prefix: key.prefix.clone(),
            hash: key.hash.to_vec(),
            role,
            permissions,
            made_by: key.made_by.uuid(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
            version: key.version,
        })
    }
}

impl TryFrom<Model> for ApiKey {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let scope = match (row.role, row.permissions) {
            (Some(name), None) => KeyScope::Role(role(&name)?),
            (None, Some(names)) => KeyScope::Permissions(known(names)?),
            _ => return Err(StoreError::broken("a key without one scope")),
        };
        Ok(Self {
            id: ApiKeyId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            name: PlaceName::from_stored(row.name),
            prefix: row.prefix,
            hash: sha256(row.hash)?,
            scope,
            made_by: MembershipId::from_uuid(row.made_by),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            version: row.version,
        })
    }
}

/// The permissions that today's policy still knows.
fn known(names: Json) -> Result<Vec<&'static str>, StoreError> {
    let names: Vec<String> = serde_json::from_value(names).map_err(StoreError::broken)?;
    Ok(PERMISSIONS.iter().copied().filter(|known| names.iter().any(|name| name == known)).collect())
}
