//! A facet of a patient, by which lists are filtered: normalised, each once, beside the name that orders it.

use patients::model::Patient;
use patients::model::filter::FacetKind;
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use super::patient::reached;
use crate::reach::{Reachable, Reaching};

/// A row of `patient_facet`; it follows the record.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_facet")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub patient_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub value: String,
    /// The record's.
    pub sort_text: String,
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
    /// The rows of a patient, in whose record's row this is the sort text.
    pub fn all_of(patient: &Patient, tenant: Uuid, sort_text: &str) -> Vec<Self> {
        let row = |(kind, value): (FacetKind, String)| Self {
            tenant_id: tenant,
            patient_id: patient.id.uuid(),
            kind: kind.as_str().to_owned(),
            value,
            sort_text: sort_text.to_owned(),
        };
        patient.details.facets().into_iter().map(row).collect()
    }
}
