//! The company's catalogue of tags.
//!
//! What a record carries is free text: reception types a label, an import brings dozens, and nobody waits for an
//! administrator. The catalogue lists the labels that the company means to use, with a colour; clients offer them while
//! somebody types. A record's label and a catalogued one are the same when their keys are ([`TagKey`]), so that adding a tag
//! to the catalogue adopts the records that have it already. A tag that records carry is removed only on an explicit wish, and
//! then a job of the worker takes it from them, some at a time.

use chrono::{DateTime, Utc};
use kernel::Facts;
use kernel::ids::TagId;
use thiserror::Error;

use super::{Patient, PatientDetails, Tag, TagKey};

/// A tag of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CataloguedTag {
    /// Its id.
    pub id: TagId,
    /// The label.
    pub name: Tag,
    /// How clients paint it.
    pub colour: Option<Colour>,
    /// Rises by one with every change.
    pub version: i64,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// An sRGB colour, `#` and six hexadecimal digits in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colour(String);

/// No colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a colour")]
pub struct InvalidColour;

impl Colour {
    /// Reads `#RRGGBB`, in either case.
    pub fn parse(raw: &str) -> Result<Self, InvalidColour> {
        let digits = raw.trim().strip_prefix('#').ok_or(InvalidColour)?;
        if digits.len() == 6 && digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            Ok(Self(format!("#{}", digits.to_ascii_lowercase())))
        } else {
            Err(InvalidColour)
        }
    }

    /// A colour as it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// `#rrggbb`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CataloguedTag {
    /// By what it is known again.
    pub fn key(&self) -> TagKey {
        TagKey::of(&self.name)
    }

    /// What the journal records.
    pub fn facts(&self) -> Facts {
        Facts::new().open("name", self.name.as_str()).open("colour", self.colour.as_ref().map(Colour::as_str))
    }
}

impl Patient {
    /// The record without a tag; nothing when it does not carry it. What a record is otherwise closed to does not matter: it is
    /// the company's catalogue that changes.
    pub fn without_tag(&self, key: &TagKey, now: DateTime<Utc>) -> Option<Self> {
        let tags: Vec<Tag> = self.details.tags.iter().filter(|tag| TagKey::of(tag) != *key).cloned().collect();
        (tags.len() < self.details.tags.len()).then(|| Self {
            details: PatientDetails { tags, ..self.details.clone() },
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_has_six_digits() {
        assert_eq!(Colour::parse(" #FF8800 ").unwrap().as_str(), "#ff8800");
        for text in ["", "#", "ff8800", "#ff880", "#ff88000", "#ff88zz", "#ÿÿÿ", "red"] {
            assert_eq!(Colour::parse(text), Err(InvalidColour), "{text}");
        }
    }
}
