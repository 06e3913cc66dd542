//! Merges.

use async_trait::async_trait;
use kernel::StoreError;
use kernel::ids::{MembershipId, MergeId, PatientId};
use patients::model::Merge;
use patients::ports::{MergeReads, MergeWrites};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, Select};

use crate::SeaTx;
use crate::rows::patient_merge::{Column, Entity, Model};

#[async_trait]
impl MergeReads for SeaTx {
    async fn merge_by_id(&self, id: MergeId) -> Result<Option<Merge>, StoreError> {
        self.merge(self.select::<Entity>().filter(Column::Id.eq(id.uuid()))).await
    }

    async fn merge_of_source(&self, source: PatientId) -> Result<Option<Merge>, StoreError> {
        let select = self.select::<Entity>().filter(Column::SourceId.eq(source.uuid()));
        self.merge(select.filter(Column::UndoneAt.is_null())).await
    }
}

#[async_trait]
impl MergeWrites for SeaTx {
    async fn merge_add(&self, merge: &Merge) -> Result<(), StoreError> {
        self.insert(Model::of(merge, self.tenant(), self.keys())?).await
    }

    async fn merge_save(&self, merge: &Merge) -> Result<bool, StoreError> {
        let update = self
            .update_where::<Entity>()
            .col_expr(Column::UndoneAt, Expr::val(merge.undone_at))
            .col_expr(Column::UndoneBy, Expr::val(merge.undone_by.map(MembershipId::uuid)))
            .col_expr(Column::Version, Expr::val(merge.version))
            .filter(Column::Id.eq(merge.id.uuid()))
            .filter(Column::Version.eq(merge.version - 1));
        Ok(self.exec(update).await? == 1)
    }
}

impl SeaTx {
    async fn merge(&self, select: Select<Entity>) -> Result<Option<Merge>, StoreError> {
        self.one(select).await?.map(|row| row.opened(self.keys())).transpose()
    }
}
