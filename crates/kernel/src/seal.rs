//! Secrets at rest (I12): AES-256-GCM under keys that HKDF derives per tenant and purpose from a versioned master key.
//!
//! A sealed value is `version (1 byte) ‖ nonce (12) ‖ ciphertext and tag`. Its place (tenant, table, column, row) is
//! associated data, so a ciphertext moved to another row or tenant does not open.

use std::collections::BTreeMap;
use std::fmt;

use aes_gcm::aead::{Aead, Generate, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Where a sealed value lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The company; the nil UUID for what belongs to the whole installation.
    pub tenant: Uuid,
    /// What the key is for; another purpose is another key.
    pub purpose: &'a str,
    /// Table and column, `table.column`.
    pub column: &'a str,
    /// The row's id.
    pub row: Uuid,
}

/// A setting that is no list of master keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidKeys {
    /// Not `v2:base64,v1:base64`.
    #[error("master keys are written v2:BASE64,v1:BASE64, newest first, versions 1 to 255")]
    Syntax,
    /// A key has the wrong length.
    #[error("a master key has 32 bytes")]
    Length,
}

/// A ciphertext that does not open: of another place, another key, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("sealed value does not open")]
pub struct CannotOpen;

/// The key that links a tenant's audit.
pub struct ChainKey(Zeroizing<[u8; 32]>);

/// The master keys, newest first; new values are sealed under the newest.
#[derive(Clone)]
pub struct Keyring {
    newest: u8,
    keys: BTreeMap<u8, Zeroizing<[u8; 32]>>,
}

impl Keyring {
    /// Reads `v2:base64(32 bytes),v1:…`.
    pub fn parse(text: &str) -> Result<Self, InvalidKeys> {
        let mut newest = None;
        let mut keys = BTreeMap::new();
        for item in text.split(',').map(str::trim) {
            let (version, key) = item.strip_prefix('v').and_then(|i| i.split_once(':')).ok_or(InvalidKeys::Syntax)?;
            let version: u8 = version.parse().ok().filter(|v| *v > 0).ok_or(InvalidKeys::Syntax)?;
            let bytes = Zeroizing::new(STANDARD.decode(key).ok().ok_or(InvalidKeys::Syntax)?);
            let key: [u8; 32] = bytes.as_slice().try_into().ok().ok_or(InvalidKeys::Length)?;
            newest.get_or_insert(version);
            if keys.insert(version, Zeroizing::new(key)).is_some() {
                return Err(InvalidKeys::Syntax);
            }
        }
        Ok(Self { newest: newest.ok_or(InvalidKeys::Syntax)?, keys })
    }

    /// A keyring of this one key, for what only the holder of the key may open.
    pub fn single(key: [u8; 32]) -> Self {
        Self { newest: 1, keys: BTreeMap::from([(1, Zeroizing::new(key))]) }
    }

    /// A fresh key of version 1, and the text to keep it by.
    pub fn generate() -> (Self, Zeroizing<String>) {
        let key: [u8; 32] = aes_gcm::Key::<Aes256Gcm>::generate().into();
        let text = Zeroizing::new(format!("v1:{}", STANDARD.encode(key)));
        (Self { newest: 1, keys: BTreeMap::from([(1, Zeroizing::new(key))]) }, text)
    }

