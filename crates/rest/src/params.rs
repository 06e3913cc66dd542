//! Query strings: every parameter is known, and every fault is found.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use kernel::page::{DEFAULT_LIMIT, MAX_LIMIT};
use kernel::{Cursor, PageAsk, Start, Total};
use serde::de::DeserializeOwned;

use crate::cursors::Cursors;
use crate::fault::Faults;
use crate::from_text::FromText;
use crate::openapi::Sketch;
use crate::problem::Problem;
use crate::schema::{self, AnySchema, Schemas};

/// The parameters of a query string. Derive it.
pub trait FromQuery: Sized {
    /// The parameters, or `None` after noting every fault.
    fn from_query(query: &mut Query, faults: &mut Faults) -> Option<Self>;
    /// Describes them.
    fn parameters(sketch: &mut Sketch);
}

/// No parameters at all.
impl FromQuery for () {
    fn from_query(_: &mut Query, _: &mut Faults) -> Option<Self> {
        Some(())
    }

    fn parameters(_: &mut Sketch) {}
}

/// A value that one parameter spells.
pub trait FromParam: Sized {
    /// The value of the texts that were given under one name, at least one.
    fn from_param(texts: &[String]) -> Result<Self, &'static str>;
    /// What an absent parameter means; `None` when it is required.
    fn absent() -> Option<Self> {
        None
    }
    /// The schema of the value.
    fn param_schema() -> AnySchema;
    /// The named schemas that it refers to.
    fn param_schemas(_: &mut Schemas) {}
}

/// The parameters of a request, taken one by one.
#[derive(Debug)]
pub struct Query {
    pairs: Vec<(String, String)>,
    cursors: Option<Cursors>,
}

impl Query {
    /// The parameters of a query string; what is not form-encoded UTF-8 is malformed.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if !is_encoded_utf8(text) {
            return Err(Problem::malformed("malformed_query"));
        }
        let pairs = web::Query::<Vec<(String, String)>>::from_query(text);
        pairs
            .map(|pairs| Self { pairs: pairs.into_inner(), cursors: None })
            .map_err(|error| Problem::malformed("malformed_query").because(&error))
    }

    /// Reads the parameter of this name.
    pub fn take<T: FromParam>(&mut self, name: &str, faults: &mut Faults) -> Option<T> {
        let texts = self.remove(name);
        if texts.is_empty() {
            return T::absent().or_else(|| faults.add(name, "required"));
        }
        T::from_param(&texts).map_or_else(|code| faults.add(name, code), Some)
    }

    /// Reads the parameter of this name; the type's default stands for an absent one.
    pub fn take_or_default<T: FromParam + Default>(&mut self, name: &str, faults: &mut Faults) -> Option<T> {
        if self.pairs.iter().any(|(found, _)| found == name) { self.take(name, faults) } else { Some(T::default()) }
    }

    /// Notes every parameter that nobody took.
    pub fn finish(self, faults: &mut Faults) {
        for (name, _) in self.pairs {
            let _: Option<()> = faults.add(name, "unknown_parameter");
        }
    }

    /// The cursor behind a text, which this list must have handed out.
    fn opened(&self, text: &str, faults: &mut Faults) -> Option<Cursor> {
        let opened = self.cursors.as_ref().and_then(|cursors| cursors.open(text).ok());
        opened.or_else(|| faults.add("cursor", "invalid_cursor"))
    }

    fn remove(&mut self, name: &str) -> Vec<String> {
        self.pairs.extract_if(.., |(found, _)| found == name).map(|(_, text)| text).collect()
    }
}

/// True when each `%` begins an octet and all octets are UTF-8: the parser of forms would guess instead.
fn is_encoded_utf8(text: &str) -> bool {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            octets.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return false };
        octets.extend(u8::try_from(high * 16 + low));
    }
    std::str::from_utf8(&octets).is_ok()
}

/// The parameters of a request's query string; unknown ones and bad values are 422, all at once.
#[derive(Debug, Clone)]
pub struct Params<T>(pub T);

impl<T: FromQuery> Params<T> {
    /// Reads a query string in which no cursor can stand.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        Self::read(Query::parse(text)?)
    }

    fn read(mut query: Query) -> Result<Self, Problem> {
        let mut faults = Faults::new();
        let value = T::from_query(&mut query, &mut faults);
        query.finish(&mut faults);
        match value {
            Some(value) if faults.is_empty() => Ok(Self(value)),
            _ => Err(Problem::invalid(faults.into_vec())),
        }
    }
}

impl<T: FromQuery> FromRequest for Params<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = Query::parse(request.query_string());
        ready(query.and_then(|query| Self::read(Query { cursors: Cursors::of(request), ..query })))
    }
}

