//! Values, entities and pure decisions.

pub mod access_token;
pub mod account;
pub mod backoff;
pub mod callers;
pub mod clinic;
pub mod company;
pub mod email;
pub mod email_proof;
pub mod live_keys;
pub mod mail;
pub mod membership;
pub mod name;
pub mod password;
pub mod place;
pub mod policy;
mod redacted;
pub mod registration;
pub mod role;
pub mod session;
pub mod signing_key;