    /// Seals a value for its place.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let cipher = self.cipher(self.newest, place)?;
        let nonce = Nonce::generate();
        let aad = place.associated_data();
        let sealed = cipher.encrypt(&nonce, Payload { msg: plain, aad: &aad }).ok().ok_or(CannotOpen)?;
        let mut out = Vec::with_capacity(13 + sealed.len());
        out.push(self.newest);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens a value of this place, whichever known key sealed it.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
        let (version, rest) = sealed.split_first().ok_or(CannotOpen)?;
        let (nonce, text) = rest.split_at_checked(12).ok_or(CannotOpen)?;
        let nonce: [u8; 12] = nonce.try_into().ok().ok_or(CannotOpen)?;
        let aad = place.associated_data();
        let plain = self.cipher(*version, place)?.decrypt(&Nonce::from(nonce), Payload { msg: text, aad: &aad });
        plain.ok().map(Zeroizing::new).ok_or(CannotOpen)
    }

    /// The version that new values are sealed under.
    pub fn newest(&self) -> u8 {
        self.newest
    }

    /// True when values may still lie under an older version than the newest.
    pub fn is_rotating(&self) -> bool {
        self.keys.len() > 1
    }

    /// A tenant's chain key as it is first made: derived from the oldest key, so that every node makes the same.
    pub fn chain_key(&self, tenant: Uuid) -> Result<ChainKey, CannotOpen> {
        let oldest = self.keys.keys().next().copied().ok_or(CannotOpen)?;
        self.derive(oldest, tenant, "journal chain").map(ChainKey)
    }

    /// The MAC of a message under the newest key, for one tenant and purpose.
    pub fn mac(&self, tenant: Uuid, purpose: &str, message: &[u8]) -> Result<[u8; 32], CannotOpen> {
        Ok(self.hmac(self.newest, tenant, purpose, message)?.finalize().into_bytes().into())
    }

    /// True when it is the message's MAC under any known key; how much of it fits takes no time to tell.
    pub fn is_mac(&self, tenant: Uuid, purpose: &str, message: &[u8], mac: &[u8]) -> bool {
        let fits = |version: &u8| {
            let ours = self.hmac(*version, tenant, purpose, message);
            ours.is_ok_and(|ours| ours.verify_slice(mac).is_ok())
        };
        self.keys.keys().any(fits)
    }

    /// The same with the version of its key in front, for a mac that is checked by who may not know that version.
    pub fn marked_mac(&self, tenant: Uuid, purpose: &str, message: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let mac = self.mac(tenant, purpose, message)?;
        Ok(std::iter::once(self.newest).chain(mac).collect())
    }

    /// True when it is the message's marked MAC; none when it was made under a version that is not known here.
    pub fn is_marked_mac(&self, tenant: Uuid, purpose: &str, message: &[u8], marked: &[u8]) -> Option<bool> {
        let Some((version, mac)) = marked.split_first() else { return Some(false) };
        self.keys.get(version)?;
        let ours = self.hmac(*version, tenant, purpose, message);
        Some(ours.is_ok_and(|ours| ours.verify_slice(mac).is_ok()))
    }

    fn hmac(&self, version: u8, tenant: Uuid, purpose: &str, message: &[u8]) -> Result<Hmac<Sha256>, CannotOpen> {
        let key = self.derive(version, tenant, purpose)?;
        let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.as_slice()).ok().ok_or(CannotOpen)?;
        Ok(mac.chain_update(message))
    }

    fn cipher(&self, version: u8, place: Place<'_>) -> Result<Aes256Gcm, CannotOpen> {
        let key = self.derive(version, place.tenant, place.purpose)?;
        Aes256Gcm::new_from_slice(key.as_slice()).ok().ok_or(CannotOpen)
    }

    fn derive(&self, version: u8, tenant: Uuid, purpose: &str) -> Result<Zeroizing<[u8; 32]>, CannotOpen> {
        let master = self.keys.get(&version).ok_or(CannotOpen)?;
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(tenant.as_bytes()), master.as_slice())
            .expand(purpose.as_bytes(), key.as_mut_slice())
            .ok()
            .ok_or(CannotOpen)?;
        Ok(key)
    }
}

impl ChainKey {
    /// The key of these bytes, as [`ChainKey::as_bytes`] gave them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CannotOpen> {
        bytes.try_into().ok().map(|key| Self(Zeroizing::new(key))).ok_or(CannotOpen)
    }

    /// The bytes to seal and keep.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// HMAC-SHA-256 over the parts, each with its length in front.
    pub fn mac(&self, parts: &[&[u8]]) -> Result<[u8; 32], CannotOpen> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(self.0.as_slice()).ok().ok_or(CannotOpen)?;
        for part in parts {
            let length = u64::try_from(part.len()).ok().ok_or(CannotOpen)?;
            mac.update(&length.to_be_bytes());
            mac.update(part);
        }
        Ok(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChainKey(..)")
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("newest", &self.newest).finish_non_exhaustive()
    }
}

