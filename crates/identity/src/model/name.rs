//! Names of persons, companies and clinics.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::redacted::redacted_debug;

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing but space.
    #[error("the name is empty")]
    Empty,
    /// More than 200 characters.
    #[error("the name is too long")]
    TooLong,
    /// A control character is in it.
    #[error("the name holds a control character")]
    ControlCharacter,
}

/// The name a member is shown by: 1 to 200 characters, trimmed, single spaces.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DisplayName(String);

redacted_debug!(DisplayName);

/// The name of a company or clinic: 1 to 200 characters, trimmed, single spaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlaceName(String);

impl NameError {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "required",
            Self::TooLong => "out_of_range",
            Self::ControlCharacter => "control_character",
        }
    }
}

macro_rules! names {
    ($($name:ident),+) => {$(
        impl $name {
            /// The most characters a name may have.
            pub const LONGEST: usize = 200;

            /// Reads a name; fails when it is blank, too long or holds a control character.
            pub fn parse(raw: &str) -> Result<Self, NameError> {
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
    )+};
}

names!(DisplayName, PlaceName);

fn line(raw: &str, longest: usize) -> Result<String, NameError> {
    let folded = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.is_empty() {
        return Err(NameError::Empty);
    }
    if folded.chars().any(char::is_control) {
        return Err(NameError::ControlCharacter);
    }
    if folded.chars().count() > longest {
        return Err(NameError::TooLong);
    }
    Ok(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_and_bounded() {
        assert_eq!(PlaceName::parse(" Clínica \t Aurora\n").unwrap().as_str(), "Clínica Aurora");
        assert_eq!(PlaceName::parse(" "), Err(NameError::Empty));
        assert_eq!(PlaceName::parse("a\0"), Err(NameError::ControlCharacter));
        assert!(DisplayName::parse(&"é".repeat(200)).is_ok());
        assert_eq!(DisplayName::parse(&"é".repeat(201)), Err(NameError::TooLong));
    }

    #[test]
    fn a_persons_name_is_not_printed() {
        assert_eq!(format!("{:?}", DisplayName::parse("Ana").unwrap()), "DisplayName(..)");
    }
}
