//! Memberships.

use chrono::{DateTime, Utc};
use identity::model::membership::{Credentials, Membership, MembershipStatus};
use identity::model::name::DisplayName;
use identity::model::registration::{Adeli, Rpps};
use identity::model::role::Role;
use kernel::StoreError;
use kernel::ids::{AccountId, ClinicId, MembershipId, PatientId, PractitionerId, TenantId};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use crate::reach::{Reachable, Reaching, whole_company};

/// A row of `membership`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub role: String,
    pub status: String,
    pub display_name: String,
    pub practitioner_id: Option<Uuid>,
    pub patient_id: Option<Uuid>,
    pub registrations: Json,
    pub rpps_number: Option<String>,
    pub adeli_number: Option<String>,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// People of the company, for those who reach all of it.
impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        whole_company(reaching)
    }
}

impl TryFrom<&Membership> for Model {
    type Error = StoreError;

    fn try_from(membership: &Membership) -> Result<Self, StoreError> {
        let Credentials { registrations, rpps, adeli } = &membership.credentials;
        Ok(Self {
            tenant_id: membership.tenant.uuid(),
            id: membership.id.uuid(),
            account_id: membership.account.uuid(),
            role: membership.role.name().to_owned(),
            status: membership.status.name().to_owned(),
            display_name: membership.display_name.as_str().to_owned(),
            practitioner_id: membership.practitioner.map(PractitionerId::uuid),
            patient_id: membership.patient.map(PatientId::uuid),
            registrations: serde_json::to_value(registrations).map_err(StoreError::broken)?,
            rpps_number: rpps.as_ref().map(|number| number.as_str().to_owned()),
            adeli_number: adeli.as_ref().map(|number| number.as_str().to_owned()),
            created_at: membership.created_at,
            version: membership.version,
        })
    }
}

impl Model {
    /// The membership, with the clinics that `membership_clinic` names.
    pub fn with_clinics(self, clinics: Vec<ClinicId>) -> Result<Membership, StoreError> {
        Ok(Membership {
            id: MembershipId::from_uuid(self.id),
            tenant: TenantId::from_uuid(self.tenant_id),
            account: AccountId::from_uuid(self.account_id),
            role: role(&self.role)?,
            status: status(&self.status)?,
            display_name: DisplayName::from_stored(self.display_name),
            practitioner: self.practitioner_id.map(PractitionerId::from_uuid),
            patient: self.patient_id.map(PatientId::from_uuid),
            clinics,
            credentials: Credentials {
                registrations: serde_json::from_value(self.registrations).map_err(StoreError::broken)?,
                rpps: self.rpps_number.as_deref().map(Rpps::parse).transpose().map_err(StoreError::broken)?,
                adeli: self.adeli_number.as_deref().map(Adeli::parse).transpose().map_err(StoreError::broken)?,
            },
            created_at: self.created_at,
            version: self.version,
        })
    }
}

/// The role of a stored name.
pub fn role(name: &str) -> Result<Role, StoreError> {
    Role::parse(name).ok_or_else(|| StoreError::broken("a role that is none"))
}

/// The status of a stored name.
pub fn status(name: &str) -> Result<MembershipStatus, StoreError> {
    MembershipStatus::parse(name).ok_or_else(|| StoreError::broken("a status that is none"))
}
