//! A service that a practitioner gives.

use sea_orm::entity::prelude::*;

use crate::reach::Unrestricted;

/// A row of `practitioner_service`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[expect(clippy::struct_field_names, reason = "a column is named for the id it holds")]
#[sea_orm(table_name = "practitioner_service")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub practitioner_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub service_id: Uuid,
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
