//! Sex and gender.

use serde::{Deserialize, Serialize};

use super::redacted::redacted_debug;
use super::text::{TextError, line};

/// Administrative sex (FHIR `administrative-gender`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Neither, or intersex.
    Other,
    /// Asked for and not known.
    Unknown,
}

impl Sex {
    /// All values.
    pub const ALL: [Self; 4] = [Self::Female, Self::Male, Self::Other, Self::Unknown];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }

    /// The value of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sex| sex.as_str() == word)
    }
}

/// The gender a person gives, in their own words: 1 to 60 characters.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gender(String);

redacted_debug!(Gender);

impl Gender {
    /// The most characters.
    pub const LONGEST: usize = 60;

    /// Reads a gender; fails when it is blank, too long or holds a control character.
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        line(raw, Self::LONGEST).map(Self)
    }

    /// A gender as it was stored.
    pub fn from_stored(gender: String) -> Self {
        Self(gender)
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for sex in Sex::ALL {
            assert_eq!(Sex::parse(sex.as_str()), Some(sex));
            assert_eq!(serde_json::to_value(sex).unwrap(), sex.as_str());
        }
        assert_eq!(Sex::parse("F"), None);
    }

    #[test]
    fn gender_is_a_short_line() {
        assert_eq!(Gender::parse(" mulher  trans ").unwrap().as_str(), "mulher trans");
        assert_eq!(Gender::parse(&"a".repeat(61)), Err(TextError::TooLong));
        assert_eq!(format!("{:?}", Gender::parse("x").unwrap()), "Gender(..)");
    }
}
