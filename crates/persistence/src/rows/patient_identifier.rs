//! An identifier of a patient, in the order that the record has them.

use patients::model::{Identifier, IdentifierKind, IdentifierStanding, IdentifierStatus, Patient};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;
use serde::Deserialize;

use super::patient::reached;
use crate::reach::{Reachable, Reaching};

/// A row of `patient_identifier`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_identifier")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub patient_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    pub kind: String,
    pub value: String,
    pub status: String,
    pub standing: String,
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

/// A row as it is read with its patient.
#[derive(Deserialize)]
pub struct Part {
    kind: String,
    value: String,
    status: String,
    standing: String,
}

/// A column of a patient's select: its identifiers as JSON, in order.
pub const PARTS_POSTGRES: &str = "COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', i.kind, 'value', i.value, \
     'status', i.status, 'standing', i.standing) ORDER BY i.ordinal) FROM patient_identifier i \
     WHERE i.tenant_id = patient.tenant_id AND i.patient_id = patient.id), '[]'::jsonb)";

/// The same.
pub const PARTS_SQLITE: &str = "(SELECT json_group_array(json_object('kind', i.kind, 'value', i.value, \
     'status', i.status, 'standing', i.standing) ORDER BY i.ordinal) FROM patient_identifier i \
     WHERE i.tenant_id = patient.tenant_id AND i.patient_id = patient.id)";

impl Model {
    /// The rows of a patient.
    pub fn all_of(patient: &Patient, tenant: Uuid) -> Vec<Self> {
        let identifiers = patient.details.identifiers.iter();
        let row = |(ordinal, identifier): (i32, &Identifier)| Self {
            tenant_id: tenant,
            patient_id: patient.id.uuid(),
            ordinal,
            kind: identifier.kind().as_str().to_owned(),
            value: identifier.value().to_owned(),
            status: identifier.status().as_str().to_owned(),
            standing: identifier.standing().as_str().to_owned(),
        };
        (0..).zip(identifiers).map(row).collect()
    }
}

impl From<Part> for Option<Identifier> {
    fn from(part: Part) -> Self {
        let kind = IdentifierKind::parse(&part.kind)?;
        let (status, standing) = (IdentifierStatus::parse(&part.status)?, IdentifierStanding::parse(&part.standing)?);
        Some(Identifier::from_stored(kind, part.value, status).with_standing(standing))
    }
}
