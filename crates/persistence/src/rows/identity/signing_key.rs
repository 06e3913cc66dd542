//! Keys that sign access tokens, sealed.

use chrono::{DateTime, Utc};
use identity::model::signing_key::StoredKey;
use kernel::ids::SigningKeyId;
use sea_orm::entity::prelude::*;

use crate::reach::Unrestricted;

/// A row of `signing_key`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: i32,
    pub sealed: Vec<u8>,
    pub created_at: DateTime<Utc>,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// It belongs to no tenant: only work across tenants reads it.
impl Unrestricted for Entity {
    fn tenant_column() -> Option<Column> {
        None
    }
}

impl From<&StoredKey> for Model {
    fn from(key: &StoredKey) -> Self {
        Self { id: key.id.uuid(), number: key.number, sealed: key.sealed.clone(), created_at: key.created_at }
    }
}

impl From<Model> for StoredKey {
    fn from(row: Model) -> Self {
        let id = SigningKeyId::from_uuid(row.id);
        Self { id, number: row.number, sealed: row.sealed, created_at: row.created_at }
    }
}
