//! Keys that sign access tokens: Ed25519, numbered from 1, sealed at rest; the newest that all nodes know signs, the newest two verify.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{DecodingKey, EncodingKey};
use kernel::ids::SigningKeyId;
use kernel::seal::{CannotOpen, Keyring, Place};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::redacted::redacted_debug;

/// How old the signing key may become before a new one takes over.
pub const ROTATE_AFTER: Duration = Duration::days(90);
/// How long a key is published before it signs: twice as long as a node takes to look for new ones, so that every node knows it.
pub const KNOWN_AFTER: Duration = Duration::seconds(60);
/// How many keys are live: the one that signs and the one before it.
const LIVE: usize = 2;

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id.
    pub id: SigningKeyId,
    /// Its place in the order, from 1; no two keys share one.
    pub number: i32,
    /// The 32 bytes of the private key, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An opened key.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    public: [u8; 32],
    encoding: EncodingKey,
    decoding: DecodingKey,
    number: i32,
    created_at: DateTime<Utc>,
}

redacted_debug!(SigningKey);

/// The public half of a key, as a JSON Web Key Set tells it (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The key's thumbprint (RFC 7638).
    pub kid: String,
    /// The 32 bytes of the public key, base64url.
    pub x: String,
}

/// The live keys, newest first.
#[derive(Debug, Clone, Default)]
pub struct KeySet(Vec<SigningKey>);

impl StoredKey {
    /// A new key from fresh random bytes, sealed under the installation's keyring.
    pub fn seal(
        id: SigningKeyId,
        number: i32,
        secret: &Zeroizing<[u8; 32]>,
        keyring: &Keyring,
        now: DateTime<Utc>,
    ) -> Result<Self, CannotOpen> {
        let sealed = keyring.seal(place(id), secret.as_slice())?;
        Ok(Self { id, number, sealed, created_at: now })
    }

    /// Opens the key; fails when the keyring does not hold the master key it was sealed under.
    pub fn open(&self, keyring: &Keyring) -> Result<SigningKey, CannotOpen> {
        let plain = keyring.open(place(self.id), &self.sealed)?;
        let secret: [u8; 32] = plain.as_slice().try_into().ok().ok_or(CannotOpen)?;
        SigningKey::try_new(&Zeroizing::new(secret), self.number, self.created_at).ok_or(CannotOpen)
    }
}

impl SigningKey {
    fn try_new(secret: &Zeroizing<[u8; 32]>, number: i32, created_at: DateTime<Utc>) -> Option<Self> {
        let key = ed25519_dalek::SigningKey::from_bytes(secret);
        let public = key.verifying_key().to_bytes();
        let x = URL_SAFE_NO_PAD.encode(public);
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Some(Self {
            kid: URL_SAFE_NO_PAD.encode(thumbprint),
            public,
            encoding: EncodingKey::from_ed_der(key.to_pkcs8_der().ok()?.as_bytes()),
            decoding: DecodingKey::from_ed_components(&x).ok()?,
            number,
            created_at,
        })
    }

    /// The key's thumbprint, which tokens name it by.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }

    fn public(&self) -> PublicKey {
        PublicKey { kid: self.kid.clone(), x: URL_SAFE_NO_PAD.encode(self.public) }
    }
}

impl KeySet {
    /// The live ones among the stored keys.
    pub fn open(mut stored: Vec<StoredKey>, keyring: &Keyring) -> Result<Self, CannotOpen> {
        stored.sort_by_key(|key| std::cmp::Reverse(key.number));
        stored.iter().take(LIVE).map(|key| key.open(keyring)).collect::<Result<_, _>>().map(Self)
    }

    /// The key that signs at `now`: the newest that every node has had the time to read, [`KNOWN_AFTER`]; the oldest where none
    /// is that old.
    pub fn signer(&self, now: DateTime<Utc>) -> Option<&SigningKey> {
        self.0.iter().find(|key| now >= key.created_at + KNOWN_AFTER).or(self.0.last())
    }

