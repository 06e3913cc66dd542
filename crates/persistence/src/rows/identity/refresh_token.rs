//! Refresh tokens: hashes, and for a moment a sealed successor.

use chrono::{DateTime, Utc};
use identity::model::session::RefreshToken;
use kernel::StoreError;
use kernel::ids::{RefreshTokenId, SessionId, TenantId};
use sea_orm::entity::prelude::*;

use super::sha256;

use crate::reach::Unrestricted;

/// A row of `refresh_token`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub session_id: Uuid,
    pub hash: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
    pub successor: Option<Vec<u8>>,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unrestricted for Entity {
    fn tenant_column() -> Option<Column> {
        Some(Column::TenantId)
    }
}

impl From<&RefreshToken> for Model {
    fn from(token: &RefreshToken) -> Self {
        Self {
            tenant_id: token.tenant.uuid(),
            id: token.id.uuid(),
            session_id: token.session.uuid(),
            hash: token.hash.to_vec(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            used_at: token.used_at,
            successor: token.successor.clone(),
        }
    }
}

impl TryFrom<Model> for RefreshToken {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: RefreshTokenId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            session: SessionId::from_uuid(row.session_id),
            hash: sha256(row.hash)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            successor: row.successor,
        })
    }
}
