//! Members: with their addresses across companies, and for changes within one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use identity::model::email::Email;
use identity::model::member::{Member, MemberFilter};
use identity::model::membership::{Membership, MembershipStatus};
use identity::model::role::Role;
use identity::model::session::DeviceSession;
use identity::ports::{MemberReader, MemberStore};
use kernel::ids::{ClinicId, MembershipId, TenantId};
use kernel::{Page, PageAsk, Start, StoreError, Total};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::places::the_one;
use crate::rows::identity::{account, membership, membership_clinic, session};
use crate::session::SeaTx;

#[async_trait]
impl MemberReader for SeaTx {
    async fn member(&self, tenant: TenantId, id: MembershipId) -> Result<Option<Member>, StoreError> {
        let select = self.members_of(tenant).filter(membership::Column::Id.eq(id.uuid()));
        Ok(self.with_addresses(self.all(select).await?).await?.pop())
    }

    async fn member_by_email(&self, tenant: TenantId, email: &Email) -> Result<Option<Member>, StoreError> {
        let select = self.members_of(tenant).filter(has_address(email));
        Ok(self.with_addresses(self.all(select).await?).await?.pop())
    }

    async fn members_page(
        &self,
        tenant: TenantId,
        filter: &MemberFilter,
        ask: &PageAsk<MembershipId>,
    ) -> Result<Page<Member>, StoreError> {
        let wanted = self.members_of(tenant).filter(narrowed(tenant, filter));
        let total = match ask.total {
            Total::Count => Some(self.count(wanted.clone()).await?),
            Total::Skip => None,
        };
        let select = wanted.order_by_asc(membership::Column::Id).limit(u64::from(ask.limit) + 1);
        let select = match &ask.start {
            Start::First => select,
            Start::After(id) => select.filter(membership::Column::Id.gt(id.uuid())),
            Start::Offset(rows) => select.offset(*rows),
        };
        let members = self.with_addresses(self.all(select).await?).await?;
        Ok(Page::from_surplus(members, ask.limit, total, |member| member.membership.id))
    }
}

#[async_trait]
impl MemberStore for SeaTx {
    async fn membership_and_admins_locked(&self, id: MembershipId) -> Result<Vec<Membership>, StoreError> {
        let admin = Condition::all()
            .add(membership::Column::Role.eq(Role::Admin.name()))
            .add(membership::Column::Status.eq(MembershipStatus::Active.name()));
        let select = self
            .select::<membership::Entity>()
            .filter(Condition::any().add(membership::Column::Id.eq(id.uuid())).add(admin))
            .order_by_asc(membership::Column::Id)
            .lock_exclusive();
        let rows = self.all(select).await?;
        self.with_clinics(rows).await
    }

    async fn membership_update(&self, membership: &Membership) -> Result<(), StoreError> {
        let (tenant_id, membership_id) = (membership.tenant.uuid(), membership.id.uuid());
        let update = self
            .update_where::<membership::Entity>()
            .set(membership::Model::try_from(membership)?.into_active_model().reset_all())
            .filter(membership::Column::Id.eq(membership_id))
            .filter(membership::Column::Version.eq(membership.version - 1));
        the_one(self.exec(update).await?)?;
        let delete = self.delete_where::<membership_clinic::Entity>();
        self.exec(delete.filter(membership_clinic::Column::MembershipId.eq(membership_id))).await?;
        let row = |clinic: &ClinicId| membership_clinic::Model { tenant_id, membership_id, clinic_id: clinic.uuid() };
        self.insert_all(membership.clinics.iter().map(row).collect::<Vec<_>>()).await
    }

    /// Whatever the caller's reach: they end, and are not answered with.
    async fn sessions_of_membership_locked(&self, id: MembershipId) -> Result<Vec<DeviceSession>, StoreError> {
        let select = self
            .select_unreached::<session::Entity>()
            .filter(session::Column::MembershipId.eq(id.uuid()))
            .filter(session::Column::EndedAt.is_null())
            .order_by_asc(session::Column::Id)
            .lock_exclusive();
        self.all(select).await?.into_iter().map(TryInto::try_into).collect()
    }
}

