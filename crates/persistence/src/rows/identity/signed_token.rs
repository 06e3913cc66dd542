//! Single-use tokens that leave by mail: hashes.

use chrono::{DateTime, Utc};
use identity::model::email_proof::EmailProof;
use identity::model::password_reset::PasswordReset;
use kernel::StoreError;
use kernel::ids::{AccountId, SignedTokenId, TenantId};
use sea_orm::entity::prelude::*;

use super::sha256;

use crate::reach::Unrestricted;

/// A row of `signed_token`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "signed_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    pub purpose: String,
    pub hash: Vec<u8>,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
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

/// The purpose of a proof of an address.
pub const VERIFY_EMAIL: &str = "verify_email";

impl From<&EmailProof> for Model {
    fn from(proof: &EmailProof) -> Self {
        Self {
            tenant_id: proof.tenant.uuid(),
            id: proof.id.uuid(),
            account_id: proof.account.uuid(),
            purpose: VERIFY_EMAIL.to_owned(),
            hash: proof.hash.to_vec(),
            expires_at: proof.expires_at,
            used_at: proof.used_at,
        }
    }
}

impl TryFrom<Model> for EmailProof {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: SignedTokenId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            account: AccountId::from_uuid(row.account_id),
            hash: sha256(row.hash)?,
            expires_at: row.expires_at,
            used_at: row.used_at,
        })
    }
}

/// The purpose of a leave to set a new password.
pub const RESET_PASSWORD: &str = "reset_password";

impl From<&PasswordReset> for Model {
    fn from(reset: &PasswordReset) -> Self {
        Self {
            tenant_id: reset.tenant.uuid(),
            id: reset.id.uuid(),
            account_id: reset.account.uuid(),
            purpose: RESET_PASSWORD.to_owned(),
            hash: reset.hash.to_vec(),
            expires_at: reset.expires_at,
            used_at: reset.used_at,
        }
    }
}

impl TryFrom<Model> for PasswordReset {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: SignedTokenId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            account: AccountId::from_uuid(row.account_id),
            hash: sha256(row.hash)?,
            expires_at: row.expires_at,
            used_at: row.used_at,
        })
    }
}
