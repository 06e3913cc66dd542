//! Sign-ins at OpenID providers that were begun: hashes, and what must come back, sealed.

use chrono::{DateTime, Utc};
use identity::model::oidc::{AppState, Flow, ReturnTo};
use kernel::StoreError;
use kernel::ids::OidcFlowId;
use sea_orm::entity::prelude::*;

use super::{provider, sha256};
use crate::reach::Unrestricted;

/// A row of `oidc_flow`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "oidc_flow")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub provider: String,
    pub state_hash: Vec<u8>,
    pub browser_hash: Vec<u8>,
    pub sealed: Vec<u8>,
    pub return_to: String,
    pub app_state: Option<String>,
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

impl From<&Flow> for Model {
    fn from(flow: &Flow) -> Self {
        Self {
            id: flow.id.uuid(),
            provider: flow.provider.name().to_owned(),
            state_hash: flow.state_hash.to_vec(),
            browser_hash: flow.browser_hash.to_vec(),
            sealed: flow.sealed.clone(),
            return_to: flow.return_to.as_str().to_owned(),
            app_state: flow.app_state.as_ref().map(|state| state.as_str().to_owned()),
            expires_at: flow.expires_at,
        }
    }
}

impl TryFrom<Model> for Flow {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: OidcFlowId::from_uuid(row.id),
            provider: provider(&row.provider)?,
            state_hash: sha256(row.state_hash)?,
            browser_hash: sha256(row.browser_hash)?,
            sealed: row.sealed,
            return_to: ReturnTo::from_stored(row.return_to),
            app_state: row.app_state.map(AppState::from_stored),
            expires_at: row.expires_at,
        })
    }
}
