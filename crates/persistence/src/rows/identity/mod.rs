//! The rows of identity.

pub mod account;
pub mod api_key;
pub mod clinic;
pub mod company;
pub mod company_settings;
pub mod invitation;
pub mod mail;
pub mod membership;
pub mod membership_clinic;
pub mod oidc_flow;
pub mod oidc_grant;
pub mod oidc_link;
pub mod recovery_code;
pub mod refresh_token;
pub mod session;
pub mod sign_in_failure;
pub mod signed_token;
pub mod signing_key;
pub mod totp;

use kernel::StoreError;

/// A stored SHA-256.
fn sha256(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().ok().ok_or_else(|| StoreError::broken("a hash that is none"))
}

/// The OpenID provider of a stored name.
fn provider(name: &str) -> Result<identity::model::oidc::Provider, StoreError> {
    identity::model::oidc::Provider::parse(name).ok_or_else(|| StoreError::broken("a provider that is none"))
}
