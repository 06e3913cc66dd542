//! Free text about a patient.

use serde::{Deserialize, Serialize};

use super::redacted::redacted_debug;
use super::text::{TextError, line};

/// Remarks of the staff: 1 to 10,000 characters, line breaks kept, no other control character.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notes(String);

/// A label of 1 to 50 characters; labels are equal regardless of case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(String);

redacted_debug!(Notes);

impl Notes {
    /// The most characters.
    pub const LONGEST: usize = 10_000;

    /// Reads notes, trimmed; fails when blank, too long or with a control character.
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        let text = raw.trim().replace("\r\n", "\n");
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(TextError::ControlCharacter);
        }
        if text.chars().count() > Self::LONGEST {
            return Err(TextError::TooLong);
        }
        Ok(Self(text))
    }

    /// Notes as they were stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// The most characters.
    pub const LONGEST: usize = 50;

    /// Reads a label; fails when it is blank, too long or holds a control character.
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        line(raw, Self::LONGEST).map(Self)
    }

    /// A label as it was stored.
    pub fn from_stored(label: String) -> Self {
        Self(label)
    }

    /// The label as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two labels have in common that are the same.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Tag {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_keep_their_lines() {
        assert_eq!(
            Notes::parse(" Prefers mornings.\r\n\tHas a dog. ").unwrap().as_str(),
            "Prefers mornings.\n\tHas a dog."
        );
        assert_eq!(Notes::parse(" \n "), Err(TextError::Empty));
        assert_eq!(Notes::parse("a\0"), Err(TextError::ControlCharacter));
        assert_eq!(Notes::parse(&"é".repeat(10_001)), Err(TextError::TooLong));
        assert_eq!(format!("{:?}", Notes::parse("x").unwrap()), "Notes(..)");
    }

    #[test]
    fn tags_are_equal_regardless_of_case() {
        assert_eq!(Tag::parse(" VIP "), Tag::parse("vip"));
        assert_ne!(Tag::parse("vip"), Tag::parse("vips"));
        assert_eq!(Tag::parse(&"a".repeat(51)), Err(TextError::TooLong));
    }
}