fn single(texts: &[String]) -> Result<&str, &'static str> {
    match texts {
        [text] => Ok(text),
        _ => Err("repeated_parameter"),
    }
}

impl<T: FromText> FromParam for T {
    fn from_param(texts: &[String]) -> Result<Self, &'static str> {
        T::from_text(single(texts)?)
    }

    fn param_schema() -> AnySchema {
        T::text_schema()
    }

    fn param_schemas(schemas: &mut Schemas) {
        T::text_schemas(schemas);
    }
}

macro_rules! plain_parameters {
    ($($kind:ty)*) => {$(
        impl FromParam for $kind {
            fn from_param(texts: &[String]) -> Result<Self, &'static str> {
                single(texts)?.parse().or(Err("wrong_type"))
            }

            fn param_schema() -> AnySchema {
                <Self as crate::from_json::FromJson>::json_schema()
            }
        }
    )*};
}

plain_parameters! { bool i64 i32 i16 u32 u16 u8 }

impl<T: FromParam> FromParam for Option<T> {
    fn from_param(texts: &[String]) -> Result<Self, &'static str> {
        T::from_param(texts).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn param_schema() -> AnySchema {
        T::param_schema()
    }

    fn param_schemas(schemas: &mut Schemas) {
        T::param_schemas(schemas);
    }
}

impl<T: FromText> FromParam for Vec<T> {
    /// `a,b` as well as the parameter repeated.
    fn from_param(texts: &[String]) -> Result<Self, &'static str> {
        texts.iter().flat_map(|text| text.split(',')).map(T::from_text).collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn param_schema() -> AnySchema {
        schema::list(T::text_schema())
    }

    fn param_schemas(schemas: &mut Schemas) {
        T::text_schemas(schemas);
    }
}

/// Which page of a list is wanted (C4); flatten it into the parameters of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageParams {
    limit: u16,
    cursor: Option<Cursor>,
    page: Option<u32>,
    total: Total,
}

impl PageParams {
    /// The page, whose cursor must hold a key of this list; 422 when it does not.
    pub fn ask<K: DeserializeOwned>(&self) -> Result<PageAsk<K>, Problem> {
        let start = match (&self.cursor, self.page) {
            (Some(cursor), _) => match cursor.key() {
                Ok(key) => Start::After(key),
                Err(_) => return Err(Problem::invalid_at("cursor", "invalid_cursor")),
            },
            (None, Some(page)) if page > 1 => Start::Offset(u64::from(page - 1) * u64::from(self.limit)),
            (None, _) => Start::First,
        };
        Ok(PageAsk { limit: self.limit, start, total: self.total })
    }
}

impl FromQuery for PageParams {
    fn from_query(query: &mut Query, faults: &mut Faults) -> Option<Self> {
        let limit = query.take::<Option<u16>>("limit", faults);
        let cursor = query.take::<Option<String>>("cursor", faults);
        let page = query.take::<Option<u32>>("page", faults);
        let include = query.take::<Vec<String>>("include", faults);
        if limit.flatten().is_some_and(|limit| !(1..=MAX_LIMIT).contains(&limit)) {
            return faults.add("limit", "out_of_range");
        }
        if page.flatten() == Some(0) {
            return faults.add("page", "out_of_range");
        }
        if let (Some(Some(_)), Some(Some(_))) = (&cursor, page) {
            return faults.add("page", "page_and_cursor");
        }
        let cursor = match cursor? {
            Some(text) => Some(query.opened(&text, faults)?),
            None => None,
        };
        let include = include?;
        if include.iter().any(|word| word != "total") {
            return faults.add("include", "unknown_value");
        }
        let total = if include.is_empty() { Total::Skip } else { Total::Count };
        Some(Self { limit: limit?.unwrap_or(DEFAULT_LIMIT), cursor, page: page?, total })
    }

    fn parameters(sketch: &mut Sketch) {
        sketch.query_as("limit", "Items on the page.", schema::whole(1, i64::from(MAX_LIMIT)));
        sketch.query_as("cursor", "`next_cursor` of the page before.", schema::text(1, 1_000));
        sketch.query_as("page", "The page's number, instead of a cursor.", schema::whole(1, i64::from(u32::MAX)));
        let words = schema::list(schema::choice("", &["total"]));
        sketch.query_as("include", "`total` also counts all items.", words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c8_a_query_that_is_not_encoded_utf8_is_malformed() {
        for text in ["a=%zz", "a=%", "a=%4", "a=%ff%fe", "a=%c3&b=%a9", "a=%+1"] {
            assert_eq!(Query::parse(text).unwrap_err().code(), "malformed_query", "{text}");
        }
        for text in ["", "a", "a=b+c", "a=%C3%A9", "a=é", "%61=%25"] {
            assert!(Query::parse(text).is_ok(), "{text}");
        }
    }
}
