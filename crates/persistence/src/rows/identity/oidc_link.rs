//! Accounts' ties to persons at OpenID providers.

use chrono::{DateTime, Utc};
use identity::model::oidc::Link;
use sea_orm::entity::prelude::*;

use crate::reach::Unrestricted;

/// A row of `oidc_link`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub provider: String,
    pub issuer: String,
    pub subject: String,
    pub created_at: DateTime<Utc>,
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

impl From<&Link> for Model {
    fn from(link: &Link) -> Self {
        Self {
            id: link.id.uuid(),
            account_id: link.account.uuid(),
            provider: link.provider.name().to_owned(),
            issuer: link.issuer.clone(),
            subject: link.subject.clone(),
            created_at: link.created_at,
        }
    }
}
