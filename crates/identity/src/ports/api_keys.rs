//! API keys.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::{ApiKeyId, TenantId};
use kernel::{Page, PageAsk, StoreError};

use crate::model::api_key::ApiKey;
use crate::model::membership::MembershipStatus;
use crate::model::place::Country;
use crate::model::policy::Bindings;
use crate::model::role::Role;

/// A key with what counts of the member who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedKey {
    /// The key.
    pub key: ApiKey,
    /// The maker's role.
    pub role: Role,
    /// Whether the maker's membership may be used.
    pub status: MembershipStatus,
    /// The maker's membership, and what it is bound to.
    pub bindings: Bindings,
    /// The company's country.
    pub country: Country,
}

/// The keys of one company, read.
#[async_trait]
pub trait ApiKeyReader: Send + Sync {
    /// Keys by id, from `ask` on; those that have ended too.
    async fn api_keys_page(&self, ask: &PageAsk<ApiKeyId>) -> Result<Page<ApiKey>, StoreError>;
}

/// The keys of one company, for changes.
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Adds a key.
    async fn api_key_add(&self, key: &ApiKey) -> Result<(), StoreError>;
    /// The key of this id, locked until the transaction ends.
    async fn api_key_locked(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError>;
    /// Writes what may change of a key: its revocation and version. [`StoreError::Contended`] when the stored version is not the
    /// one before.
    async fn api_key_update(&self, key: &ApiKey) -> Result<(), StoreError>;
}

/// The caller of a request that carries a key, before its company is known.
#[async_trait]
pub trait PresentedKeyReader: Send + Sync {
    /// The key of this hash with its maker and country, in one round trip.
    async fn presented_key(&self, hash: &[u8; 32]) -> Result<Option<PresentedKey>, StoreError>;
}

/// When keys were used.
#[async_trait]
pub trait KeyUseStore: Send + Sync {
    /// Writes that a key was used at `now`, unless a later use is known.
    async fn api_key_used(&self, tenant: TenantId, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), StoreError>;
}
