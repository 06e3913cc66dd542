//! `Idempotency-Key` (C10): read here, claimed in the transaction, honoured on every `POST` of a signed-in caller whose
//! answer carries no secret.

use actix_web::http::header::{HeaderMap, HeaderName};
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

/// The header's name.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in characters.
const LONGEST: usize = 255;

/// The hash of a key; the key itself is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of a request: 1 to 255 visible ASCII characters, once; anything else is 400.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(HEADER);
        let Some(value) = values.next() else { return Ok(None) };
        let key = value.as_bytes();
        let sound = (1..=LONGEST).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
        if sound && values.next().is_none() {
            return Ok(Some(Self(sha256(key))));
        }
        Err(Problem::malformed("malformed_idempotency_key"))
    }

    /// SHA-256 of the key.
    pub fn hash(&self) -> [u8; 32] {
        self.0
    }
}

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(values: &[&str]) -> Result<bool, &'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_str(value).unwrap());
        }
        Key::of(&headers).map(|key| key.is_some()).map_err(|problem| problem.code())
    }

    #[test]
    fn c10_a_key_is_1_to_255_visible_characters() {
        assert_eq!(read(&[]), Ok(false));
        assert_eq!(read(&["a"]), Ok(true));
        assert_eq!(read(&[&"k".repeat(255)]), Ok(true));
        for bad in [vec![""], vec!["a b"], vec!["é"], vec!["a", "b"], vec![&*"k".repeat(256)]] {
            assert_eq!(read(&bad), Err("malformed_idempotency_key"), "{bad:?}");
        }
    }
}
