//! What became of a row of an imported file; the cells of one that failed are sealed.

use kernel::StoreError;
use kernel::ids::{ImportId, ImportRowId};
use kernel::seal::{Keyring, Place};
use patients::model::import::{ImportRow, OriginalCells, RowOutcome, Written};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use super::import::{unreadable, whole_company};
use crate::reach::{Reachable, Reaching};

/// A row of `import_row`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_row")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub import_id: Uuid,
    pub line: i64,
    pub outcome: String,
    pub code: Option<String>,
    pub column_title: Option<String>,
    pub cells: Option<Vec<u8>>,
    pub record_id: Option<Uuid>,
    pub record_version: Option<i64>,
    pub also_made: Option<Uuid>,
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

fn place(tenant: Uuid, row: Uuid) -> Place<'static> {
    Place { tenant, purpose: "import row", column: "import_row.cells", row }
}

impl Model {
    /// The row of a row.
    pub fn of(row: &ImportRow, tenant: Uuid, keys: &Keyring) -> Result<Self, StoreError> {
        let id = row.id.uuid();
        let sealed = |cells: &OriginalCells| {
            let plain = serde_json::to_vec(cells).map_err(StoreError::broken)?;
            keys.seal(place(tenant, id), &plain).map_err(StoreError::broken)
        };
        Ok(Self {
            tenant_id: tenant,
            id,
            import_id: row.import_id.uuid(),
            line: row.line,
            outcome: row.outcome.as_str().to_owned(),
            code: row.code.clone(),
            column_title: row.column.clone(),
            cells: row.cells.as_ref().map(sealed).transpose()?,
            record_id: row.written.map(|written| written.record),
            record_version: row.written.map(|written| written.version),
            also_made: row.written.and_then(|written| written.patient),
        })
    }

    /// The row, opened.
    pub fn opened(self, keys: &Keyring) -> Result<ImportRow, StoreError> {
        let place = place(self.tenant_id, self.id);
        let cells = |sealed: Vec<u8>| {
            let plain = keys.open(place, &sealed).map_err(StoreError::broken)?;
            serde_json::from_slice(&plain).ok().ok_or_else(unreadable)
        };
        let written = |(record, version)| Written { record, version, patient: self.also_made };
        Ok(ImportRow {
            id: ImportRowId::from_uuid(self.id),
            import_id: ImportId::from_uuid(self.import_id),
            line: self.line,
            outcome: RowOutcome::parse(&self.outcome).ok_or_else(unreadable)?,
            code: self.code,
            column: self.column_title,
            cells: self.cells.map(cells).transpose()?,
            written: self.record_id.zip(self.record_version).map(written),
        })
    }
}
