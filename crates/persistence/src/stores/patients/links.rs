//! Links of caregivers and guardians.

use async_trait::async_trait;
use kernel::ids::{MembershipId, PatientId, PatientLinkId};
use kernel::{Page, Start, StoreError, Total};
use patients::model::{PatientLink, PersonName, ShownLink, Stage};
use patients::ports::{LinkList, LinkReads, LinkWrites};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, Condition, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::SeaTx;
use crate::rows::identity::membership;
use crate::rows::patient;
use crate::rows::patient_link::{Column, Entity, Model};

/// The name of a link's member: who sees the link knows whom it is about.
const MEMBER: &str = "(SELECT m.display_name FROM membership m \
    WHERE m.tenant_id = patient_link.tenant_id AND m.id = patient_link.membership_id)";

#[derive(Debug, FromQueryResult)]
struct Shown {
    #[sea_orm(nested)]
    link: Model,
    member: String,
}

#[derive(Debug, FromQueryResult)]
struct Staged {
    stage: String,
}

#[async_trait]
impl LinkReads for SeaTx {
    async fn patient_links(&self, ask: &LinkList) -> Result<Option<Page<ShownLink>>, StoreError> {
        let patient = self.select::<patient::Entity>().filter(patient::Column::Id.eq(ask.patient.uuid()));
        if self.count(patient.select_only().column(patient::Column::Id)).await? == 0 {
            return Ok(None);
        }
        let all = narrowed(self.select::<Entity>(), ask);
        let select = match &ask.page.start {
            Start::First => all.clone(),
            Start::After(last) => all.clone().filter(Column::Id.gt(last.uuid())),
            Start::Offset(rows) => all.clone().offset(*rows),
        };
        let select = select.expr_as(Expr::cust(MEMBER), "member");
        let select = select.order_by_asc(Column::Id).limit(u64::from(ask.page.limit) + 1);
        let rows: Vec<Shown> = self.all_as(select).await?;
        let total = match ask.page.total {
            Total::Skip => None,
            Total::Count => Some(self.count(all).await?),
        };
        let page = Page::from_surplus(rows, ask.page.limit, total, |row| PatientLinkId::from_uuid(row.link.id));
        let today = self.now().date_naive();
        let items = page.items.into_iter().map(|row| {
            let link = PatientLink::try_from(row.link)?;
            Ok(ShownLink { standing: link.standing(today), member: PersonName::from_stored(row.member), link })
        });
        let items = items.collect::<Result<_, StoreError>>()?;
        Ok(Some(Page { items, next: page.next, total: page.total }))
    }

    async fn patient_link_like(&self, link: &PatientLink) -> Result<Option<PatientLinkId>, StoreError> {
        let days = Condition::any().add(Column::ValidTo.is_null()).add(
            Condition::all()
                .add(Column::ValidTo.gt(link.valid_from()))
                .add(Column::ValidTo.into_expr().gt(Column::ValidFrom.into_expr())),
        );
        let mut like = self
            .select::<Entity>()
            .filter(Column::PatientId.eq(link.patient().uuid()))
            .filter(Column::MembershipId.eq(link.membership().uuid()))
            .filter(Column::Kind.eq(link.kind().as_str()))
            .filter(days);
        if let Some(to) = link.valid_to() {
            like = like.filter(Column::ValidFrom.lt(to));
        }
        let found = self.one(like.order_by_asc(Column::ValidFrom).limit(1)).await?;
        Ok(found.map(|row| PatientLinkId::from_uuid(row.id)))
    }
}

#[async_trait]
impl LinkWrites for SeaTx {
    async fn patient_stage_held(&self, id: PatientId) -> Result<Option<Stage>, StoreError> {
        let select = self.select::<patient::Entity>().filter(patient::Column::Id.eq(id.uuid()));
        let select = select.select_only().column(patient::Column::Stage).lock_shared();
        let found: Vec<Staged> = self.all_as(select).await?;
        let stage = |row: Staged| Stage::parse(&row.stage).ok_or_else(|| StoreError::broken("a patient at no stage"));
        found.into_iter().next().map(stage).transpose()
    }

    async fn member_name(&self, id: MembershipId) -> Result<Option<PersonName>, StoreError> {
        let select = self.select::<membership::Entity>().filter(membership::Column::Id.eq(id.uuid()));
        Ok(self.one(select).await?.map(|row| PersonName::from_stored(row.display_name)))
    }

    async fn patient_link_add(&self, link: &PatientLink) -> Result<(), StoreError> {
        self.insert(Model::of(link, self.tenant())).await
    }

    async fn patient_link_locked(
        &self,
        patient: PatientId,
        id: PatientLinkId,
    ) -> Result<Option<PatientLink>, StoreError> {
        let select = self.select::<Entity>().filter(Column::Id.eq(id.uuid()));
        let select = select.filter(Column::PatientId.eq(patient.uuid())).lock_exclusive();
        self.one(select).await?.map(PatientLink::try_from).transpose()
    }

    async fn patient_link_save(&self, link: &PatientLink) -> Result<(), StoreError> {
        let update = self
            .update_where::<Entity>()
            .col_expr(Column::ValidFrom, Expr::value(link.valid_from()))
            .col_expr(Column::ValidTo, Expr::value(link.valid_to()))
            .col_expr(Column::Version, Expr::value(link.version()))
            .filter(Column::Id.eq(link.id().uuid()));
        self.exec(update).await.map(drop)
    }
}

fn narrowed(all: Select<Entity>, ask: &LinkList) -> Select<Entity> {
    let mut all = all.filter(Column::PatientId.eq(ask.patient.uuid()));
    if !ask.kinds.is_empty() {
        all = all.filter(Column::Kind.is_in(ask.kinds.iter().map(|kind| kind.as_str())));
    }
    if let Some(day) = ask.valid_on {
        all = all
            .filter(Column::ValidFrom.lte(day))
            .filter(Condition::any().add(Column::ValidTo.is_null()).add(Column::ValidTo.gt(day)));
    }
    all
}
