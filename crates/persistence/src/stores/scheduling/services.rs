//! Services.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::ServiceId;
use kernel::{Page, StoreError, Total};
use scheduling::model::service::Service;
use scheduling::ports::{NameKey, ServiceList, ServiceReads, ServiceWrites};
use sea_orm::sea_query::Order;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};

use super::keyset;
use crate::SeaTx;
use crate::rows::scheduling::service::{Column, Entity, Model};

#[async_trait]
impl ServiceReads for SeaTx {
    async fn service_by_id(&self, id: ServiceId) -> Result<Option<Service>, StoreError> {
        self.one(self.select::<Entity>().filter(Column::Id.eq(id.uuid()))).await?.map(Service::try_from).transpose()
    }

    async fn service_list(&self, ask: &ServiceList) -> Result<Page<Service>, StoreError> {
        let mut all = self.select::<Entity>();
        if let Some(active) = ask.active {
            all = all.filter(Column::Active.eq(active));
        }
        let key = |key: &NameKey<ServiceId>| (key.name.as_str().into(), key.id.uuid());
        let select = keyset::page(all.clone(), (Column::SortText, Column::Id), &Order::Asc, &ask.page, key);
        let rows = self.all(select).await?;
        let total = match ask.page.total {
            Total::Skip => None,
            Total::Count => Some(self.count(all).await?),
        };
        let key = |row: &Model| NameKey { name: row.sort_text.clone(), id: ServiceId::from_uuid(row.id) };
        let Page { items, next, total } = Page::from_surplus(rows, ask.page.limit, total, key);
        let items = items.into_iter().map(Service::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, next, total })
    }

    async fn services_known(&self, ids: &BTreeSet<ServiceId>) -> Result<BTreeSet<ServiceId>, StoreError> {
        let ids = ids.iter().map(|id| id.uuid());
        let rows = self.all(self.select::<Entity>().filter(Column::Id.is_in(ids))).await?;
        Ok(rows.into_iter().map(|row| ServiceId::from_uuid(row.id)).collect())
    }
}

#[async_trait]
impl ServiceWrites for SeaTx {
    async fn service_add(&self, service: &Service, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.insert(Model::of(service, self.tenant(), at)?).await
    }

    async fn service_save(&self, service: &Service, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut row = Model::of(service, self.tenant(), at)?.into_active_model().reset_all();
        for key in [Column::TenantId, Column::Id, Column::CreatedAt] {
            row.not_set(key);
        }
        let update = self
            .update_where::<Entity>()
            .set(row)
            .filter(Column::Id.eq(service.id().uuid()))
            .filter(Column::Version.eq(service.version() - 1));
        Ok(self.exec(update).await? == 1)
    }
}
