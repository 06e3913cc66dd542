//! A practitioner.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::StoreError;
use kernel::ids::{ClinicId, MembershipId, PractitionerId, ServiceId};
use kernel::text::normalize;
use scheduling::model::practitioner::{Practitioner, PractitionerProfile, Registration};
use scheduling::model::words::{Label, PersonName};
use sea_orm::FromQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{to_json, unreadable};
use crate::reach::Unrestricted;

/// A row of `practitioner`; the company's practitioners are known to all of its members.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "practitioner")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub sort_text: String,
    pub profession: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub registrations: Json,
    pub any_service: bool,
    pub any_clinic: bool,
    pub membership_id: Option<Uuid>,
    pub active: bool,
    pub version: i64,
    pub availability_version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Unrestricted for Entity {
    fn tenant_column() -> Option<Column> {
        Some(Column::TenantId)
    }
}

/// A row with its services and clinics: JSON lists, null for all of the company's.
#[derive(Debug, FromQueryResult)]
pub struct Record {
    #[sea_orm(nested)]
    pub practitioner: Model,
    pub service_ids: Option<String>,
    pub clinic_ids: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredRegistration {
    council: String,
    number: String,
    region: String,
}

impl Model {
    /// The row of a practitioner that was last changed `at`.
    pub fn of(practitioner: &Practitioner, tenant: Uuid, at: DateTime<Utc>) -> Result<Self, StoreError> {
        let profile = practitioner.profile();
        let stored = |one: &Registration| StoredRegistration {
            council: one.council().as_str().to_owned(),
            number: one.number().as_str().to_owned(),
            region: one.region().as_str().to_owned(),
        };
        let registrations: Vec<_> = profile.registrations.iter().map(stored).collect();
        Ok(Self {
            tenant_id: tenant,
            id: practitioner.id().uuid(),
            name: profile.name.expose().to_owned(),
            sort_text: normalize(profile.name.expose()),
            profession: profile.profession.as_str().to_owned(),
            registrations: to_json(&registrations)?,
            any_service: profile.service_ids.is_none(),
            any_clinic: profile.clinic_ids.is_none(),
            membership_id: profile.membership_id.map(MembershipId::uuid),
            active: profile.active,
            version: practitioner.version(),
            availability_version: 1,
            created_at: at,
            updated_at: at,
        })
    }
}

impl TryFrom<Record> for Practitioner {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let row = record.practitioner;
        let registrations: Vec<StoredRegistration> = super::from_json(row.registrations)?;
        let read = |one: &StoredRegistration| Registration::parse(&one.council, &one.number, &one.region).ok();
        let registrations: Option<Vec<Registration>> = registrations.iter().map(read).collect();
        let profile = PractitionerProfile {
            name: PersonName::parse(&row.name).ok().ok_or_else(unreadable)?,
            profession: Label::parse(&row.profession).ok().ok_or_else(unreadable)?,
            registrations: registrations.ok_or_else(unreadable)?,
            service_ids: ids(record.service_ids.as_deref(), ServiceId::from_uuid)?,
            clinic_ids: ids(record.clinic_ids.as_deref(), ClinicId::from_uuid)?,
            membership_id: row.membership_id.map(MembershipId::from_uuid),
            active: row.active,
        };
        Ok(Self::new(PractitionerId::from_uuid(row.id), profile, row.version))
    }
}

fn ids<I: Ord>(json: Option<&str>, id: fn(Uuid) -> I) -> Result<Option<BTreeSet<I>>, StoreError> {
    let Some(json) = json else { return Ok(None) };
    let ids: Vec<Uuid> = serde_json::from_str(json).map_err(StoreError::broken)?;
    Ok(Some(ids.into_iter().map(id).collect()))
}
