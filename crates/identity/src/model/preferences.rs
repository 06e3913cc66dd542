//! What a person has chosen for the screens of Salus.

use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::redacted::redacted_debug;

/// A JSON object of the screens' own making, of at most [`Preferences::LONGEST`] bytes: Salus keeps it and reads nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Preferences(Map<String, Value>);

/// A change of preferences: a JSON merge patch (RFC 7396).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PreferencesPatch(Map<String, Value>);

redacted_debug!(Preferences, PreferencesPatch);

/// The preferences would be longer than they may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the preferences are too long")]
pub struct TooManyPreferences;

/// A text holds the character U+0000, which PostgreSQL cannot keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a null character")]
pub struct NullCharacter;

impl PreferencesPatch {
    /// The patch of these members; `null` removes.
    pub fn parse(members: Map<String, Value>) -> Result<Self, NullCharacter> {
        if members.iter().any(|(name, value)| name.contains('\0') || holds_null(value)) {
            return Err(NullCharacter);
        }
        Ok(Self(members))
    }
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_null),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_null(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

impl Preferences {
    /// The most bytes of their JSON.
    pub const LONGEST: usize = 8_192;

    /// Preferences as they were stored.
    pub fn from_stored(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// Their members.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The preferences after a change.
    pub fn merged(&self, patch: &PreferencesPatch) -> Result<Self, TooManyPreferences> {
        let mut members = self.0.clone();
        merge(&mut members, &patch.0);
        let length = Value::Object(members.clone()).to_string().len();
        if length > Self::LONGEST { Err(TooManyPreferences) } else { Ok(Self(members)) }
    }
}

/// RFC 7396 §2; the depth is bounded by that of a request.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(inner) => {
                let place = target.entry(name.clone()).or_insert(Value::Null);
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                if let Value::Object(members) = place {
                    merge(members, inner);
                }
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn merged(target: &Value, patch: &Value) -> Value {
        let target = Preferences::from_stored(members(target));
        serde_json::to_value(target.merged(&PreferencesPatch::parse(members(patch)).unwrap()).unwrap()).unwrap()
    }

    /// The objects among the examples of RFC 7396, appendix A.
    #[test]
    fn c3_preferences_change_by_merge_patch() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
            (json!({"a": "foo"}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}})),
        ] {
            assert_eq!(merged(&target, &patch), result, "{target} {patch}");
        }
    }

    #[test]
    fn a_null_character_is_refused_wherever_it_stands() {
        for patch in
            [json!({"a\0": 1}), json!({"a": "\0"}), json!({"a": ["b", {"c": "\0"}]}), json!({"a": {"\0": null}})]
        {
            assert_eq!(PreferencesPatch::parse(members(&patch)), Err(NullCharacter), "{patch}");
        }
        assert!(PreferencesPatch::parse(members(&json!({"a": "\\u0000"}))).is_ok());
    }

    #[test]
    fn preferences_are_bounded() {
        let long = |length| PreferencesPatch::parse(members(&json!({ "a": "x".repeat(length) }))).unwrap();
        assert!(Preferences::default().merged(&long(Preferences::LONGEST - 8)).is_ok());
        assert_eq!(Preferences::default().merged(&long(Preferences::LONGEST - 7)), Err(TooManyPreferences));
    }
}
