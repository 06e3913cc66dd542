#![doc = include_str!("../README.md")]

use std::sync::Arc;

use kernel::seal::Keyring;
use kernel::{Clock, Ids};

pub mod model;
pub mod permission;
pub mod ports;
pub mod usecase;

use model::access_token::Issuer;
use model::callers::Callers;
use model::live_keys::LiveKeys;
use model::seen::Seen;
use ports::{IdentityDb, OpenId, PasswordHasher, Randomness};

/// Identity with everything it needs from outside.
pub struct Identity {
    /// The database.
    pub db: Arc<dyn IdentityDb>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// Fresh secrets.
    pub random: Arc<dyn Randomness>,
    /// Argon2id.
    pub passwords: Arc<dyn PasswordHasher>,
    /// The OpenID providers.
    pub openid: Arc<dyn OpenId>,
    /// Origins of the pages that a sign-in at a provider may return to.
    pub return_origins: Vec<String>,
    /// The master keys.
    pub keyring: Arc<Keyring>,
    /// Who issues access tokens, and for whom.
    pub issuer: Issuer,
    /// The signing keys; [`usecase::signing_keys::ready`] fills them at start.
    pub keys: LiveKeys,
    /// Callers authenticated a moment ago.
    pub callers: Callers,
    /// Sessions in use, until [`usecase::note_seen::note_seen`] writes it.
    pub seen: Seen,
}
