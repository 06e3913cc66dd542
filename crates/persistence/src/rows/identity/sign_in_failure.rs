//! Failed sign-ins, counted by the hash of an address.

use chrono::{DateTime, Utc};
use identity::model::backoff::{AttemptKey, Failures};
use kernel::StoreError;
use sea_orm::entity::prelude::*;

use super::sha256;

use crate::reach::Unrestricted;

/// A row of `sign_in_failure`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_failure")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Vec<u8>,
    pub count: i64,
    pub last_at: DateTime<Utc>,
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

impl TryFrom<Model> for (AttemptKey, Failures) {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let count = u32::try_from(row.count).unwrap_or(u32::MAX);
        Ok((AttemptKey::from_stored(sha256(row.key)?), Failures { count, last: row.last_at }))
    }
}
