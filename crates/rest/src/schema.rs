//! Pieces of JSON Schema that readers describe themselves with.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{Array, KnownFormat, Object, Ref, RefOr, Schema, SchemaFormat};

use crate::from_json::FromJson;

/// A schema or the reference to a named one.
pub type AnySchema = RefOr<Schema>;

/// The named schemas of a document.
#[derive(Default)]
pub struct Schemas {
    named: BTreeMap<String, AnySchema>,
    clashes: Vec<String>,
}

impl Schemas {
    /// Adds a named schema; a different one of the same name is a clash.
    pub fn add(&mut self, name: &str, make: impl FnOnce() -> AnySchema) {
        let schema = make();
        match self.named.get(name) {
            Some(known) if *known != schema => self.clashes.push(name.to_owned()),
            Some(_) => {}
            None => {
                self.named.insert(name.to_owned(), schema);
            }
        }
    }

    /// Adds the schema of an answer and all that it refers to.
    pub fn add_answer<T: ToSchema>(&mut self) {
        let mut found = Vec::new();
        T::schemas(&mut found);
        for (name, schema) in found {
            self.add(&name, || complete(schema));
        }
        self.add(&T::name(), || complete(T::schema()));
    }

    /// Adds all of another set.
    pub fn absorb(&mut self, other: Self) {
        self.clashes.extend(other.clashes);
        for (name, schema) in other.named {
            self.add(&name, || schema);
        }
    }

    /// Names that two different schemas share; must be empty.
    pub fn clashes(&self) -> &[String] {
        &self.clashes
    }

    /// The schemas by name.
    pub fn into_named(self) -> BTreeMap<String, AnySchema> {
        self.named
    }
}

/// C3: the members of an answer are always there.
fn complete(schema: AnySchema) -> AnySchema {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.required = object.properties.keys().cloned().collect();
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

/// A reference to the named schema.
pub fn reference(name: &str) -> AnySchema {
    Ref::from_schema_name(name).into()
}

/// A schema that is a plain type.
pub fn plain(kind: Type) -> Object {
    Object::with_type(kind)
}

/// A text of `min` to `max` characters.
pub fn text(min: usize, max: usize) -> AnySchema {
    let mut schema = plain(Type::String);
    schema.min_length = Some(min);
    schema.max_length = Some(max);
    schema.into()
}

/// A text that fits an ECMA 262 pattern.
pub fn pattern(pattern: &str) -> AnySchema {
    let mut schema = plain(Type::String);
    schema.pattern = Some(pattern.to_owned());
    schema.into()
}

/// A text of a named format, such as `uuid` or `email`.
pub fn format(format: KnownFormat) -> AnySchema {
    let mut schema = plain(Type::String);
    schema.format = Some(SchemaFormat::KnownFormat(format));
    schema.into()
}

/// One of some words.
pub fn choice(description: &str, words: &[&str]) -> AnySchema {
    let mut schema = plain(Type::String);
    schema.enum_values = Some(words.iter().map(|word| Value::from(*word)).collect());
    schema.description = described(description);
    schema.into()
}

/// What fits one of these schemas.
pub fn either(schemas: impl IntoIterator<Item = AnySchema>) -> AnySchema {
    schemas.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item).into()
}

/// A whole number within bounds, both included.
pub fn whole(min: i64, max: i64) -> AnySchema {
    let mut schema = plain(Type::Integer);
    schema.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int64));
    schema.minimum = Some(utoipa::Number::from(min));
    schema.maximum = Some(utoipa::Number::from(max));
    schema.into()
}

/// The same schema, and `null`.
pub fn nullable(schema: AnySchema) -> AnySchema {
    match schema {
        RefOr::T(Schema::Object(mut object)) if object.enum_values.is_none() => {
            if let SchemaType::Type(kind) = object.schema_type {
                object.schema_type = SchemaType::from_iter([kind, Type::Null]);
            }
            RefOr::T(Schema::Object(object))
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.schema_type = SchemaType::from_iter([Type::Array, Type::Null]);
            RefOr::T(Schema::Array(array))
        }
        other => OneOfBuilder::new().item(plain(Type::Null)).item(other).into(),
    }
}

/// An object of texts by name, each with its description, none of which is required.
pub fn texts(fields: &[(&str, &str)]) -> AnySchema {
    let mut object = plain(Type::Object);
    for (name, description) in fields {
        object.properties.insert((*name).to_owned(), describe(text(1, 4_000), description));
    }
    RefOr::T(Schema::Object(object))
}

/// An object with a file and texts, of which these are required.
pub fn file_and_texts(file: &str, fields: &[(&str, &str)], required: &[&str]) -> AnySchema {
    let mut object = plain(Type::Object);
    let mut bytes = plain(Type::String);
    bytes.format = Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::Binary));
    object
        .properties
        .insert(file.to_owned(), describe(RefOr::T(Schema::Object(bytes)), "The file, of at most 25 MiB."));
    for (name, description) in fields {
        object.properties.insert((*name).to_owned(), describe(text(1, 65_536), description));
    }
    object.required = std::iter::once(file).chain(required.iter().copied()).map(str::to_owned).collect();
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    RefOr::T(Schema::Object(object))
}

/// A list of such values.
pub fn list(items: AnySchema) -> AnySchema {
    Array::new(items).into()
}

/// A list of at most so many values.
pub fn list_up_to(items: AnySchema, most: usize) -> AnySchema {
    let mut list = Array::new(items);
    list.max_items = Some(most);
    list.into()
}

/// A list of 1 to `most` values.
pub fn list_of_some(items: AnySchema, most: usize) -> AnySchema {
    let mut list = Array::new(items);
    (list.min_items, list.max_items) = (Some(1), Some(most));
    list.into()
}

/// The same schema with a description, where it has a place for one.
pub fn describe(schema: AnySchema, description: &str) -> AnySchema {
    let Some(text) = described(description) else { return schema };
    match schema {
        RefOr::Ref(mut found) => {
            found.description = text;
            RefOr::Ref(found)
        }
        RefOr::T(Schema::Object(mut object)) => {
            object.description = Some(text);
            RefOr::T(Schema::Object(object))
        }
        RefOr::T(Schema::Array(mut array)) => {
            array.description = Some(text);
            RefOr::T(Schema::Array(array))
        }
        RefOr::T(Schema::OneOf(mut choice)) => {
            choice.description = Some(text);
            RefOr::T(Schema::OneOf(choice))
        }
        other @ RefOr::T(_) => other,
    }
}

fn described(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The schema of an object in the making; further members are refused, as C3 says.
pub struct ObjectSketch(Object);

impl ObjectSketch {
    /// An object without members yet.
    pub fn new(description: &str) -> Self {
        let mut object = plain(Type::Object);
        object.description = described(description);
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        Self(object)
    }

    /// Adds a member, required unless its type says what an absent one means.
    #[must_use]
    pub fn property<T: FromJson>(mut self, name: &str, description: &str) -> Self {
        if T::absent().is_none() {
            self.0.required.push(name.to_owned());
        }
        self.optional::<T>(name, description)
    }

    /// Adds a member that may be absent.
    #[must_use]
    pub fn optional<T: FromJson>(mut self, name: &str, description: &str) -> Self {
        self.0.properties.insert(name.to_owned(), describe(T::json_schema(), description));
        self
    }

    /// The schema.
    pub fn done(self) -> AnySchema {
        self.0.into()
    }
}
