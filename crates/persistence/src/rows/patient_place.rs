//! An address of a patient that has coordinates: where it is, for what lies near.

use patients::model::geography::{UnitVector, band};
use patients::model::{Address, Patient};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use super::patient::reached;
use crate::reach::{Reachable, Reaching};

/// A row of `patient_place`; it follows the record.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_place")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub patient_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    /// Of latitude.
    pub band: i32,
    /// Degrees east.
    pub longitude: f64,
    /// The unit vector.
    pub x: f64,
    pub y: f64,
    pub z: f64,
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
        let row = |(ordinal, address): (i32, &Address)| {
            let (latitude, longitude) = (address.parts().latitude?, address.parts().longitude?);
            let UnitVector { x, y, z } = UnitVector::at(latitude, longitude);
            let (patient_id, band) = (patient.id.uuid(), band(latitude));
            Some(Self { tenant_id: tenant, patient_id, ordinal, band, longitude, x, y, z })
        };
        (0..).zip(&patient.details.addresses).filter_map(row).collect()
    }
}
