//! What an identifier of another system stands for.

use kernel::StoreError;
use patients::model::import::ImportKind;
use patients::ports::imports::{ExternalReference, ReferenceKey};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use super::import::{unreadable, whole_company};
use crate::reach::{Reachable, Reaching};

/// A row of `external_reference`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_reference")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub namespace: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub value: String,
    pub fingerprint: String,
    pub file_sha256: Vec<u8>,
    pub patient_id: Option<Uuid>,
    pub appointment_id: Option<Uuid>,
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
        whole_company(reaching)
    }
}

impl Model {
    /// The row of a reference.
    pub fn of(reference: &ExternalReference, tenant: Uuid) -> Self {
        let record = |kind| (reference.key.kind == kind).then_some(reference.record);
        Self {
            tenant_id: tenant,
            kind: reference.key.kind.as_str().to_owned(),
            namespace: reference.key.namespace.clone(),
            value: reference.key.value.clone(),
            fingerprint: reference.fingerprint.clone(),
            file_sha256: reference.file.to_vec(),
            patient_id: record(ImportKind::Patients),
            appointment_id: record(ImportKind::Appointments),
        }
    }
}

impl TryFrom<Model> for ExternalReference {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let kind = ImportKind::parse(&row.kind).ok_or_else(unreadable)?;
        let record = row.patient_id.or(row.appointment_id).ok_or_else(unreadable)?;
        let key = ReferenceKey { kind, namespace: row.namespace, value: row.value };
        let file = row.file_sha256.try_into().ok().ok_or_else(unreadable)?;
        Ok(Self { key, fingerprint: row.fingerprint, record, file })
    }
}
