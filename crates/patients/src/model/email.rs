//! E-mail addresses.

use thiserror::Error;

use super::redacted::redacted_debug;

const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
const LONGEST_LABEL: usize = 63;

/// An address that can be written to: the local part as typed, the domain in lower case; that it exists is not checked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// The text has not the form of an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

redacted_debug!(Email);

impl Email {
    /// Reads `local@domain` with a dotted domain (RFC 5321 lengths, no quoted local parts); letters of any script.
    pub fn parse(raw: &str) -> Result<Self, InvalidEmail> {
        let (local, domain) = raw.trim().rsplit_once('@').ok_or(InvalidEmail)?;
        let domain = domain.to_lowercase();
        let email = format!("{local}@{domain}");
        if is_local_part(local) && is_domain(&domain) && email.len() <= LONGEST {
            Ok(Self(email))
        } else {
            Err(InvalidEmail)
        }
    }

    /// The address to write to.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which two writings of one address are equal: all in lower case.
    pub fn compare_form(&self) -> String {
        self.0.to_lowercase()
    }
}

fn is_local_part(local: &str) -> bool {
    local.len() <= LONGEST_LOCAL && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

fn is_atom_character(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

fn is_domain(domain: &str) -> bool {
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.') && !top.bytes().all(|byte| byte.is_ascii_digit()) && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= LONGEST_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_keep_their_local_part_and_fold_their_domain() {
        let email = Email::parse(" Ana.Souza+Clinica@Exemplo.COM.BR ").unwrap();
        assert_eq!(email.as_str(), "Ana.Souza+Clinica@exemplo.com.br");
        assert_eq!(email.compare_form(), "ana.souza+clinica@exemplo.com.br");
        assert_eq!(format!("{email:?}"), "Email(..)");
    }

    #[test]
    fn unusual_addresses_are_read() {
        for raw in ["o'neil@example.ie", "a@b.co", "josé@exemplo.com", "x_y-z@sub.example.museum", "1@1.pt"] {
            assert!(Email::parse(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long = format!("a@{}com", "abcdefghi.".repeat(26));
        for raw in [
            "",
            "ana",
            "@",
            "ana@",
            "@example.com",
            "ana@example",
            "ana@@example.com",
            "ana@exam ple.com",
            "a na@example.com",
            ".ana@example.com",
            "a..na@example.com",
            "ana@-example.com",
            "ana@example..com",
            "ana@example.com.",
            "ana@127.0.0.1",
            "ana@example.com\nBcc: b@example.com",
            "<ana@example.com>",
            &long_local,
            &long,
        ] {
            assert_eq!(Email::parse(raw), Err(InvalidEmail), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_canonical(raw in "[a-zA-Z.+é]{1,8}@[a-zA-Z.-]{1,8}\\.(com|BR)") {
            if let Ok(email) = Email::parse(&raw) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
            }
        }
    }
}
