//! The blocks: records that share a key are compared, all others are not.
//!
//! | block | finds |
//! |---|---|
//! | an identifier | whoever has it, under any name |
//! | date of birth + initial of the family name, and of the first name | other families (marriage), misspellings, a name written family first |
//! | year of birth + sound of the family name | a date with a wrong day or month |
//! | sound of the first and of the family name, in either order | a wrong date, or none |
//! | telephone number, e-mail address | other names |
//!
//! The initial is the one heard (Helena, Elena; Walter, Valter). Legal and social name both make keys.

use chrono::Datelike;

use super::traits::Traits;

/// The most keys of one record: those of its names come first, then identifiers and contacts.
pub const MOST_KEYS: usize = 30;

/// A block that a record belongs to: a hash that says nothing by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatchKey(i64);

impl MatchKey {
    /// A key as it was stored.
    pub const fn from_stored(key: i64) -> Self {
        Self(key)
    }

    /// The key as it is stored.
    pub const fn as_i64(self) -> i64 {
        self.0
    }

    /// FNV-1a over the parts, with a byte that no text has between them. Stored keys depend on it.
    fn of(parts: &[&str]) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
        let hash = bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
        Self(i64::from_be_bytes(hash.to_be_bytes()))
    }
}

impl Traits {
    /// The blocks that the record belongs to, each once, at most [`MOST_KEYS`].
    pub fn keys(&self) -> Vec<MatchKey> {
        let mut keys: Vec<MatchKey> = Vec::with_capacity(8);
        for name in &self.names {
            let (first, last) = name.blocks();
            if let Some(date) = self.birth_date {
                let (day, year) = (date.to_string(), date.year().to_string());
                for initial in [&last, &first].into_iter().filter_map(|code| code.chars().next()) {
                    keys.push(MatchKey::of(&["born", &day, initial.encode_utf8(&mut [0; 4])]));
                }
                keys.push(MatchKey::of(&["year", &year, &last]));
            }
            if !name.is_single() {
                let (low, high) = if first <= last { (&first, &last) } else { (&last, &first) };
                keys.push(MatchKey::of(&["name", low, high]));
            }
        }
        let identifiers = self.identifiers.iter().map(|(kind, value)| MatchKey::of(&["id", kind.as_str(), value]));
        let phones = self.phones.iter().map(|phone| MatchKey::of(&["phone", phone]));
        let emails = self.emails.iter().map(|email| MatchKey::of(&["email", email]));
        keys.extend(identifiers.chain(phones).chain(emails));
        let mut once: Vec<MatchKey> = Vec::with_capacity(keys.len());
        for key in keys {
            if !once.contains(&key) {
                once.push(key);
            }
        }
        once.truncate(MOST_KEYS);
        once
    }
}
