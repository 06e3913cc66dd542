//! Shapes of request fields that more than one context needs.

use crate::fault::{Faults, Place};
use crate::from_json::FromJson;
use crate::json::Json;
use crate::schema::{self, AnySchema, Schemas};

/// A field of a merge patch that cannot be emptied: absent, or a value; `null` is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<T>(pub Option<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: FromJson> FromJson for Given<T> {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        T::from_json(json, at, faults).map(|value| Self(Some(value)))
    }

    fn absent() -> Option<Self> {
        Some(Self(None))
    }

    fn json_schema() -> AnySchema {
        T::json_schema()
    }

    fn json_schemas(schemas: &mut Schemas) {
        T::json_schemas(schemas);
    }
}

/// A list of at most `MOST` values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtMost<T, const MOST: usize>(pub Vec<T>);

impl<T, const MOST: usize> Default for AtMost<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: FromJson, const MOST: usize> FromJson for AtMost<T, MOST> {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        match &json {
            Json::List(values) if values.len() > MOST => faults.refuse(at, "too_many"),
            _ => Vec::from_json(json, at, faults).map(Self),
        }
    }

    fn json_schema() -> AnySchema {
        schema::list_up_to(T::json_schema(), MOST)
    }

    fn json_schemas(schemas: &mut Schemas) {
        T::json_schemas(schemas);
    }
}

/// A list of 1 to `MOST` values: `[]` is refused where `null` says something else than "none".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SomeOf<T, const MOST: usize>(pub Vec<T>);

impl<T: FromJson, const MOST: usize> FromJson for SomeOf<T, MOST> {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        match &json {
            Json::List(values) if values.is_empty() => faults.refuse(at, "required"),
            _ => AtMost::<T, MOST>::from_json(json, at, faults).map(|values| Self(values.0)),
        }
    }

    fn json_schema() -> AnySchema {
        schema::list_of_some(T::json_schema(), MOST)
    }

    fn json_schemas(schemas: &mut Schemas) {
        T::json_schemas(schemas);
    }
}
