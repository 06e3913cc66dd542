//! Imports, and the records that they read and write many at a time.

mod agenda;
mod registry;

use async_trait::async_trait;
use kernel::ids::{ImportId, TenantId};
use kernel::{Page, PageAsk, Start, StoreError, TenantScope, Total};
use patients::model::import::{Import, ImportKind, ImportRow, RowOutcome};
use patients::ports::imports::{
    ImportKey, ImportReads, ImportRowKey, ImportRowList, ImportWrites, ImportsDb, ImportsTx, ImportsView,
};
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ActiveModelTrait, ColumnTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Value};
use uuid::Uuid;

use crate::errors::store;
use crate::rows::{import, import_row};
use crate::{Database, SeaTx};

/// Rows of one INSERT: always as many but for the last, so that few statements are prepared.
pub(super) const AT_ONCE: usize = 100;

impl Database {
    /// Every company.
    pub async fn companies(&self) -> Result<Vec<TenantId>, StoreError> {
        let tx = self.look_across("files").await?;
        let rows = tx.rows("SELECT tenant_id FROM company ORDER BY tenant_id", []).await?;
        rows.iter().map(|row| Ok(TenantId::from_uuid(row.try_get("", "tenant_id").map_err(store)?))).collect()
    }
}

#[async_trait]
impl ImportsDb for Database {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn ImportsTx>, StoreError> {
        Ok(Box::new(self.open(scope).await?))
    }

    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn ImportsView>, StoreError> {
        Ok(Box::new(self.look(scope).await?))
    }
}

#[async_trait]
impl ImportReads for SeaTx {
    async fn import_by_id(&self, id: ImportId) -> Result<Option<Import>, StoreError> {
        let select = self.select::<import::Entity>().filter(import::Column::Id.eq(id.uuid()));
        self.one(select).await?.map(Import::try_from).transpose()
    }

    async fn imports_known(&self, ids: &[ImportId]) -> Result<Vec<ImportId>, StoreError> {
        use import::{Column, Entity};
        let select = self.select::<Entity>().filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
        Ok(self.all(select).await?.into_iter().map(|row| ImportId::from_uuid(row.id)).collect())
    }

    async fn import_list(&self, ask: &PageAsk<ImportKey>) -> Result<Page<Import>, StoreError> {
        use import::{Column, Entity};
        let all = self.select::<Entity>();
        let mut select = all.clone();
        match &ask.start {
            Start::First => {}
            Start::Offset(rows) => select = select.offset(*rows),
            Start::After(key) => {
                let row = Expr::tuple([Column::CreatedAt.into_expr(), Column::Id.into_expr()]);
                select = select.filter(row.lt(Expr::tuple([Expr::value(key.at), Expr::value(key.id.uuid())])));
            }
        }
        let select = select.order_by(Column::CreatedAt, Order::Desc).order_by(Column::Id, Order::Desc);
        let rows = self.all(select.limit(u64::from(ask.limit) + 1)).await?;
        let total = match ask.total {
            Total::Skip => None,
            Total::Count => Some(self.count(all).await?),
        };
        let key = |row: &import::Model| ImportKey { at: row.created_at, id: ImportId::from_uuid(row.id) };
        let Page { items, next, total } = Page::from_surplus(rows, ask.limit, total, key);
        Ok(Page { items: items.into_iter().map(Import::try_from).collect::<Result<_, _>>()?, next, total })
    }

    async fn imports_open(&self, kind: ImportKind, sha256: &[u8; 32]) -> Result<Vec<Import>, StoreError> {
        let select = self
            .select::<import::Entity>()
            .filter(import::Column::Kind.eq(kind.as_str()))
            .filter(import::Column::Sha256.eq(sha256.to_vec()))
            .filter(import::Column::Status.is_in(["waiting", "running"]));
        self.all(select).await?.into_iter().map(Import::try_from).collect()
    }

