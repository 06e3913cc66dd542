//! The failing answers that operations share, one named response per status.

use serde_json::Value;
use utoipa::openapi::header::Header;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{Content, Ref, RefOr, Response};
use uuid::Uuid;

use crate::language::Language;
use crate::problem::{MEDIA_TYPE, Problem};
use crate::schema;

/// One failing answer: its name in the document, a problem that shows it, and the header it carries.
struct Shared {
    name: &'static str,
    problem: fn() -> Problem,
    header: Option<&'static str>,
}

fn shared(status: u16) -> Option<Shared> {
    let plain = |name, problem| Some(Shared { name, problem, header: None });
    let with = |name, problem, header| Some(Shared { name, problem, header: Some(header) });
    match status {
        400 => plain("Malformed", || Problem::malformed("malformed_request")),
        401 => with("Unauthenticated", || Problem::unauthenticated("Bearer"), "WWW-Authenticate"),
        403 => plain("Forbidden", Problem::forbidden),
        404 => plain("NotFound", Problem::not_found),
        405 => with("MethodNotAllowed", || Problem::method_not_allowed("GET"), "Allow"),
        406 => plain("NotAcceptable", Problem::not_acceptable),
        408 => plain("SlowBody", Problem::slow_body),
        409 => plain("Conflict", Problem::conflict_sample),
        412 => plain("Stale", Problem::stale),
        413 => plain("TooLarge", Problem::too_large),
        414 => plain("AddressTooLong", Problem::long_address),
        415 => plain("UnsupportedMediaType", Problem::unsupported_media_type),
        422 => plain("Invalid", || Problem::invalid_at("/name", "required")),
        428 => plain("ConditionRequired", Problem::condition_required),
        429 => with("RateLimited", || Problem::rate_limited(12), "Retry-After"),
        431 => plain("HeadersTooLarge", Problem::long_headers),
        500 => plain("Internal", Problem::internal),
        503 => with("Unavailable", Problem::unavailable, "Retry-After"),
        _ => None,
    }
}

/// A reference to the failing answer of this status.
pub(super) fn reference(status: u16) -> Option<Ref> {
    shared(status).map(|shared| Ref::from_response_name(shared.name))
}

/// The failing answer of this status with its name.
pub(super) fn named(status: u16) -> Option<(String, RefOr<Response>)> {
    let Shared { name, problem, header } = shared(status)?;
    let document = problem().document(Language::English, SAMPLE_REQUEST, "https://salus.example");
    let mut content = Content::new(Some(schema::reference("Problem")));
    content.example = serde_json::to_value(&document).ok();
    let title = content.example.as_ref().and_then(|example| example.get("title")).and_then(Value::as_str);
    let mut response = Response::new(format!("{}.", title.unwrap_or(name)));
    response.content.insert(MEDIA_TYPE.to_owned(), RefOr::T(content));
    if let Some(header) = header {
        response.headers.insert(header.to_owned(), RefOr::T(Header::new(schema::plain(Type::String))));
    }
    Some((name.to_owned(), RefOr::T(response)))
}

/// The request id of examples.
const SAMPLE_REQUEST: Uuid = Uuid::from_u128(0x0190_a5da_c967_74bb_cceb_3020_99a8_0570);
