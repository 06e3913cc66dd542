//! E-mail addresses.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::redacted::redacted_debug;

/// An address one signs in with: ASCII, case-folded, at most 254 characters (RFC 5321 §4.5.3).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

redacted_debug!(Email);

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl InvalidEmail {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        "identity.invalid_email"
    }
}

impl Email {
    /// Reads an address: one `@`, a local part of 1 to 64 unquoted characters, a domain of two or more labels.
    pub fn parse(raw: &str) -> Result<Self, InvalidEmail> {
        let text = raw.trim().to_ascii_lowercase();
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let known = text.len() <= 254 && is_local(local) && is_domain(domain);
        if known { Ok(Self(text)) } else { Err(InvalidEmail) }
    }

    /// An address as it was stored.
    pub fn from_stored(email: String) -> Self {
        Self(email)
    }

    /// The address in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local(local: &str) -> bool {
    let atom = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&c);
    local.len() <= 64 && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.') && domain.split('.').all(label) && !top.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_case_folded() {
        let email = Email::parse(" Ana.Souza+agenda@Clinica-Aurora.Example ").unwrap();
        assert_eq!(email.as_str(), "ana.souza+agenda@clinica-aurora.example");
        assert_eq!(format!("{email:?}"), "Email(..)");
    }

    #[test]
    fn other_texts_are_refused() {
        let long = format!("{}@a.example", "x".repeat(65));
        for raw in [
            "",
            "ana",
            "@a.br",
            "ana@",
            "ana@localhost",
            "a@b@c.br",
            "a..b@c.br",
            ".a@c.br",
            "a b@c.br",
            "a@-c.br",
            "a@c-.br",
            "a@c..br",
            "a@10.0.0.1",
            "ána@c.br",
            "a\u{0}@c.br",
            "\"a\"@c.br",
            &long,
        ] {
            assert_eq!(Email::parse(raw), Err(InvalidEmail), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn reading_twice_changes_nothing(raw in "[A-Za-z0-9.+@ -]{3,40}") {
            if let Ok(email) = Email::parse(&raw) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
            }
        }
    }
}
