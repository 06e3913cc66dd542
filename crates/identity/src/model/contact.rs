//! How a company is reached, and what it is known by.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A telephone number of a company as people write it: 5 to 15 digits, grouped at will, at most 32 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContactPhone(String);

/// Where a logo lies: an `https` address of at most 2,048 ASCII characters, without user or password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogoUrl(String);

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidContact {
    /// No telephone number.
    #[error("not a telephone number")]
    Phone,
    /// No `https` address.
    #[error("not an https address")]
    Url,
}

impl InvalidContact {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "invalid_phone",
            Self::Url => "identity.invalid_logo_url",
        }
    }
}

impl ContactPhone {
    /// Reads a number such as `+55 11 4002-8922` or `0800 123 4567`.
    pub fn parse(raw: &str) -> Result<Self, InvalidContact> {
        let text = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        let national = text.strip_prefix('+').unwrap_or(&text);
        let formed = national.bytes().all(|c| c.is_ascii_digit() || b" ().-/".contains(&c));
        let digits = national.bytes().filter(u8::is_ascii_digit).count();
        let taken = formed && text.len() <= 32 && (5..=15).contains(&digits);
        if taken { Ok(Self(text)) } else { Err(InvalidContact::Phone) }
    }

    /// The number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LogoUrl {
    /// Reads an address that begins with `https://` and names a host of letters, digits, dots and hyphens.
    pub fn parse(raw: &str) -> Result<Self, InvalidContact> {
        let text = raw.trim();
        let rest = text.strip_prefix("https://").ok_or(InvalidContact::Url)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
        let named = !host.is_empty()
            && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
            && host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-".contains(&c));
        let plain = text.len() <= 2_048 && text.bytes().all(|c| c.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&c));
        let taken = named && plain && port.parse::<u16>().is_ok_and(|port| port > 0);
        if taken { Ok(Self(text.to_owned())) } else { Err(InvalidContact::Url) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_are_kept_as_written() {
        for raw in ["+55 11 4002-8922", "0800 123 4567", "(11) 4002-8922", "01 44 12 34 56", "+33.1.44.12.34.56"] {
            assert_eq!(ContactPhone::parse(raw).unwrap().as_str(), raw);
        }
        for raw in ["", "1234", "call us", "1234567890123456", "+55 11 4002+8922", "٠١٢٣٤٥"] {
            assert_eq!(ContactPhone::parse(raw), Err(InvalidContact::Phone), "{raw}");
        }
    }

    #[test]
    fn a_logo_comes_by_https_only() {
        for raw in ["https://aurora.example/logo.png", "https://cdn.aurora.example:8443/a?b=c%20d#e"] {
            assert_eq!(LogoUrl::parse(raw).unwrap().as_str(), raw);
        }
        for raw in [
            "",
            "http://aurora.example/logo.png",
            "HTTPS://aurora.example",
            "https://",
            "https:///logo.png",
            "https://user@aurora.example/",
            "https://a..example/",
            "https://aurora.example:0/",
            "https://aurora.example:port/",
            "https://aurora.example/lo go.png",
            "https://aurora.example/\"><script>",
            "https://aurora.example/ñ.png",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
        ] {
            assert_eq!(LogoUrl::parse(raw), Err(InvalidContact::Url), "{raw}");
        }
        assert!(LogoUrl::parse(&format!("https://a.example/{}", "x".repeat(2_048))).is_err());
    }
}
