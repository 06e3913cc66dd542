//! Clinics.

use chrono::{DateTime, Utc};
use identity::model::clinic::{Clinic, ClinicRegister};
use identity::model::name::PlaceName;
use identity::model::place::{Country, Locale, TimeZone};
use identity::model::place_number::{Cnpj, Finess, Siret};
use kernel::StoreError;
use kernel::ids::{ClinicId, TenantId};
use sea_orm::entity::prelude::*;

use crate::reach::Unrestricted;

/// A row of `clinic`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "clinic")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub country: String,
    pub time_zone: String,
    pub locale: String,
    pub legal_name: Option<String>,
    pub cnpj: Option<String>,
    pub siret: Option<String>,
    pub finess: Option<String>,
    pub address: Option<Json>,
    pub created_at: DateTime<Utc>,
    pub version: i64,
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

impl TryFrom<&Clinic> for Model {
    type Error = StoreError;

    fn try_from(clinic: &Clinic) -> Result<Self, StoreError> {
        let ClinicRegister { legal_name, cnpj, siret, finess, address } = &clinic.register;
        Ok(Self {
            tenant_id: clinic.tenant.uuid(),
            id: clinic.id.uuid(),
            name: clinic.name.as_str().to_owned(),
            country: clinic.country.as_str().to_owned(),
            time_zone: clinic.time_zone.as_str().to_owned(),
            locale: clinic.locale.as_str().to_owned(),
            legal_name: legal_name.as_ref().map(|name| name.as_str().to_owned()),
            cnpj: cnpj.as_ref().map(|number| number.as_str().to_owned()),
            siret: siret.as_ref().map(|number| number.as_str().to_owned()),
            finess: finess.as_ref().map(|number| number.as_str().to_owned()),
            address: address.as_ref().map(serde_json::to_value).transpose().map_err(StoreError::broken)?,
            created_at: clinic.created_at,
            version: clinic.version,
        })
    }
}

impl TryFrom<Model> for Clinic {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: ClinicId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            name: PlaceName::from_stored(row.name),
            country: Country::parse(&row.country).map_err(StoreError::broken)?,
            time_zone: TimeZone::parse(&row.time_zone).map_err(StoreError::broken)?,
            locale: Locale::parse(&row.locale).map_err(StoreError::broken)?,
            register: ClinicRegister {
                legal_name: row.legal_name.map(PlaceName::from_stored),
                cnpj: row.cnpj.as_deref().map(Cnpj::parse).transpose().map_err(StoreError::broken)?,
                siret: row.siret.as_deref().map(Siret::parse).transpose().map_err(StoreError::broken)?,
                finess: row.finess.as_deref().map(Finess::parse).transpose().map_err(StoreError::broken)?,
                address: row.address.map(serde_json::from_value).transpose().map_err(StoreError::broken)?,
            },
            created_at: row.created_at,
            version: row.version,
        })
    }
}
