//! A block that a patient's record belongs to.

use patients::model::Patient;
use patients::model::matching::{MatchKey, Traits};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use super::patient::reached;
use crate::reach::{Reachable, Reaching};

/// A row of `patient_match_key`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_match_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub patient_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: i64,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        reached(reaching, &Expr::col((Entity, Column::PatientId)))
    }
}

impl Model {
    /// The rows of a patient.
    pub fn all_of(patient: &Patient, tenant: Uuid) -> Vec<Self> {
        Self::all(patient.id.uuid(), &Traits::from(patient).keys(), tenant)
    }

    /// The rows of these keys.
    pub fn all(patient_id: Uuid, keys: &[MatchKey], tenant_id: Uuid) -> Vec<Self> {
        keys.iter().map(|key| Self { tenant_id, patient_id, key: key.as_i64() }).collect()
    }
}
