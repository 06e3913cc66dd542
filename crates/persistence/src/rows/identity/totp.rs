//! Second factors, their seeds sealed.

use chrono::{DateTime, Utc};
use identity::model::second_factor::Totp;
use kernel::ids::{AccountId, TotpId};
use sea_orm::entity::prelude::*;

use crate::reach::Unrestricted;

/// A row of `totp`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "totp")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub sealed: Vec<u8>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub last_step: Option<i64>,
    pub created_at: DateTime<Utc>,
    pub version: i64,
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

impl From<&Totp> for Model {
    fn from(totp: &Totp) -> Self {
        Self {
            id: totp.id.uuid(),
            account_id: totp.account.uuid(),
            sealed: totp.sealed.clone(),
            confirmed_at: totp.confirmed_at,
            last_step: totp.last_step,
            created_at: totp.created_at,
            version: totp.version,
        }
    }
}

impl From<Model> for Totp {
    fn from(row: Model) -> Self {
        Self {
            id: TotpId::from_uuid(row.id),
            account: AccountId::from_uuid(row.account_id),
            sealed: row.sealed,
            confirmed_at: row.confirmed_at,
            last_step: row.last_step,
            created_at: row.created_at,
            version: row.version,
        }
    }
}
