//! A change of a patient's record whose duplicates are to be found anew; it says nothing of the patient.

use patients::ports::MatchDue;
use sea_orm::entity::prelude::*;

/// A row of `patient_match_due`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_match_due")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub patient_id: Uuid,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::Unrestricted for Entity {
    fn tenant_column() -> Option<Column> {
        Some(Column::TenantId)
    }
}

impl From<Model> for MatchDue {
    fn from(row: Model) -> Self {
        Self { id: row.id, patient: kernel::ids::PatientId::from_uuid(row.patient_id) }
    }
}