impl Place<'_> {
    pub(crate) fn associated_data(&self) -> Vec<u8> {
        format!("{}|{}|{}", self.tenant, self.column, self.row).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(row: u128) -> Place<'static> {
        Place { tenant: Uuid::from_u128(1), purpose: "test", column: "t.c", row: Uuid::from_u128(row) }
    }

    #[test]
    fn i12_a_swapped_ciphertext_does_not_open() {
        let (keys, _) = Keyring::generate();
        let sealed = keys.seal(place(1), b"seed").unwrap();
        assert_eq!(keys.open(place(1), &sealed).unwrap().as_slice(), b"seed");
        assert_eq!(keys.open(place(2), &sealed).map(|_| ()), Err(CannotOpen));
        let elsewhere = Place { tenant: Uuid::from_u128(2), ..place(1) };
        assert_eq!(keys.open(elsewhere, &sealed).map(|_| ()), Err(CannotOpen));
        let otherwise = Place { purpose: "other", ..place(1) };
        assert_eq!(keys.open(otherwise, &sealed).map(|_| ()), Err(CannotOpen));
    }

    #[test]
    fn i12_both_versions_read_and_the_newest_writes() {
        let (old, text) = Keyring::generate();
        let sealed = old.seal(place(1), b"seed").unwrap();
        let second = STANDARD.encode([7; 32]);
        let both = Keyring::parse(&format!("v2:{second},{}", text.as_str())).unwrap();
        assert_eq!(both.open(place(1), &sealed).unwrap().as_slice(), b"seed");
        assert_eq!(both.seal(place(1), b"x").unwrap().first(), Some(&2));
        let mac = |keys: &Keyring| keys.chain_key(Uuid::nil()).unwrap().mac(&[b"a"]).unwrap();
        assert_eq!(mac(&old), mac(&both));
        assert_eq!((old.is_rotating(), both.is_rotating(), both.newest()), (false, true, 2));
    }

    #[test]
    fn i12_a_mac_is_known_under_every_version_and_for_its_tenant_and_purpose_alone() {
        let (old, text) = Keyring::generate();
        let mac = old.mac(Uuid::nil(), "test", b"a").unwrap();
        let both = Keyring::parse(&format!("v2:{},{}", STANDARD.encode([7; 32]), text.as_str())).unwrap();
        assert!(both.is_mac(Uuid::nil(), "test", b"a", &mac));
        assert_ne!(both.mac(Uuid::nil(), "test", b"a").unwrap(), mac);
        assert!(!both.is_mac(Uuid::nil(), "test", b"b", &mac));
        assert!(!both.is_mac(Uuid::nil(), "other", b"a", &mac));
        assert!(!both.is_mac(Uuid::from_u128(1), "test", b"a", &mac));
        assert!(!both.is_mac(Uuid::nil(), "test", b"a", &mac[..31]));
        assert!(!old.is_mac(Uuid::nil(), "test", b"a", &[]));
    }

    #[test]
    fn i12_a_marked_mac_says_under_which_version_it_was_made() {
        let (old, text) = Keyring::generate();
        let both = Keyring::parse(&format!("v2:{},{}", STANDARD.encode([7; 32]), text.as_str())).unwrap();
        let mac = both.marked_mac(Uuid::nil(), "test", b"a").unwrap();
        assert_eq!((mac.first(), mac.len()), (Some(&2), 33));
        assert_eq!(both.is_marked_mac(Uuid::nil(), "test", b"a", &mac), Some(true));
        assert_eq!(both.is_marked_mac(Uuid::nil(), "test", b"b", &mac), Some(false));
        assert_eq!(old.is_marked_mac(Uuid::nil(), "test", b"a", &mac), None, "a version that it does not know");
        let of_old = old.marked_mac(Uuid::nil(), "test", b"a").unwrap();
        assert_eq!(both.is_marked_mac(Uuid::nil(), "test", b"a", &of_old), Some(true));
        assert_eq!(both.is_marked_mac(Uuid::nil(), "test", b"a", &[]), Some(false));
    }

    #[test]
    fn a_malformed_list_of_keys_is_refused() {
        assert_eq!(Keyring::parse("").unwrap_err(), InvalidKeys::Syntax);
        assert_eq!(Keyring::parse("v1:AAAA").unwrap_err(), InvalidKeys::Length);
        assert_eq!(Keyring::parse("v0:AAAA").unwrap_err(), InvalidKeys::Syntax);
        let (_, one) = Keyring::generate();
        assert_eq!(Keyring::parse(&format!("{},{}", one.as_str(), one.as_str())).unwrap_err(), InvalidKeys::Syntax);
    }
}
