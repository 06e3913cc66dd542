//! A way to reach a patient, in the order that the record has them.

use patients::model::{Contact, ContactKind, Patient};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;
use serde::Deserialize;

use super::patient::reached;
use crate::reach::{Reachable, Reaching};

/// A row of `patient_contact`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub patient_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    pub kind: String,
    pub value: String,
    pub raw: String,
    pub is_primary: bool,
    /// The form by which the same contact is known again.
    pub match_key: String,
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
    raw: String,
    primary: bool,
}

/// A column of a patient's select: its contacts as JSON, in order.
pub const PARTS_POSTGRES: &str = "COALESCE((SELECT jsonb_agg(jsonb_build_object('kind', c.kind, 'value', c.value, \
     'raw', c.raw, 'primary', c.is_primary) ORDER BY c.ordinal) FROM patient_contact c \
     WHERE c.tenant_id = patient.tenant_id AND c.patient_id = patient.id), '[]'::jsonb)";

/// The same; SQLite's booleans are numbers, and JSON's are not.
pub const PARTS_SQLITE: &str = "(SELECT json_group_array(json_object('kind', c.kind, 'value', c.value, \
     'raw', c.raw, 'primary', json(iif(c.is_primary, 'true', 'false'))) ORDER BY c.ordinal) FROM patient_contact c \
     WHERE c.tenant_id = patient.tenant_id AND c.patient_id = patient.id)";

impl Model {
    /// The rows of a patient.
    pub fn all_of(patient: &Patient, tenant: Uuid) -> Vec<Self> {
        let contacts = patient.details.contacts.as_slice().iter();
        let row = |(ordinal, contact): (i32, &Contact)| Self {
            tenant_id: tenant,
            patient_id: patient.id.uuid(),
            ordinal,
            kind: contact.kind().as_str().to_owned(),
            value: contact.value().to_owned(),
            raw: contact.raw().to_owned(),
            is_primary: contact.is_primary(),
            match_key: contact.match_keys().into_iter().next().unwrap_or_default(),
        };
        (0..).zip(contacts).map(row).collect()
    }
}

impl From<Part> for Option<Contact> {
    fn from(part: Part) -> Self {
        let contact = Contact::from_stored(ContactKind::parse(&part.kind)?, part.value, part.raw);
        Some(if part.primary { contact.into_primary() } else { contact })
    }
}
