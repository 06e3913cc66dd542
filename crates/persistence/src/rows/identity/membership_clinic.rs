//! The clinics that members work in.

use sea_orm::entity::prelude::*;

use crate::reach::Unrestricted;

/// A row of `membership_clinic`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "membership_clinic")]
#[expect(clippy::struct_field_names, reason = "the table's own columns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub membership_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub clinic_id: Uuid,
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
