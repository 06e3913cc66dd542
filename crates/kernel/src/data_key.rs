//! Data keys: what the journal tells of a person lies under random keys of that person, so that destroying them makes it
//! unreadable and changes no byte of the journal (I11).
//!
//! A value sealed so is `0 ‖ id of the key (16) ‖ nonce (12) ‖ ciphertext and tag`: no master key has the version 0.

use std::fmt;

use aes_gcm::aead::{Aead, Generate, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use async_trait::async_trait;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::seal::{CannotOpen, Place};

/// A random key for what is told of one person. It is kept sealed under the master key.
pub struct DataKey {
    id: Uuid,
    key: Zeroizing<[u8; 32]>,
}

/// Makes unreadable what the journal tells of somebody.
#[async_trait]
pub trait SubjectKeys: Send + Sync {
    /// Destroys every data key of a subject (a patient, an account, …) of the transaction's tenant; how many there were.
    /// Values sealed under them never open again, the chain of the journal stays whole, and what is told later lies under a
    /// new key.
    async fn subject_keys_destroy(&self, subject: Uuid) -> Result<u64, StoreError>;
}

impl DataKey {
    /// The first byte of a value that is sealed under a data key; no version of a master key is 0.
    pub const MARK: u8 = 0;

    /// A fresh key.
    pub fn generate(id: Uuid) -> Self {
        Self { id, key: Zeroizing::new(aes_gcm::Key::<Aes256Gcm>::generate().into()) }
    }

    /// The key of these bytes, as [`DataKey::as_bytes`] gave them.
    pub fn from_bytes(id: Uuid, bytes: &[u8]) -> Result<Self, CannotOpen> {
        let key = bytes.try_into().ok().ok_or(CannotOpen)?;
        Ok(Self { id, key: Zeroizing::new(key) })
    }

    /// The bytes to seal and keep.
    pub fn as_bytes(&self) -> &[u8] {
        self.key.as_slice()
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The id of the key that a value was sealed under; none for a value under the master key.
    pub fn id_in(sealed: &[u8]) -> Option<Uuid> {
        let (mark, rest) = sealed.split_first()?;
        let (id, _) = rest.split_at_checked(16)?;
        if *mark == Self::MARK { Uuid::from_slice(id).ok() } else { None }
    }

    /// Seals a value for its place; the purpose plays no part, because the key has one purpose only.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let nonce = Nonce::generate();
        let aad = place.associated_data();
        let sealed = self.cipher()?.encrypt(&nonce, Payload { msg: plain, aad: &aad }).ok().ok_or(CannotOpen)?;
        let mut out = Vec::with_capacity(29 + sealed.len());
        out.push(Self::MARK);
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens a value of this place that was sealed under this key.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
        if Self::id_in(sealed) != Some(self.id) {
            return Err(CannotOpen);
        }
        let (nonce, text) = sealed.get(17..).and_then(|rest| rest.split_at_checked(12)).ok_or(CannotOpen)?;
        let nonce: [u8; 12] = nonce.try_into().ok().ok_or(CannotOpen)?;
        let aad = place.associated_data();
        let plain = self.cipher()?.decrypt(&Nonce::from(nonce), Payload { msg: text, aad: &aad });
        plain.ok().map(Zeroizing::new).ok_or(CannotOpen)
    }

    fn cipher(&self) -> Result<Aes256Gcm, CannotOpen> {
        Aes256Gcm::new_from_slice(self.key.as_slice()).ok().ok_or(CannotOpen)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Keyring;

    fn place(tenant: u128, row: u128) -> Place<'static> {
        let (tenant, row) = (Uuid::from_u128(tenant), Uuid::from_u128(row));
        Place { tenant, purpose: "journal", column: "journal_change.sealed", row }
    }

    #[test]
    fn i11_only_its_own_key_opens_a_value_and_only_in_its_place() {
        let (key, other) = (DataKey::generate(Uuid::from_u128(1)), DataKey::generate(Uuid::from_u128(1)));
        let sealed = key.seal(place(1, 1), b"Ana").unwrap();
        assert_eq!(key.open(place(1, 1), &sealed).unwrap().as_slice(), b"Ana");
        assert_eq!(other.open(place(1, 1), &sealed).map(|_| ()), Err(CannotOpen));
        assert_eq!(key.open(place(1, 2), &sealed).map(|_| ()), Err(CannotOpen));
        assert_eq!(key.open(place(2, 1), &sealed).map(|_| ()), Err(CannotOpen));
        assert_eq!(key.open(place(1, 1), sealed.get(..20).unwrap()).map(|_| ()), Err(CannotOpen));
        let again = DataKey::from_bytes(key.id(), key.as_bytes()).unwrap();
        assert!(again.open(place(1, 1), &sealed).is_ok() && !format!("{again:?}").contains("key: ["));
    }

    #[test]
    fn i11_a_value_names_its_key_and_one_under_the_master_key_names_none() {
        let key = DataKey::generate(Uuid::from_u128(7));
        assert_eq!(DataKey::id_in(&key.seal(place(1, 1), b"Ana").unwrap()), Some(Uuid::from_u128(7)));
        assert_eq!(DataKey::id_in(&Keyring::generate().0.seal(place(1, 1), b"Ana").unwrap()), None);
        assert_eq!(DataKey::id_in(&[]), None);
    }
}