    async fn import_rows(&self, ask: &ImportRowList) -> Result<Page<ImportRow>, StoreError> {
        use import_row::{Column, Entity};
        let mut all = self.select::<Entity>().filter(Column::ImportId.eq(ask.import_id.uuid()));
        if !ask.outcomes.is_empty() {
            all = all.filter(Column::Outcome.is_in(ask.outcomes.iter().map(|outcome| outcome.as_str())));
        }
        let mut select = all.clone();
        match &ask.page.start {
            Start::First => {}
            Start::Offset(rows) => select = select.offset(*rows),
            Start::After(key) => select = select.filter(Column::Line.gt(key.line)),
        }
        let select = select.order_by(Column::Line, Order::Asc).limit(u64::from(ask.page.limit) + 1);
        let rows = self.all(select).await?;
        let total = match ask.page.total {
            Total::Skip => None,
            Total::Count => Some(self.count(all).await?),
        };
        let key = |row: &import_row::Model| ImportRowKey { line: row.line };
        let Page { items, next, total } = Page::from_surplus(rows, ask.page.limit, total, key);
        let items = items.into_iter().map(|row| row.opened(self.keys())).collect::<Result<_, _>>()?;
        Ok(Page { items, next, total })
    }

    async fn import_rows_made(&self, id: ImportId, most: u16) -> Result<Vec<ImportRow>, StoreError> {
        use import_row::{Column, Entity};
        let made = Column::Outcome.eq(RowOutcome::Created.as_str());
        let select = self.select::<Entity>().filter(Column::ImportId.eq(id.uuid())).filter(made);
        let rows = self.all(select.order_by(Column::Line, Order::Desc).limit(u64::from(most))).await?;
        rows.into_iter().map(|row| row.opened(self.keys())).collect()
    }

    async fn import_versions(&self, id: ImportId, records: &[Uuid]) -> Result<Vec<(Uuid, i64)>, StoreError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let mut values: Vec<Value> = vec![self.tenant().into(), id.uuid().into()];
        values.extend(records.iter().map(|record| Value::from(*record)));
        let sql = format!(
            "SELECT record_id, max(record_version) AS version FROM import_row WHERE tenant_id = $1 AND import_id = $2 \
             AND outcome IN ('created', 'updated') AND record_id IN ({}) GROUP BY record_id",
            places(3, values.len())
        );
        let read = |row: &sea_orm::QueryResult| Ok((row.try_get("", "record_id")?, row.try_get("", "version")?));
        self.rows(&sql, values).await?.iter().map(read).collect::<Result<_, sea_orm::DbErr>>().map_err(store)
    }
}

#[async_trait]
impl ImportWrites for SeaTx {
    async fn import_add(&self, import: &Import) -> Result<(), StoreError> {
        self.insert(import::Model::of(import, self.tenant())?).await
    }

    async fn import_save(&self, import: &Import) -> Result<bool, StoreError> {
        use import::{Column, Entity};
        let mut row = import::Model::of(import, self.tenant())?.into_active_model().reset_all();
        // What was asked and what the file is never changes.
        for key in [Column::TenantId, Column::Id, Column::CreatedAt, Column::Sheet, Column::Options, Column::Mapping] {
            row.not_set(key);
        }
        let update = self
            .update_where::<Entity>()
            .set(row)
            .filter(Column::Id.eq(import.id.uuid()))
            .filter(Column::Version.eq(import.version - 1));
        Ok(self.exec(update).await? == 1)
    }

    async fn import_rows_add(&self, rows: &[ImportRow]) -> Result<(), StoreError> {
        for rows in rows.chunks(AT_ONCE) {
            let rows = rows.iter().map(|row| import_row::Model::of(row, self.tenant(), self.keys()));
            self.insert_all(rows.collect::<Result<Vec<_>, _>>()?).await?;
        }
        Ok(())
    }

    async fn import_rows_settle(&self, rows: &[ImportRow]) -> Result<(), StoreError> {
        // Rows of a batch have few fates: a statement each.
        let mut fates: Vec<(&str, Option<&str>)> =
            rows.iter().map(|row| (row.outcome.as_str(), row.code.as_deref())).collect();
        fates.sort_unstable();
        fates.dedup();
        for (outcome, code) in fates {
            let ids = rows.iter().filter(|row| row.outcome.as_str() == outcome && row.code.as_deref() == code);
            let mut values: Vec<Value> = vec![self.tenant().into(), outcome.into(), code.map(str::to_owned).into()];
            values.extend(ids.map(|row| Value::from(row.id.uuid())));
            let places = places(4, values.len());
            let sql =
                format!("UPDATE import_row SET outcome = $2, code = $3 WHERE tenant_id = $1 AND id IN ({places})");
            self.run(&sql, values).await?;
        }
        Ok(())
    }
}

/// The places `$first, …, $last`.
fn places(first: usize, last: usize) -> String {
    (first..=last).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}
