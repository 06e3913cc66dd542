//! JSON as it was sent: members in order, repeated names found, depth bounded.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use thiserror::Error;

use crate::fault::Place;

/// How deep arrays and objects may be nested.
pub const MAX_DEPTH: usize = 32;

/// One JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any number.
    Number(Number),
    /// Any text.
    Text(String),
    /// The elements in order.
    List(Vec<Json>),
    /// The members in order, each name once.
    Object(Vec<(String, Json)>),
}

/// Why bytes are not JSON that we read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotJson {
    /// RFC 8259 is not kept, or the text is not UTF-8.
    #[error("malformed JSON")]
    Malformed,
    /// An object names a member twice.
    #[error("a repeated member at {0}")]
    DuplicateKey(String),
    /// Arrays and objects are nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH}")]
    TooDeep,
}

impl Json {
    /// Reads one value and nothing behind it.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotJson> {
        let flaw = RefCell::new(None);
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let value = Seed { at: &Place::Root, depth: 0, flaw: &flaw }.deserialize(&mut reader);
        let whole = value.and_then(|value| reader.end().map(|()| value));
        whole.map_err(|error| flaw.into_inner().unwrap_or_else(|| malformed(&error)))
    }

    /// The JSON of a value made by us, for examples and tests.
    pub fn of(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(value) => Self::Number(value),
            serde_json::Value::String(value) => Self::Text(value),
            serde_json::Value::Array(values) => Self::List(values.into_iter().map(Self::of).collect()),
            serde_json::Value::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| (name, Self::of(value))).collect())
            }
        }
    }

    /// The same JSON as others know it, for what is kept as it was sent.
    pub fn into_value(self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => value.into(),
            Self::Number(value) => serde_json::Value::Number(value),
            Self::Text(value) => value.into(),
            Self::List(values) => values.into_iter().map(Self::into_value).collect(),
            Self::Object(members) => members.into_iter().map(|(name, value)| (name, value.into_value())).collect(),
        }
    }

    /// The whole number that this is, if it is one: `6` and `6.0` alike.
    pub fn whole_number(&self) -> Option<i128> {
        let Self::Number(number) = self else { return None };
        let exact = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        exact.or_else(|| {
            number.as_f64().filter(|value| value.fract() == 0.0).and_then(|value| format!("{value:.0}").parse().ok())
        })
    }
}

/// The parser's own bound on recursion lies deeper than ours; a text beyond it is too deep as well.
fn malformed(error: &serde_json::Error) -> NotJson {
    if error.to_string().starts_with("recursion limit") { NotJson::TooDeep } else { NotJson::Malformed }
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    at: &'a Place<'a>,
    depth: usize,
    flaw: &'a RefCell<Option<NotJson>>,
}

impl Seed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH {
            return Ok(self.depth + 1);
        }
        self.flaw.replace(Some(NotJson::TooDeep));
        Err(E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Json, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let depth = self.deeper()?;
        let mut elements = Vec::new();
        loop {
            let at = Place::Index(self.at, elements.len());
            match from.next_element_seed(Seed { at: &at, depth, flaw: self.flaw })? {
                Some(element) => elements.push(element),
                None => return Ok(Json::List(elements)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Json, A::Error> {
        let depth = self.deeper()?;
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some(name) = from.next_key::<String>()? {
            let value = {
                let at = Place::Member(self.at, &name);
                if !names.insert(name.clone()) {
                    self.flaw.replace(Some(NotJson::DuplicateKey(at.pointer())));
                    return Err(A::Error::custom("repeated member"));
                }
                from.next_value_seed(Seed { at: &at, depth, flaw: self.flaw })?
            };
            members.push((name, value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_read_as_it_was_sent() {
        let sent = br#"{"a":[1,2.5,"x",null,true],"b":{}}"#;
        let value = json!({"a": [1, 2.5, "x", null, true], "b": {}});
        assert_eq!(Json::parse(sent), Ok(Json::of(value.clone())));
        assert_eq!(Json::parse(sent).unwrap().into_value(), value);
    }

    #[test]
    fn a_repeated_member_is_found_with_its_pointer() {
        let sent = br#"{"a":[{"b/c":1,"b/c":2}]}"#;
        assert_eq!(Json::parse(sent), Err(NotJson::DuplicateKey("/a/0/b~1c".to_owned())));
    }

    #[test]
    fn depth_32_is_read_and_33_is_not() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(nested(32).as_bytes()).is_ok());
        assert_eq!(Json::parse(nested(33).as_bytes()), Err(NotJson::TooDeep));
        assert_eq!(Json::parse(nested(100_000).as_bytes()), Err(NotJson::TooDeep));
    }

    #[test]
    fn broken_texts_are_malformed() {
        for sent in ["", "{", "{\"a\":}", "1 2", "nul", "{'a':1}", "[1,]", "\"\\ud800\"", "1e999", "\u{feff}{}"] {
            assert_eq!(Json::parse(sent.as_bytes()), Err(NotJson::Malformed), "{sent:?}");
        }
        assert_eq!(Json::parse(b"\"\xff\""), Err(NotJson::Malformed));
    }

    #[test]
    fn c2_a_whole_number_may_be_written_with_a_fraction() {
        let number = |text: &str| Json::parse(text.as_bytes()).unwrap().whole_number();
        assert_eq!(number("6"), Some(6));
        assert_eq!(number("6.0"), Some(6));
        assert_eq!(number("-6e1"), Some(-60));
        assert_eq!(number("6.5"), None);
        assert_eq!(number("\"6\""), None);
        assert_eq!(number("18446744073709551615"), Some(18_446_744_073_709_551_615));
    }
}
