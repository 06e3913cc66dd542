//! What a column may mean.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::run::ImportKind;

/// What a column means; written as one word, `custom.NAME` for a field of the company's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// A field that Salus knows, by its word.
    Known(&'static str),
    /// A field of the company's own.
    Custom(String),
}

/// The word names no field of such an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no such field")]
pub struct UnknownField;

/// The fields of patients.
const OF_PATIENTS: &[&str] = &[
    "age",
    "birth_date",
    "card_number",
    "card_valid_until",
    "city",
    "cnpj",
    "cns",
    "complement",
    "country",
    "cpf",
    "death_date",
    "email",
    "external_id",
    "first_name",
    "gender",
    "health_plan",
    "health_plan_product",
    "ignore",
    "ins",
    "instagram",
    "last_name",
    "latitude",
    "longitude",
    "mother_name",
    "name",
    "neighbourhood",
    "notes",
    "number",
    "other_id",
    "passport",
    "phone",
    "postal_code",
    "region",
    "sex",
    "social_name",
    "stage",
    "street",
    "tags",
    "whatsapp",
];

/// What a row of appointments says beside its patient.
const OF_APPOINTMENTS: &[&str] = &[
    "appointment_id",
    "appointment_notes",
    "booked_at",
    "clinic",
    "date",
    "duration_minutes",
    "end",
    "no_show",
    "practitioner",
    "service",
    "start",
    "status",
    "time",
];

/// Fields that several columns may have together.
const REPEATABLE: &[&str] = &["email", "ignore", "instagram", "other_id", "phone", "tags", "whatsapp"];

impl Field {
    /// A column that is left out.
    pub const IGNORE: Self = Self::Known("ignore");

    /// The field of a word, for an import of this kind.
    pub fn parse(word: &str, kind: ImportKind) -> Result<Self, UnknownField> {
        let known = |words: &[&'static str]| words.iter().find(|known| **known == word).map(|known| Self::Known(known));
        if let Some(own) = word.strip_prefix("custom.") {
            let sound = (1..=60).contains(&own.chars().count()) && !own.chars().any(char::is_control);
            return if sound { Ok(Self::Custom(own.to_owned())) } else { Err(UnknownField) };
        }
        let of_kind = if kind == ImportKind::Appointments { known(OF_APPOINTMENTS) } else { None };
        known(OF_PATIENTS).or(of_kind).ok_or(UnknownField)
    }

    /// Every word of an import of this kind, without the company's own.
    pub fn words(kind: ImportKind) -> impl Iterator<Item = &'static str> {
        let of_kind = if kind == ImportKind::Appointments { OF_APPOINTMENTS } else { &[] };
        OF_PATIENTS.iter().chain(of_kind).copied()
    }

    /// True of the field of this word.
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Known(known) if *known == word)
    }

    /// True where several columns may mean the same together.
    pub fn is_repeatable(&self) -> bool {
        matches!(self, Self::Known(known) if REPEATABLE.contains(known))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(word) => f.write_str(word),
            Self::Custom(own) => write!(f, "custom.{own}"),
        }
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::parse(&word, ImportKind::Appointments).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt8_every_word_is_read_back() {
        for word in Field::words(ImportKind::Appointments) {
            let field = Field::parse(word, ImportKind::Appointments).unwrap();
            assert_eq!(field.to_string(), word);
            assert_eq!(serde_json::from_value::<Field>(serde_json::to_value(&field).unwrap()).unwrap(), field);
        }
        assert_eq!(Field::parse("custom.raça", ImportKind::Patients).unwrap().to_string(), "custom.raça");
    }

    #[test]
    fn pt8_other_words_are_refused() {
        for word in ["", "nome", "custom.", "custom.a\u{0}", "start"] {
            assert_eq!(Field::parse(word, ImportKind::Patients), Err(UnknownField), "{word}");
        }
    }
}
