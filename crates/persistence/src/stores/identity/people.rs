//! Accounts, companies and memberships, across companies.

use std::collections::BTreeMap;

use async_trait::async_trait;
use identity::model::account::Account;
use identity::model::clinic::Clinic;
use identity::model::company::Company;
use identity::model::email::Email;
use identity::model::membership::{CompanyOfAccount, Membership, Profile};
use identity::model::name::PlaceName;
use identity::model::password::PasswordHash;
use identity::ports::{PeopleReader, PeopleStore};
use kernel::StoreError;
use kernel::ids::{AccountId, ClinicId, MembershipId, TenantId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use crate::rows::identity::{account, clinic, company, membership, membership_clinic};
use crate::session::SeaTx;

#[async_trait]
impl PeopleReader for SeaTx {
    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        let select = self.select::<account::Entity>().filter(account::Column::Email.eq(email.as_str()));
        self.one(select).await?.map(TryInto::try_into).transpose()
    }

    async fn account_by_id(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let select = self.select::<account::Entity>().filter(account::Column::Id.eq(id.uuid()));
        self.one(select).await?.map(TryInto::try_into).transpose()
    }

    async fn companies_of_account(&self, id: AccountId) -> Result<Vec<CompanyOfAccount>, StoreError> {
        let select = self
            .select::<membership::Entity>()
            .filter(membership::Column::AccountId.eq(id.uuid()))
            .order_by_asc(membership::Column::Id);
        let memberships = self.all(select).await?;
        let tenants = memberships.iter().map(|membership| membership.tenant_id);
        let select = self.select::<company::Entity>().filter(company::Column::TenantId.is_in(tenants));
        let names: BTreeMap<_, _> = self.all(select).await?.into_iter().map(|row| (row.tenant_id, row.name)).collect();
        memberships.into_iter().filter_map(|row| Some(of_account(&row, names.get(&row.tenant_id)?))).collect()
    }

    async fn profile(&self, tenant: TenantId, id: MembershipId) -> Result<Option<Profile>, StoreError> {
        let select = self
            .select::<membership::Entity>()
            .filter(membership::Column::TenantId.eq(tenant.uuid()))
            .filter(membership::Column::Id.eq(id.uuid()));
        let Some(row) = self.one(select).await? else { return Ok(None) };
        let account = self.account_by_id(AccountId::from_uuid(row.account_id)).await?;
        let account = account.ok_or_else(|| StoreError::broken("a membership of nobody"))?;
        let select = self.select::<company::Entity>().filter(company::Column::TenantId.eq(tenant.uuid()));
        let company = self.one(select).await?.ok_or_else(|| StoreError::broken("a membership of no company"))?;
        let membership = row.with_clinics(self.clinics_of(tenant, id).await?)?;
        let clinics = self.clinics_named(tenant, &membership.clinics).await?;
        let companies = self.companies_of_account(account.id).await?;
        Ok(Some(Profile { account, membership, company: company.try_into()?, clinics, companies }))
    }
}

#[async_trait]
impl PeopleStore for SeaTx {
    async fn account_add(&self, account: &Account) -> Result<(), StoreError> {
        self.insert(account::Model::from(account)).await
    }

    async fn account_rehashed(&self, id: AccountId, old: &PasswordHash, new: &PasswordHash) -> Result<(), StoreError> {
        let update = self
            .update_where::<account::Entity>()
            .col_expr(account::Column::PasswordHash, Expr::value(new.as_str()))
            .filter(account::Column::Id.eq(id.uuid()))
            .filter(account::Column::PasswordHash.eq(old.as_str()));
        self.exec(update).await.map(drop)
    }

    async fn company_add(&self, company: &Company) -> Result<(), StoreError> {
        self.insert(company::Model::from(company)).await
    }

    async fn membership_add(&self, membership: &Membership) -> Result<(), StoreError> {
        self.insert(membership::Model::try_from(membership)?).await?;
        let named = membership.clinics.iter().map(|clinic| membership_clinic::Model {
            tenant_id: membership.tenant.uuid(),
            membership_id: membership.id.uuid(),
            clinic_id: clinic.uuid(),
        });
        self.insert_all(named.collect::<Vec<_>>()).await
    }
}

impl SeaTx {
    pub(super) async fn clinics_of(&self, tenant: TenantId, id: MembershipId) -> Result<Vec<ClinicId>, StoreError> {
        let select = self
            .select::<membership_clinic::Entity>()
            .filter(membership_clinic::Column::TenantId.eq(tenant.uuid()))
            .filter(membership_clinic::Column::MembershipId.eq(id.uuid()))
            .order_by_asc(membership_clinic::Column::ClinicId);
        Ok(self.all(select).await?.into_iter().map(|row| ClinicId::from_uuid(row.clinic_id)).collect())
    }

    /// The clinics named, or all of the company where none is.
    async fn clinics_named(&self, tenant: TenantId, named: &[ClinicId]) -> Result<Vec<Clinic>, StoreError> {
        let select = self
            .select::<clinic::Entity>()
            .filter(clinic::Column::TenantId.eq(tenant.uuid()))
            .order_by_asc(clinic::Column::Id);
        let select = match named {
            [] => select,
            named => select.filter(clinic::Column::Id.is_in(named.iter().map(|clinic| clinic.uuid()))),
        };
        self.all(select).await?.into_iter().map(TryInto::try_into).collect()
    }
}

fn of_account(row: &membership::Model, company: &str) -> Result<CompanyOfAccount, StoreError> {
    Ok(CompanyOfAccount {
        tenant: TenantId::from_uuid(row.tenant_id),
        name: PlaceName::from_stored(company.to_owned()),
        membership: MembershipId::from_uuid(row.id),
        role: membership::role(&row.role)?,
        status: membership::status(&row.status)?,
    })
}
