//! Signing in at an OpenID provider: what is stored, and the way out.

use async_trait::async_trait;
use kernel::StoreError;
use kernel::ids::AccountId;
use thiserror::Error;

use crate::model::oidc::{Flow, Grant, Handshake, Link, Person, Provider};

/// A person at a provider is one account.
pub const OIDC_LINK_SUBJECT_UNIQUE: &str = "oidc_link_subject_unique";
/// An account is one person at a provider.
pub const OIDC_LINK_ACCOUNT_UNIQUE: &str = "oidc_link_account_unique";

/// Grants and links, read.
#[async_trait]
pub trait OidcReader: Send + Sync {
    /// The grant of this code's hash.
    async fn oidc_grant(&self, hash: &[u8; 32]) -> Result<Option<Grant>, StoreError>;
    /// The account that is tied to this person.
    async fn oidc_account(&self, person: &Person) -> Result<Option<AccountId>, StoreError>;
}

/// Sign-ins on their way.
#[async_trait]
pub trait OidcStore: Send + Sync {
    /// Adds a flow.
    async fn oidc_flow_add(&self, flow: &Flow) -> Result<(), StoreError>;
    /// Takes the flow of this state away: it can be had once.
    async fn oidc_flow_take(&self, state_hash: &[u8; 32]) -> Result<Option<Flow>, StoreError>;
    /// Adds a grant.
    async fn oidc_grant_add(&self, grant: &Grant) -> Result<(), StoreError>;
    /// Writes code, stage and expiry of a grant that has this hash still; false when it has not.
    async fn oidc_grant_asked(&self, before: &[u8; 32], grant: &Grant) -> Result<bool, StoreError>;
    /// Takes the grant of this hash away: it can be had once.
    async fn oidc_grant_take(&self, hash: &[u8; 32]) -> Result<bool, StoreError>;
    /// Counts a wrong answer of the grant of this hash, which is gone with the last of `most`.
    async fn oidc_grant_wrong(&self, hash: &[u8; 32], most: i32) -> Result<(), StoreError>;
    /// Ties an account to a person; refused by [`OIDC_LINK_SUBJECT_UNIQUE`] and [`OIDC_LINK_ACCOUNT_UNIQUE`].
    async fn oidc_link_add(&self, link: &Link) -> Result<(), StoreError>;
}

/// Why a provider's answer leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenIdFailed {
    /// The provider does not answer, or not with what one does.
    #[error("the provider cannot be reached")]
    Unavailable,
    /// The code, the token or what the token says is not to be trusted.
    #[error("the provider's answer cannot be trusted")]
    NotTrusted,
}

/// The way out to the providers.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait OpenId: Send + Sync {
    /// The providers that were set up, in the order of [`Provider::ALL`].
    fn providers(&self) -> Vec<Provider>;
    /// Where a browser goes to sign in.
    async fn address(&self, provider: Provider, handshake: &Handshake) -> Result<String, OpenIdFailed>;
    /// Redeems a code and says who came: only when the id token is signed by the provider, for us, now, and with our nonce.
    async fn person(&self, provider: Provider, code: &str, handshake: &Handshake) -> Result<Person, OpenIdFailed>;
}
