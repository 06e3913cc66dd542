//! Countries.

use std::str::FromStr;

use phonenumber::country::Id;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// A country or territory by its ISO 3166-1 alpha-2 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country(Id);

/// The text is no known code of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown country code")]
pub struct UnknownCountry;

impl Country {
    /// Brazil.
    pub const BRAZIL: Self = Self(Id::BR);
    /// France.
    pub const FRANCE: Self = Self(Id::FR);

    /// Reads a two-letter code in either case.
    pub fn parse(raw: &str) -> Result<Self, UnknownCountry> {
        match Id::from_str(&raw.trim().to_ascii_uppercase()) {
            Ok(id) => Ok(Self(id)),
            Err(_) => Err(UnknownCountry),
        }
    }

    /// The two capital letters.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    pub(super) fn id(self) -> Id {
        self.0
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_either_case() {
        assert_eq!(Country::parse(" br "), Ok(Country::BRAZIL));
        assert_eq!(Country::parse("RE").unwrap().as_str(), "RE");
    }

    #[test]
    fn other_texts_are_refused() {
        for raw in ["", "B", "BRA", "ZZ", "55", "Brazil"] {
            assert_eq!(Country::parse(raw), Err(UnknownCountry), "{raw}");
        }
    }
}
