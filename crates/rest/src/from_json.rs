//! Reading a body field by field: every fault is found, each with its pointer.

use kernel::{Currency, Money};

use crate::fault::{Faults, Place};
use crate::from_text::FromText;
use crate::json::Json;
use crate::schema::{self, AnySchema, ObjectSketch, Schemas};

/// A value that JSON spells. Derive it for the objects of a request; implement [`FromText`] for texts.
pub trait FromJson: Sized {
    /// The value, or `None` after noting every fault.
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self>;

    /// What an absent member means; `None` when it is required.
    fn absent() -> Option<Self> {
        None
    }

    /// The schema of such values.
    fn json_schema() -> AnySchema;

    /// The named schemas that [`FromJson::json_schema`] refers to.
    fn json_schemas(_: &mut Schemas) {}
}

/// The body of an operation: an object with an example.
pub trait Ask: FromJson {
    /// A body that is accepted, for the OpenAPI document.
    fn sample() -> serde_json::Value;
}

pub use kernel::Patch;

/// The members of one object, taken one by one.
pub struct Members<'a> {
    at: &'a Place<'a>,
    left: Vec<(String, Json)>,
}

impl<'a> Members<'a> {
    /// The members, or `None` after noting that this is no object.
    pub fn of(json: Json, at: &'a Place<'a>, faults: &mut Faults) -> Option<Self> {
        match json {
            Json::Object(left) => Some(Self { at, left }),
            other => mistaken(&other, at, faults),
        }
    }

    /// Reads the member of this name.
    pub fn take<T: FromJson>(&mut self, name: &str, faults: &mut Faults) -> Option<T> {
        let at = Place::Member(self.at, name);
        match self.remove(name) {
            Some(json) => T::from_json(json, &at, faults),
            None => T::absent().or_else(|| faults.refuse(&at, "required")),
        }
    }

    /// Reads the member of this name; the type's default stands for an absent one.
    pub fn take_or_default<T: FromJson + Default>(&mut self, name: &str, faults: &mut Faults) -> Option<T> {
        match self.remove(name) {
            Some(json) => T::from_json(json, &Place::Member(self.at, name), faults),
            None => Some(T::default()),
        }
    }

    /// Notes every member that nobody took.
    pub fn finish(self, faults: &mut Faults) {
        for (name, _) in &self.left {
            let _: Option<()> = faults.refuse(&Place::Member(self.at, name), "unknown_field");
        }
    }

    fn remove(&mut self, name: &str) -> Option<Json> {
        let index = self.left.iter().position(|(found, _)| found == name)?;
        Some(self.left.swap_remove(index).1)
    }
}

/// Notes that this is another type than the wanted one.
fn mistaken<T>(json: &Json, at: &Place<'_>, faults: &mut Faults) -> Option<T> {
    faults.refuse(at, if *json == Json::Null { "not_nullable" } else { "wrong_type" })
}

impl<T: FromText> FromJson for T {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        match json {
            Json::Text(text) => match T::from_text(&text) {
                Ok(value) => Some(value),
                Err(code) => faults.refuse(at, code),
            },
            other => mistaken(&other, at, faults),
        }
    }

    fn json_schema() -> AnySchema {
        T::text_schema()
    }

    fn json_schemas(schemas: &mut Schemas) {
        T::text_schemas(schemas);
    }
}

impl FromJson for bool {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        match json {
            Json::Bool(value) => Some(value),
            other => mistaken(&other, at, faults),
        }
    }

    fn json_schema() -> AnySchema {
        schema::plain(utoipa::openapi::schema::Type::Boolean).into()
    }
}

macro_rules! whole_numbers {
    ($($kind:ty)*) => {$(
        impl FromJson for $kind {
            fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
                match json.whole_number().map(Self::try_from) {
                    Some(Ok(value)) => Some(value),
                    Some(Err(_)) => faults.refuse(at, "out_of_range"),
                    None => mistaken(&json, at, faults),
                }
            }

            fn json_schema() -> AnySchema {
                schema::whole(i64::try_from(Self::MIN).unwrap_or(i64::MIN), i64::try_from(Self::MAX).unwrap_or(i64::MAX))
            }
        }
    )*};
}

whole_numbers! { i64 i32 i16 u32 u16 u8 }

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        match json {
            Json::Null => Some(None),
            json => T::from_json(json, at, faults).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn json_schema() -> AnySchema {
        schema::nullable(T::json_schema())
    }

    fn json_schemas(schemas: &mut Schemas) {
        T::json_schemas(schemas);
    }
}

impl<T: FromJson> FromJson for Patch<T> {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        match json {
            Json::Null => Some(Self::Clear),
            json => T::from_json(json, at, faults).map(Self::Set),
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::Keep)
    }

    fn json_schema() -> AnySchema {
        schema::nullable(T::json_schema())
    }

    fn json_schemas(schemas: &mut Schemas) {
        T::json_schemas(schemas);
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        let elements = match json {
            Json::List(elements) => elements,
            other => return mistaken(&other, at, faults),
        };
        let wanted = elements.len();
        let read = |(index, element)| T::from_json(element, &Place::Index(at, index), faults);
        let values: Self = elements.into_iter().enumerate().filter_map(read).collect();
        (values.len() == wanted).then_some(values)
    }

    fn json_schema() -> AnySchema {
        schema::list(T::json_schema())
    }

    fn json_schemas(schemas: &mut Schemas) {
        T::json_schemas(schemas);
    }
}

impl FromJson for Money {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        let mut members = Members::of(json, at, faults)?;
        let amount = members.take::<i64>("amount", faults);
        let currency = members.take::<Currency>("currency", faults);
        members.finish(faults);
        Some(Self::new(amount?, currency?))
    }

    fn json_schema() -> AnySchema {
        schema::reference("Money")
    }

    fn json_schemas(schemas: &mut Schemas) {
        schemas.add("Money", || {
            ObjectSketch::new("An amount in minor units of a currency.")
                .property::<i64>("amount", "Whole minor units, such as cents.")
                .property::<Currency>("currency", "ISO 4217.")
                .done()
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn money(value: Value) -> Result<Money, Vec<(String, &'static str)>> {
        let mut faults = Faults::new();
        let read = Money::from_json(Json::of(value), &Place::Root, &mut faults);
        read.ok_or_else(|| faults.into_vec().into_iter().map(|fault| (fault.pointer, fault.code)).collect())
    }

    #[test]
    fn c6_money_is_whole_minor_units_and_a_currency() {
        assert_eq!(money(json!({ "amount": 12_990, "currency": "BRL" })), Ok(Money::new(12_990, Currency::BRL)));
        let faults = money(json!({ "amount": 129.9, "currency": "R$", "cents": 0 })).unwrap_err();
        let places: Vec<&str> = faults.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(places, ["/amount", "/currency", "/cents"]);
    }
}
