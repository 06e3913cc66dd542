//! The rows of identity.

pub mod account;
pub mod clinic;
pub mod company;
pub mod mail;
pub mod membership;
pub mod membership_clinic;
pub mod refresh_token;
pub mod session;
pub mod sign_in_failure;
pub mod signed_token;
pub mod signing_key;

use kernel::StoreError;

/// A stored SHA-256.
fn sha256(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().ok().ok_or_else(|| StoreError::broken("a hash that is none"))
}
