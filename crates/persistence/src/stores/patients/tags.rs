//! The catalogue of tags, and the records that carry one.

use async_trait::async_trait;
use kernel::ids::TagId;
use kernel::{Page, Start, StoreError, Total};
use patients::model::{CataloguedTag, Patient, TagKey};
use patients::ports::{TagList, TagPlace, TagReads, TagWrites};
use sea_orm::sea_query::{Expr, ExprTrait as _, LikeExpr};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::search::escaped;
use crate::SeaTx;
use crate::rows::tag::{Column, Entity, Model};
use crate::rows::{patient, patient_facet};

#[async_trait]
impl TagReads for SeaTx {
    async fn tag_list(&self, ask: &TagList) -> Result<Page<CataloguedTag>, StoreError> {
        let mut all = self.select::<Entity>();
        if let Some(prefix) = &ask.prefix {
            let like = LikeExpr::new(format!("{}%", escaped(prefix))).escape('\\');
            all = all.filter(Expr::col((Entity, Column::Key)).like(like));
        }
        let select = match &ask.page.start {
            Start::First => all.clone(),
            Start::After(TagPlace { key, id }) => {
                let row = Expr::tuple([Column::Key.into_expr(), Column::Id.into_expr()]);
                all.clone().filter(row.gt(Expr::tuple([Expr::value(key.as_str()), Expr::value(id.uuid())])))
            }
            Start::Offset(rows) => all.clone().offset(*rows),
        };
        let select = select.order_by_asc(Column::Key).order_by_asc(Column::Id).limit(u64::from(ask.page.limit) + 1);
        let rows = self.all(select).await?;
        let total = match ask.page.total {
            Total::Skip => None,
            Total::Count => Some(self.count(all).await?),
        };
        let place = |row: &Model| TagPlace { key: row.key.clone(), id: TagId::from_uuid(row.id) };
        Ok(Page::from_surplus(rows, ask.page.limit, total, place).map(CataloguedTag::from))
    }

    async fn tag_by_key(&self, key: &TagKey) -> Result<Option<CataloguedTag>, StoreError> {
        let select = self.select::<Entity>().filter(Column::Key.eq(key.as_str()));
        Ok(self.one(select).await?.map(CataloguedTag::from))
    }

    async fn tag_carriers(&self, key: &TagKey, most: u16) -> Result<u64, StoreError> {
        self.count(carriers(self, key, most)).await
    }

    async fn patients_carrying(&self, key: &TagKey, most: u16) -> Result<Vec<Patient>, StoreError> {
        let ids = QueryTrait::into_query(carriers(self, key, most));
        let select = self.select::<patient::Entity>().filter(patient::Column::Id.in_subquery(ids));
        self.records(select.order_by_asc(patient::Column::Id)).await
    }
}

#[async_trait]
impl TagWrites for SeaTx {
    async fn tag_add(&self, tag: &CataloguedTag) -> Result<(), StoreError> {
        self.insert(Model::of(tag, self.tenant())).await
    }

    async fn tag_locked(&self, id: TagId) -> Result<Option<CataloguedTag>, StoreError> {
        let select = self.select::<Entity>().filter(Column::Id.eq(id.uuid())).lock_exclusive();
        Ok(self.one(select).await?.map(CataloguedTag::from))
    }

    async fn tag_remove(&self, id: TagId) -> Result<(), StoreError> {
        self.exec(self.delete_where::<Entity>().filter(Column::Id.eq(id.uuid()))).await.map(drop)
    }
}

/// The ids of some records that carry a tag, whatever the caller's reach: for decisions about the tag.
fn carriers(tx: &SeaTx, key: &TagKey, most: u16) -> Select<patient_facet::Entity> {
    // What a merged record holds is kept as it was, to be given back.
    let living = tx.select_unreached::<patient::Entity>().filter(patient::Column::MergedInto.is_null());
    let living = living.select_only().column(patient::Column::Id);
    tx.select_unreached::<patient_facet::Entity>()
        .filter(patient_facet::Column::Kind.eq("tag"))
        .filter(patient_facet::Column::Value.eq(key.as_str()))
        .filter(patient_facet::Column::PatientId.in_subquery(QueryTrait::into_query(living)))
        .select_only()
        .column(patient_facet::Column::PatientId)
        .limit(u64::from(most))
}
