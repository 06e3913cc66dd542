//! Practitioners.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::{ClinicId, MembershipId, PractitionerId};
use kernel::{Page, StoreError, Total};
use scheduling::model::practitioner::Practitioner;
use scheduling::ports::{NameKey, PractitionerList, PractitionerReads, PractitionerWrites};
use sea_orm::sea_query::{Expr, Order, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, ExprTrait, IntoActiveModel, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use super::dialect::Dialect;
use super::keyset;
use crate::SeaTx;
use crate::rows::identity::{clinic, membership};
use crate::rows::scheduling::practitioner::{Column, Entity, Model, Record};
use crate::rows::scheduling::{practitioner_clinic, practitioner_service};

#[async_trait]
impl PractitionerReads for SeaTx {
    async fn practitioner_by_id(&self, id: PractitionerId) -> Result<Option<Practitioner>, StoreError> {
        let select = self.select::<Entity>().filter(Column::Id.eq(id.uuid()));
        let found: Vec<Record> = self.all_as(self.with_lists(select)).await?;
        found.into_iter().next().map(Practitioner::try_from).transpose()
    }

    async fn practitioner_list(&self, ask: &PractitionerList) -> Result<Page<Practitioner>, StoreError> {
        let all = self.practitioners_of(ask);
        let key = |key: &NameKey<PractitionerId>| (key.name.as_str().into(), key.id.uuid());
        let select = keyset::page(all.clone(), (Column::SortText, Column::Id), &Order::Asc, &ask.page, key);
        let rows: Vec<Record> = self.all_as(self.with_lists(select)).await?;
        let total = match ask.page.total {
            Total::Skip => None,
            Total::Count => Some(self.count(all).await?),
        };
        let key = |row: &Record| NameKey {
            name: row.practitioner.sort_text.clone(),
            id: PractitionerId::from_uuid(row.practitioner.id),
        };
        let Page { items, next, total } = Page::from_surplus(rows, ask.page.limit, total, key);
        let items = items.into_iter().map(Practitioner::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, next, total })
    }

    async fn clinics_known(&self, ids: &BTreeSet<ClinicId>) -> Result<BTreeSet<ClinicId>, StoreError> {
        let ids = ids.iter().map(|id| id.uuid());
        let rows = self.all(self.select::<clinic::Entity>().filter(clinic::Column::Id.is_in(ids))).await?;
        Ok(rows.into_iter().map(|row| ClinicId::from_uuid(row.id)).collect())
    }

    async fn membership_known(&self, id: MembershipId) -> Result<bool, StoreError> {
        let select = self.select::<membership::Entity>().filter(membership::Column::Id.eq(id.uuid()));
        Ok(self.one(select).await?.is_some())
    }
}

#[async_trait]
impl PractitionerWrites for SeaTx {
    async fn practitioner_add(&self, practitioner: &Practitioner, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.insert(Model::of(practitioner, self.tenant(), at)?).await?;
        self.add_lists(practitioner).await
    }

    async fn practitioner_save(&self, practitioner: &Practitioner, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut row = Model::of(practitioner, self.tenant(), at)?.into_active_model().reset_all();
        for key in [Column::TenantId, Column::Id, Column::CreatedAt, Column::AvailabilityVersion] {
            row.not_set(key);
        }
        let id = practitioner.id().uuid();
        let update = self
            .update_where::<Entity>()
            .set(row)
            .filter(Column::Id.eq(id))
            .filter(Column::Version.eq(practitioner.version() - 1));
        if self.exec(update).await? == 0 {
            return Ok(false);
        }
        let services = self.delete_where::<practitioner_service::Entity>();
        self.exec(services.filter(practitioner_service::Column::PractitionerId.eq(id))).await?;
        let clinics = self.delete_where::<practitioner_clinic::Entity>();
        self.exec(clinics.filter(practitioner_clinic::Column::PractitionerId.eq(id))).await?;
        self.add_lists(practitioner).await?;
        Ok(true)
    }
}

impl SeaTx {
    fn with_lists(&self, select: Select<Entity>) -> Select<Entity> {
        let [services, clinics] = lists(Dialect::of(self.is_postgres()), "practitioner");
        select.expr_as(Expr::cust(services), "service_ids").expr_as(Expr::cust(clinics), "clinic_ids")
    }

    async fn add_lists(&self, practitioner: &Practitioner) -> Result<(), StoreError> {
        let (tenant_id, practitioner_id) = (self.tenant(), practitioner.id().uuid());
        let services = practitioner.profile().service_ids.iter().flatten();
        let service = |service_id: Uuid| practitioner_service::Model { tenant_id, practitioner_id, service_id };
        self.insert_all(services.map(|id| service(id.uuid()))).await?;
        let clinics = practitioner.profile().clinic_ids.iter().flatten();
        let clinic = |clinic_id: Uuid| practitioner_clinic::Model { tenant_id, practitioner_id, clinic_id };
        self.insert_all(clinics.map(|id| clinic(id.uuid()))).await
    }

    fn practitioners_of(&self, ask: &PractitionerList) -> Select<Entity> {
        let mut all = self.select::<Entity>();
        if let Some(active) = ask.active {
            all = all.filter(Column::Active.eq(active));
        }
        if let Some(service) = ask.service_id {
            use practitioner_service::{Column as Of, Entity as Gives};
            let gives = Query::select()
                .expr(Expr::val(1))
                .from(Gives)
                .and_where(Expr::col((Gives, Of::TenantId)).eq(self.tenant()))
                .and_where(Expr::col((Gives, Of::PractitionerId)).eq(Expr::col((Entity, Column::Id))))
                .and_where(Expr::col((Gives, Of::ServiceId)).eq(service.uuid()))
                .take();
            all = all.filter(Condition::any().add(Column::AnyService.eq(true)).add(Expr::exists(gives)));
        }
        if let Some(clinic) = ask.clinic_id {
            use practitioner_clinic::{Column as Of, Entity as Works};
            let works = Query::select()
                .expr(Expr::val(1))
                .from(Works)
                .and_where(Expr::col((Works, Of::TenantId)).eq(self.tenant()))
                .and_where(Expr::col((Works, Of::PractitionerId)).eq(Expr::col((Entity, Column::Id))))
                .and_where(Expr::col((Works, Of::ClinicId)).eq(clinic.uuid()))
                .take();
            all = all.filter(Condition::any().add(Column::AnyClinic.eq(true)).add(Expr::exists(works)));
        }
        all
    }
}

/// The services and clinics of a practitioner (of the table or alias `p`) as JSON lists; null for all of the company's.
pub(super) fn lists(dialect: Dialect, p: &str) -> [String; 2] {
    [("service", "any_service"), ("clinic", "any_clinic")].map(|(of, any)| {
        let from = format!("practitioner_{of} x WHERE x.tenant_id = {p}.tenant_id AND x.practitioner_id = {p}.id");
        let ids = dialect.uuids(&format!("x.{of}_id"), &from);
        format!("CASE WHEN {p}.{any} THEN NULL ELSE {ids} END")
    })
}
