//! `GET /.well-known/jwks.json`

use identity::Identity;
use identity::model::signing_key::PublicKey;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Env, Guard, Public, Read, Wire, operation};

/// The public keys that access tokens are verified with (RFC 7517)
#[derive(Debug, Serialize, ToSchema)]
pub struct KeySet {
    /// The live keys, newest first.
    keys: Vec<Key>,
}

/// An Ed25519 public key (RFC 8037)
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SigningKey)]
pub struct Key {
    /// Always `OKP`.
    kty: String,
    /// Always `Ed25519`.
    crv: String,
    /// Always `EdDSA`.
    alg: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    purpose: String,
    /// The key's thumbprint (RFC 7638).
    kid: String,
    /// The key, base64url.
    x: String,
}

impl From<PublicKey> for Key {
    fn from(key: PublicKey) -> Self {
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            alg: "EdDSA".to_owned(),
            purpose: "sig".to_owned(),
            kid: key.kid,
            x: key.x,
        }
    }
}

impl Wire for KeySet {
    /// The example key of RFC 8037, appendix A.
    fn sample() -> Self {
        let key = PublicKey {
            kid: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".to_owned(),
            x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
        };
        Self { keys: vec![key.into()] }
    }
}

/// Show the public signing keys
///
/// For services that verify access tokens themselves.
#[operation]
pub async fn show_signing_keys(_guard: Guard<Public>, identity: Env<Identity>) -> Read<KeySet> {
    Read(KeySet { keys: identity.keys.set().public().into_iter().map(Into::into).collect() })
}
