//! Names of persons.

use serde::{Deserialize, Serialize};

use super::redacted::redacted_debug;
use super::text::{TextError, line};

/// A legal, social or mother's name: 1 to 200 characters, trimmed, single spaces, as the person writes it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonName(String);

redacted_debug!(PersonName);

impl PersonName {
    /// The most characters a name may have.
    pub const LONGEST: usize = 200;

    /// Reads a name; fails when it is blank, too long or holds a control character.
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        line(raw, Self::LONGEST).map(Self)
    }

    /// A name as it was stored.
    pub fn from_stored(name: String) -> Self {
        Self(name)
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_keep_their_writing() {
        let name = PersonName::parse("  Conceição\tD'Ávila-Núñez  de  Sá ").unwrap();
        assert_eq!(name.as_str(), "Conceição D'Ávila-Núñez de Sá");
        assert_eq!(format!("{name:?}"), "PersonName(..)");
    }

    #[test]
    fn names_have_1_to_200_characters() {
        assert!(PersonName::parse(&"é".repeat(200)).is_ok());
        assert_eq!(PersonName::parse(&"é".repeat(201)), Err(TextError::TooLong));
        assert_eq!(PersonName::parse("   "), Err(TextError::Empty));
        assert_eq!(PersonName::parse("Ana\0"), Err(TextError::ControlCharacter));
    }

    proptest! {
        #[test]
        fn reading_twice_changes_nothing(raw in "(?s).{0,210}") {
            if let Ok(name) = PersonName::parse(&raw) {
                prop_assert_eq!(PersonName::parse(name.as_str()), Ok(name.clone()));
            }
        }
    }
}
