//! Fields that a company adds of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::redacted::redacted_debug;

/// A JSON object of at most 16 KiB when written without white space.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CustomFields(Map<String, Value>);

/// Why a JSON value cannot be custom fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CustomFieldsError {
    /// It is no object.
    #[error("custom fields are a JSON object")]
    NotAnObject,
    /// It is over 16 KiB.
    #[error("custom fields are at most 16 KiB")]
    TooLarge,
    /// A name or text holds U+0000, which `PostgreSQL` cannot keep in JSON.
    #[error("custom fields hold a null character")]
    NullCharacter,
}

impl CustomFieldsError {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::TooLarge => "custom_fields_too_large",
            Self::NullCharacter => "control_character",
        }
    }
}

redacted_debug!(CustomFields);

impl CustomFields {
    /// The most bytes of the object in UTF-8, without white space between its tokens.
    pub const LARGEST: usize = 16 * 1024;

    /// Checks a JSON value.
    pub fn parse(value: Value) -> Result<Self, CustomFieldsError> {
        if value.to_string().len() > Self::LARGEST {
            return Err(CustomFieldsError::TooLarge);
        }
        if holds_null_character(&value) {
            return Err(CustomFieldsError::NullCharacter);
        }
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(CustomFieldsError::NotAnObject),
        }
    }

    /// The fields after a merge patch (RFC 7396): objects are merged, `null` removes, anything else replaces.
    pub fn merged(self, patch: Self) -> Result<Self, CustomFieldsError> {
        Self::parse(Value::Object(merged(self.0, patch.0)))
    }

    /// Fields as they were stored.
    pub fn from_stored(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// The object.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }
}

fn merged(mut present: Map<String, Value>, patch: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in patch {
        match (value, present.remove(&name)) {
            (Value::Null, _) => {}
            (Value::Object(patch), Some(Value::Object(inner))) => {
                present.insert(name, Value::Object(merged(inner, patch)));
            }
            (Value::Object(patch), _) => {
                present.insert(name, Value::Object(merged(Map::new(), patch)));
            }
            (value, _) => {
                present.insert(name, value);
            }
        }
    }
    present
}

fn holds_null_character(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_null_character),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_null_character(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_of_16_kib_is_the_largest() {
        let of_size = |bytes: usize| json!({ "a": "x".repeat(bytes - r#"{"a":""}"#.len()) });
        let largest = CustomFields::parse(of_size(16_384)).unwrap();
        assert_eq!(largest.as_map().len(), 1);
        assert_eq!(CustomFields::parse(of_size(16_385)), Err(CustomFieldsError::TooLarge));
    }

    #[test]
    fn c3_a_merge_patch_reaches_into_objects() {
        let present = CustomFields::parse(json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]})).unwrap();
        let patch =
            CustomFields::parse(json!({"a": null, "b": {"c": null, "f": 4}, "e": [3], "g": {"h": null}})).unwrap();
        let merged = present.merged(patch).unwrap();
        assert_eq!(Value::Object(merged.as_map().clone()), json!({"b": {"d": 3, "f": 4}, "e": [3], "g": {}}));
    }

    #[test]
    fn what_a_merge_makes_is_bounded_too() {
        let of_size = |name: &str| CustomFields::parse(json!({ name: "x".repeat(9_000) })).unwrap();
        assert_eq!(of_size("a").merged(of_size("b")), Err(CustomFieldsError::TooLarge));
        assert!(of_size("a").merged(of_size("a")).is_ok());
    }

    #[test]
    fn other_values_and_null_characters_are_refused() {
        for value in [json!(null), json!([]), json!("a"), json!(1)] {
            assert_eq!(CustomFields::parse(value), Err(CustomFieldsError::NotAnObject));
        }
        for value in [json!({"a": ["\0"]}), json!({"a\0": 1}), json!({"a": {"b": "\0"}})] {
            assert_eq!(CustomFields::parse(value), Err(CustomFieldsError::NullCharacter));
        }
        assert_eq!(format!("{:?}", CustomFields::parse(json!({"a": 1})).unwrap()), "CustomFields(..)");
    }
}
