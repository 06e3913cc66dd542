//! `ETag`, `If-Match` and `If-None-Match` (C9): the tag is the version in quotes.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest};
use kernel::Kind;

use crate::openapi::{Described, Sketch};
use crate::problem::Problem;
use crate::schema::{self, AnySchema};

/// The strong entity tag of a version.
pub fn entity_tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The version that a caller has seen, from a required `If-Match`: absent 428, malformed 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(Expected);

/// The version that a caller has seen, from an `If-Match` that may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaybeIfMatch(Option<Expected>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Any,
    Version(i64),
    /// A tag that is none of ours, or a weak one: it matches nothing.
    Nothing,
}

/// Versions are counted from 1, so this one is never current.
const NEVER: i64 = 0;

impl Expected {
    fn version(self) -> Option<i64> {
        match self {
            Self::Any => None,
            Self::Version(version) => Some(version),
            Self::Nothing => Some(NEVER),
        }
    }
}

impl IfMatch {
    /// The version that must be current; `None` for `*`, which any version satisfies.
    pub fn version(self) -> Option<i64> {
        self.0.version()
    }
}

impl MaybeIfMatch {
    /// The version that must be current; `None` when nothing was asked, or `*`.
    pub fn version(self) -> Option<i64> {
        self.0.and_then(Expected::version)
    }
}

/// The opaque parts of a list of entity tags; `None` when it cannot be read. Weak tags are `None` inside.
fn tags(text: &str) -> Option<Vec<Option<&str>>> {
    text.split(',')
        .map(|tag| {
            let tag = tag.trim();
            let (weak, quoted) = tag.strip_prefix("W/").map_or((false, tag), |rest| (true, rest));
            let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
            let sound = opaque.chars().all(|letter| letter != '"' && !letter.is_control() && letter != ' ');
            sound.then_some((!weak).then_some(opaque))
        })
        .collect()
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|error| malformed().because(&error)),
        (Some(_), Some(_)) => Err(malformed()),
    }
}

fn malformed() -> Problem {
    Problem::malformed("malformed_condition")
}

fn expected(headers: &HeaderMap) -> Result<Option<Expected>, Problem> {
    let Some(text) = only(headers, &IF_MATCH)? else { return Ok(None) };
    if text.trim() == "*" {
        return Ok(Some(Expected::Any));
    }
    match tags(text).as_deref() {
        Some([tag]) => {
            let version = tag.and_then(version_of);
            Ok(Some(version.map_or(Expected::Nothing, Expected::Version)))
        }
        _ => Err(malformed()),
    }
}

/// The version that is written exactly so: tags are compared octet by octet, and `"03"` is not `"3"`.
fn version_of(tag: &str) -> Option<i64> {
    tag.parse().ok().filter(|version: &i64| *version > NEVER && version.to_string() == tag)
}

/// True when `If-None-Match` names this version; a header that cannot be read names nothing.
pub fn is_known(headers: &HeaderMap, version: i64) -> bool {
    let Ok(Some(text)) = only(headers, &IF_NONE_MATCH) else { return false };
    let current = version.to_string();
    text.trim() == "*"
        || text.split(',').any(|tag| {
            let tag = tag.trim();
            tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"') == current
        })
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = expected(request.headers());
        ready(found.and_then(|found| found.map(Self).ok_or_else(Problem::condition_required)))
    }
}

impl FromRequest for MaybeIfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(expected(request.headers()).map(Self))
    }
}

/// One entity tag or `*`; a comma inside a tag is not read, and no tag of ours has one. Two schemas and not one pattern: a tool
/// that spares signs in headers when it makes examples of a pattern finds the `*` all the same.
fn tag_schema() -> AnySchema {
    schema::either([schema::choice("", &["*"]), schema::pattern(r#"^"[0-9]{1,18}"$"#)])
}

impl Described for IfMatch {
    fn describe(sketch: &mut Sketch) {
        sketch.required_header("If-Match", "The ETag that was read, or `*`.", tag_schema());
        sketch.refuses(Kind::Malformed);
        sketch.refuses(Kind::Stale);
        sketch.refuses(Kind::ConditionRequired);
    }
}

impl Described for MaybeIfMatch {
    fn describe(sketch: &mut Sketch) {
        sketch.header("If-Match", "The ETag that was read; 412 when it is no longer current.", tag_schema());
        sketch.refuses(Kind::Malformed);
        sketch.refuses(Kind::Stale);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn asked(text: &str) -> Result<Option<Expected>, &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, HeaderValue::from_str(text).unwrap());
        expected(&headers).map_err(|problem| problem.code())
    }

    #[test]
    fn c9_a_tag_is_a_version() {
        assert_eq!(asked("\"3\""), Ok(Some(Expected::Version(3))));
        assert_eq!(asked(" * "), Ok(Some(Expected::Any)));
        assert_eq!(asked("W/\"3\""), Ok(Some(Expected::Nothing)));
        for other in ["\"abc\"", "\"03\"", "\"+3\"", "\"0\""] {
            assert_eq!(asked(other), Ok(Some(Expected::Nothing)), "{other}");
        }
        assert_eq!(expected(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn c9_what_is_no_tag_is_malformed() {
        for text in ["3", "\"3", "", "\"3\", \"4\"", "\"a\"b\"", "w/\"3\""] {
            assert_eq!(asked(text), Err("malformed_condition"), "{text}");
        }
    }

    #[test]
    fn c9_if_none_match_compares_weakly() {
        let known = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(text).unwrap());
            is_known(&headers, 3)
        };
        assert!(known("\"3\"") && known("W/\"3\"") && known("\"1\", \"3\"") && known("*"));
        assert!(!known("\"4\"") && !known("\"33\""));
        assert!(!is_known(&HeaderMap::new(), 3));
    }
}
