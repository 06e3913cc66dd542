//! An import: what was asked and how far it has come.

use chrono::{DateTime, Utc};
use kernel::ids::{ImportId, MembershipId};
use kernel::{Reach, StoreError};
use patients::model::import::{Import, ImportCounts, ImportKind, ImportStatus};
use sea_orm::entity::prelude::*;
use sea_orm::{Condition, ExprTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::reach::{Reachable, Reaching};

/// A row of `import`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub file_name: String,
    pub size: i64,
    pub sha256: Vec<u8>,
    pub dry_run: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub options: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub sheet: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub mapping: Json,
    pub status: String,
    pub failure: Option<String>,
    pub position: i64,
    pub rows_read: i64,
    pub rows_created: i64,
    pub rows_updated: i64,
    pub rows_skipped: i64,
    pub rows_failed: i64,
    pub rows_removed: i64,
    pub rows_kept: i64,
    pub started_by: Option<Uuid>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
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

/// Files hold all patients alike: only who reaches the whole company sees anything of them.
pub(super) fn whole_company(reaching: &Reaching) -> Condition {
    match reaching.reach {
        Reach::Company => Condition::all(),
        _ => Condition::all().add(Expr::val(1).eq(0)),
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Json, StoreError> {
    serde_json::to_value(value).map_err(StoreError::broken)
}

fn from_json<T: DeserializeOwned>(json: Json) -> Result<T, StoreError> {
    serde_json::from_value(json).ok().ok_or_else(unreadable)
}

pub(super) fn unreadable() -> StoreError {
    StoreError::broken("a row of an import cannot be read")
}

impl Model {
    /// The row of an import.
    pub fn of(import: &Import, tenant: Uuid) -> Result<Self, StoreError> {
        let counts = import.counts;
        Ok(Self {
            tenant_id: tenant,
            id: import.id.uuid(),
            kind: import.kind.as_str().to_owned(),
            file_name: import.file_name.clone(),
            size: i64::try_from(import.size).map_err(StoreError::broken)?,
            sha256: import.sha256.to_vec(),
            dry_run: import.dry_run,
            options: to_json(&import.options)?,
            sheet: to_json(&import.sheet)?,
            mapping: to_json(&import.mapping)?,
            status: import.status.as_str().to_owned(),
            failure: import.failure.clone(),
            position: import.position,
            rows_read: counts.read,
            rows_created: counts.created,
            rows_updated: counts.updated,
            rows_skipped: counts.skipped,
            rows_failed: counts.failed,
            rows_removed: counts.removed,
            rows_kept: counts.kept,
            started_by: import.started_by.map(MembershipId::uuid),
            version: import.version,
            created_at: import.created_at,
            updated_at: import.updated_at,
            finished_at: import.finished_at,
        })
    }
}

impl TryFrom<Model> for Import {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: ImportId::from_uuid(row.id),
            kind: ImportKind::parse(&row.kind).ok_or_else(unreadable)?,
            file_name: row.file_name,
            size: u64::try_from(row.size).map_err(StoreError::broken)?,
            sha256: row.sha256.try_into().ok().ok_or_else(unreadable)?,
            dry_run: row.dry_run,
            options: from_json(row.options)?,
            sheet: from_json(row.sheet)?,
            mapping: from_json(row.mapping)?,
            status: ImportStatus::parse(&row.status).ok_or_else(unreadable)?,
            failure: row.failure,
            position: row.position,
            counts: ImportCounts {
                read: row.rows_read,
                created: row.rows_created,
                updated: row.rows_updated,
                skipped: row.rows_skipped,
                failed: row.rows_failed,
                removed: row.rows_removed,
                kept: row.rows_kept,
            },
            started_by: row.started_by.map(MembershipId::from_uuid),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            finished_at: row.finished_at,
        })
    }
}
