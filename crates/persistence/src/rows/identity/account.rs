//! Accounts.

use chrono::{DateTime, Utc};
use identity::model::account::Account;
use identity::model::email::Email;
use identity::model::name::DisplayName;
use identity::model::password::PasswordHash;
use identity::model::place::Locale;
use identity::model::preferences::Preferences;
use kernel::StoreError;
use kernel::ids::AccountId;
use sea_orm::entity::prelude::*;

use crate::reach::Unrestricted;

/// A row of `account`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub password_hash: Option<String>,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub locale: String,
    pub preferences: Json,
    pub created_at: DateTime<Utc>,
    pub version: i64,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// It belongs to no tenant: only work across tenants reads it.
impl Unrestricted for Entity {
    fn tenant_column() -> Option<Column> {
        None
    }
}

impl From<&Account> for Model {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.uuid(),
            email: account.email.as_str().to_owned(),
            name: account.name.as_str().to_owned(),
            password_hash: account.password.as_ref().map(|hash| hash.as_str().to_owned()),
            email_verified_at: account.email_verified_at,
            locale: account.locale.as_str().to_owned(),
            preferences: Json::Object(account.preferences.as_map().clone()),
            created_at: account.created_at,
            version: account.version,
        }
    }
}

impl TryFrom<Model> for Account {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: AccountId::from_uuid(row.id),
            email: Email::from_stored(row.email),
            name: DisplayName::from_stored(row.name),
            password: row.password_hash.map(PasswordHash::from_stored),
            email_verified_at: row.email_verified_at,
            locale: Locale::parse(&row.locale).map_err(StoreError::broken)?,
            preferences: Preferences::from_stored(
                row.preferences.as_object().cloned().ok_or_else(|| StoreError::broken("preferences of no shape"))?,
            ),
            created_at: row.created_at,
            version: row.version,
        })
    }
}