impl SeaTx {
    /// Across tenants nothing else confines it to the company.
    fn members_of(&self, tenant: TenantId) -> Select<membership::Entity> {
        self.select::<membership::Entity>().filter(membership::Column::TenantId.eq(tenant.uuid()))
    }

    async fn with_clinics(&self, rows: Vec<membership::Model>) -> Result<Vec<Membership>, StoreError> {
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let select = self
            .select::<membership_clinic::Entity>()
            .filter(membership_clinic::Column::TenantId.eq(first.tenant_id))
            .filter(membership_clinic::Column::MembershipId.is_in(rows.iter().map(|row| row.id)))
            .order_by_asc(membership_clinic::Column::ClinicId);
        let mut clinics: BTreeMap<Uuid, Vec<ClinicId>> = BTreeMap::new();
        for row in self.all(select).await? {
            clinics.entry(row.membership_id).or_default().push(ClinicId::from_uuid(row.clinic_id));
        }
        let mut complete = |row: membership::Model| {
            let of_member = clinics.remove(&row.id).unwrap_or_default();
            row.with_clinics(of_member)
        };
        rows.into_iter().map(&mut complete).collect()
    }

    async fn with_addresses(&self, rows: Vec<membership::Model>) -> Result<Vec<Member>, StoreError> {
        let ids = rows.iter().map(|row| row.account_id);
        let select = self.select::<account::Entity>().filter(account::Column::Id.is_in(ids));
        let accounts: BTreeMap<Uuid, account::Model> =
            self.all(select).await?.into_iter().map(|row| (row.id, row)).collect();
        let member = |membership: Membership| {
            let account = accounts.get(&membership.account.uuid());
            let account = account.ok_or_else(|| StoreError::broken("a membership of nobody"))?;
            let email = Email::from_stored(account.email.clone());
            Ok(Member { membership, email, email_verified_at: account.email_verified_at })
        };
        self.with_clinics(rows).await?.into_iter().map(member).collect()
    }
}

fn has_address(email: &Email) -> Condition {
    let of_address = Query::select()
        .column(account::Column::Id)
        .from(account::Entity)
        .and_where(account::Column::Email.eq(email.as_str()))
        .to_owned();
    Condition::all().add(membership::Column::AccountId.in_subquery(of_address))
}

fn narrowed(tenant: TenantId, filter: &MemberFilter) -> Condition {
    let mut wanted = Condition::all();
    if !filter.roles.is_empty() {
        wanted = wanted.add(membership::Column::Role.is_in(filter.roles.iter().map(|role| role.name())));
    }
    if !filter.statuses.is_empty() {
        wanted = wanted.add(membership::Column::Status.is_in(filter.statuses.iter().map(|status| status.name())));
    }
    if let Some(email) = &filter.email {
        wanted = wanted.add(has_address(email));
    }
    if let Some(clinic) = filter.clinic {
        wanted = wanted.add(works_in(tenant, clinic));
    }
    wanted
}

/// Those who name the clinic, and, where the company has it, those who name none.
fn works_in(tenant: TenantId, clinic: ClinicId) -> Condition {
    use crate::rows::identity::clinic as place;
    let link = membership_clinic::Entity;
    let named = Query::select()
        .column(membership_clinic::Column::MembershipId)
        .from(link)
        .and_where(membership_clinic::Column::TenantId.eq(tenant.uuid()))
        .to_owned();
    let here = named.clone().and_where(membership_clinic::Column::ClinicId.eq(clinic.uuid())).to_owned();
    let is_ours = Query::select()
        .expr(Expr::val(1))
        .from(place::Entity)
        .and_where(place::Column::TenantId.eq(tenant.uuid()))
        .and_where(place::Column::Id.eq(clinic.uuid()))
        .to_owned();
    let everywhere = Condition::all().add(membership::Column::Id.not_in_subquery(named)).add(Expr::exists(is_ours));
    Condition::any().add(membership::Column::Id.in_subquery(here)).add(everywhere)
}