    /// The number of the newest key; 0 where there is none.
    pub fn newest(&self) -> i32 {
        self.0.first().map_or(0, |key| key.number)
    }

    /// The live key of this thumbprint.
    pub fn by_kid(&self, kid: &str) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// The public halves of the live keys, newest first.
    pub fn public(&self) -> Vec<PublicKey> {
        self.0.iter().map(SigningKey::public).collect()
    }

    /// True when a new key should take over.
    pub fn needs_another(&self, now: DateTime<Utc>) -> bool {
        self.0.first().is_none_or(|key| now >= key.created_at + ROTATE_AFTER)
    }
}

const fn place(id: SigningKeyId) -> Place<'static> {
    Place { tenant: Uuid::nil(), purpose: "signing key", column: "signing_key.sealed", row: id.uuid() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::model) fn stored(number: u8, keyring: &Keyring, day: i64) -> StoredKey {
        let id = SigningKeyId::from_uuid(Uuid::from_u128(number.into()));
        let now = DateTime::UNIX_EPOCH + Duration::days(day);
        StoredKey::seal(id, number.into(), &Zeroizing::new([number; 32]), keyring, now).unwrap()
    }

    #[test]
    fn i3_two_keys_are_live_and_the_newest_signs_when_all_nodes_know_it() {
        let (keyring, _) = Keyring::generate();
        let all = [2, 3, 1].map(|number| stored(number, &keyring, number.into())).to_vec();
        let set = KeySet::open(all.clone(), &keyring).unwrap();
        let kids: Vec<_> = [3, 2, 1].map(|n| stored(n, &keyring, 0).open(&keyring).unwrap().kid().to_owned()).to_vec();
        assert_eq!(set.public().iter().map(|key| &key.kid).collect::<Vec<_>>(), [&kids[0], &kids[1]]);
        let made = DateTime::UNIX_EPOCH + Duration::days(3);
        let signer = |at| set.signer(at).unwrap().kid().to_owned();
        assert_eq!(signer(made), kids[1]);
        assert_eq!(signer(made + KNOWN_AFTER - Duration::seconds(1)), kids[1]);
        assert_eq!(signer(made + KNOWN_AFTER), kids[0]);
        assert_eq!((set.newest(), KeySet::default().newest()), (3, 0));
        let first = KeySet::open(vec![stored(1, &keyring, 0)], &keyring).unwrap();
        assert!(first.signer(DateTime::UNIX_EPOCH).is_some(), "the only one signs at once");
        assert!(set.by_kid(&kids[1]).is_some() && set.by_kid(&kids[2]).is_none());
    }

    #[test]
    fn i3_a_key_gives_way_after_ninety_days() {
        let (keyring, _) = Keyring::generate();
        let set = KeySet::open(vec![stored(1, &keyring, 0)], &keyring).unwrap();
        assert!(!set.needs_another(DateTime::UNIX_EPOCH + Duration::days(89)));
        assert!(set.needs_another(DateTime::UNIX_EPOCH + Duration::days(90)));
        assert!(KeySet::default().needs_another(DateTime::UNIX_EPOCH));
    }

    #[test]
    fn i12_a_signing_key_opens_in_its_own_row_only() {
        let (keyring, _) = Keyring::generate();
        let key = stored(1, &keyring, 0);
        let moved = StoredKey { id: SigningKeyId::from_uuid(Uuid::from_u128(9)), ..key.clone() };
        assert!(key.open(&keyring).is_ok());
        assert_eq!(moved.open(&keyring).map(|_| ()), Err(CannotOpen));
        assert_eq!(key.open(&Keyring::generate().0).map(|_| ()), Err(CannotOpen));
        assert!(!key.sealed.windows(8).any(|part| part == [1; 8]));
    }

    #[test]
    fn rfc_8037_the_thumbprint_is_that_of_its_appendix() {
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::try_new(&Zeroizing::new(seed.try_into().unwrap()), 1, DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(key.public().x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
