//! Sign-ins at OpenID providers that succeeded and wait to become sessions: hashes, and who it is, sealed.

use chrono::{DateTime, Utc};
use identity::model::oidc::{AppState, Grant, Stage};
use kernel::StoreError;
use kernel::ids::OidcGrantId;
use sea_orm::entity::prelude::*;

use super::{provider, sha256};
use crate::reach::Unrestricted;

/// A row of `oidc_grant`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub provider: String,
    pub hash: Vec<u8>,
    pub sealed: Vec<u8>,
    pub browser_hash: Vec<u8>,
    pub app_state: Option<String>,
    pub stage: String,
    pub wrong_answers: i32,
    pub expires_at: DateTime<Utc>,
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

impl From<&Grant> for Model {
    fn from(grant: &Grant) -> Self {
        Self {
            id: grant.id.uuid(),
            provider: grant.provider.name().to_owned(),
            hash: grant.hash.to_vec(),
            sealed: grant.sealed.clone(),
            browser_hash: grant.browser_hash.to_vec(),
            app_state: grant.app_state.as_ref().map(|state| state.as_str().to_owned()),
            stage: grant.stage.name().to_owned(),
            wrong_answers: 0, // each code has a count of its own
            expires_at: grant.expires_at,
        }
    }
}

impl TryFrom<Model> for Grant {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: OidcGrantId::from_uuid(row.id),
            provider: provider(&row.provider)?,
            hash: sha256(row.hash)?,
            sealed: row.sealed,
            browser_hash: sha256(row.browser_hash)?,
            app_state: row.app_state.map(AppState::from_stored),
            stage: Stage::parse(&row.stage).ok_or_else(|| StoreError::broken("a stage that is none"))?,
            expires_at: row.expires_at,
        })
    }
}
