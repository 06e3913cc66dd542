//! Companies.

use chrono::{DateTime, Utc};
use identity::model::company::Company;
use identity::model::name::PlaceName;
use identity::model::place::{Country, Locale};
use kernel::StoreError;
use kernel::ids::TenantId;
use sea_orm::entity::prelude::*;

use crate::reach::Unrestricted;

/// A row of `company`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "company")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub country: String,
    pub locale: String,
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

impl From<&Company> for Model {
    fn from(company: &Company) -> Self {
        Self {
            tenant_id: company.id.uuid(),
            id: company.id.uuid(),
            name: company.name.as_str().to_owned(),
            country: company.country.as_str().to_owned(),
            locale: company.locale.as_str().to_owned(),
            created_at: company.created_at,
            version: company.version,
        }
    }
}

impl TryFrom<Model> for Company {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: TenantId::from_uuid(row.id),
            name: PlaceName::from_stored(row.name),
            country: Country::parse(&row.country).map_err(StoreError::broken)?,
            locale: Locale::parse(&row.locale).map_err(StoreError::broken)?,
            created_at: row.created_at,
            version: row.version,
        })
    }
}
