//! One act of the audit.

use chrono::{DateTime, Utc};
use sea_orm::entity::prelude::*;

use crate::reach::Unrestricted;

/// A row of `journal_entry`; the column `xact` is the sequencer's alone.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub act: String,
    pub membership_id: Option<Uuid>,
    pub account_id: Option<Uuid>,
    pub session_id: Option<Uuid>,
    pub system_reason: Option<String>,
    pub request_id: Option<Uuid>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub entity_kind: String,
    pub entity_id: Uuid,
    pub version: i64,
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
