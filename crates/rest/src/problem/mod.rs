//! Failing answers (RFC 9457, C7, C8).

mod document;
mod status;

use std::error::Error;
use std::fmt;

use actix_web::http::header::{ALLOW, CONTENT_LANGUAGE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpResponse, ResponseError};
use kernel::{Fault, Kind, Refusal, StoredReply};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::answer;
use crate::catalogue;
use crate::language::Language;

pub use document::{ProblemDocument, ProblemFault};
use status::Class;
pub use status::status_of;
pub(crate) use status::{BODY_REFUSALS, HEAD_REFUSALS, NOT_ACCEPTABLE};

/// The media type of every failing answer.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which an unavailable answer is worth asking again.
const RETRY_SOON: u32 = 1;

/// A failing answer in the making; its words are chosen when the caller's language is known.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    class: Class,
    code: &'static str,
    faults: Vec<Fault>,
    details: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    replay: Option<StoredReply>,
    cause: Option<String>,
}

impl Problem {
    fn new(class: Class, code: &'static str) -> Self {
        let inner = Inner {
            class,
            code,
            faults: Vec::new(),
            details: Map::new(),
            headers: Vec::new(),
            replay: None,
            cause: None,
        };
        Self(Box::new(inner))
    }

    /// 400: the request cannot be read.
    pub fn malformed(code: &'static str) -> Self {
        Self::new(Class::Kind(Kind::Malformed), code)
    }

    /// 422: these places are bad.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self::new(Class::Kind(Kind::Invalid), "invalid").with_faults(faults)
    }

    /// 422: this place is bad.
    pub fn invalid_at(pointer: &str, code: &'static str) -> Self {
        Self::invalid(vec![Fault::at(pointer, code)])
    }

    /// 401 with the challenge of RFC 6750.
    pub fn unauthenticated(challenge: &'static str) -> Self {
        Self::new(Class::Kind(Kind::Unauthenticated), "unauthenticated")
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 403: known, but not allowed.
    pub fn forbidden() -> Self {
        Self::new(Class::Kind(Kind::Forbidden), "forbidden")
    }

    /// 403: only for people who are signed in; an API key has no account and no session of its own.
    pub fn session_only() -> Self {
        Self::new(Class::Kind(Kind::Forbidden), "session_only")
    }

    /// 404: not there, or not the caller's to know of.
    pub fn not_found() -> Self {
        Self::new(Class::Kind(Kind::NotFound), "not_found")
    }

    /// 405 with the methods that are allowed, as `GET, POST`.
    pub fn method_not_allowed(allowed: &str) -> Self {
        let problem = Self::new(Class::MethodNotAllowed, "method_not_allowed");
        match HeaderValue::from_str(allowed) {
            Ok(allowed) => problem.with_header(ALLOW, allowed),
            Err(error) => problem.because(&error),
        }
    }

    /// 406: the caller accepts nothing that we have.
    pub fn not_acceptable() -> Self {
        Self::new(Class::NotAcceptable, "not_acceptable")
    }

    /// 408: the body did not come in time.
    pub fn slow_body() -> Self {
        Self::new(Class::SlowBody, "slow_body")
    }

    /// 409 as the OpenAPI document shows it.
    pub(crate) fn conflict_sample() -> Self {
        Self::new(Class::Kind(Kind::Conflict), "request_in_progress")
    }

    /// 412: the caller has seen an older version.
    pub fn stale() -> Self {
        Self::new(Class::Kind(Kind::Stale), "stale")
    }

    /// 413: the body is too large.
    pub fn too_large() -> Self {
        Self::new(Class::TooLarge, "too_large")
    }

    /// 414: the address is too long.
    pub fn long_address() -> Self {
        Self::new(Class::LongAddress, "address_too_long")
    }

    /// 431: the headers are too large.
    pub fn long_headers() -> Self {
        Self::new(Class::LongHeaders, "headers_too_large")
    }

    /// 415: the body is of another type than JSON.
    pub fn unsupported_media_type() -> Self {
        Self::new(Class::MediaType, "unsupported_media_type")
    }

    /// 428: `If-Match` is needed.
    pub fn condition_required() -> Self {
        Self::new(Class::Kind(Kind::ConditionRequired), "precondition_required")
    }

    /// 428: `Idempotency-Key` is needed.
    pub fn key_required() -> Self {
        Self::new(Class::Kind(Kind::ConditionRequired), "idempotency_key_required")
    }

    /// 429 with the seconds to wait.
    pub fn rate_limited(wait: u64) -> Self {
        Self::new(Class::Kind(Kind::RateLimited), "rate_limited").with_header(RETRY_AFTER, HeaderValue::from(wait))
    }

    /// 503: given up after the deadline.
    pub fn deadline() -> Self {
        Self::new(Class::Kind(Kind::Unavailable), "deadline").retryable()
    }

    /// 503: something that we need is away.
    pub fn unavailable() -> Self {
        Self::new(Class::Kind(Kind::Unavailable), "unavailable").retryable()
    }

    /// 500: our fault.
    pub fn internal() -> Self {
        Self::new(Class::Kind(Kind::Internal), "internal")
    }

    /// The problem of a failing status that a library answered.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::NOT_ACCEPTABLE => Self::not_acceptable(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::unsupported_media_type(),
            StatusCode::REQUEST_TIMEOUT => Self::slow_body(),
            StatusCode::URI_TOO_LONG => Self::long_address(),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::long_headers(),
            status if status.is_client_error() => Self::malformed("malformed_request"),
            _ => Self::internal(),
        }
    }

    /// With the bad places of the request.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults = faults;
        self
    }

    /// With the error that led to it, for the log alone.
    #[must_use]
    pub fn because(mut self, cause: &dyn Error) -> Self {
        self.0.cause = Some(chain(cause));
        self
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.class.status()
    }

    /// What led to it, for the log.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// True when this is the stored answer to a repeated request, which is no failure.
    pub(crate) fn is_replay(&self) -> bool {
        self.0.replay.is_some()
    }

    fn retryable(self) -> Self {
        self.with_header(RETRY_AFTER, HeaderValue::from(RETRY_SOON))
    }

    /// The document for one caller.
    pub fn document(&self, language: Language, request_id: Uuid, base: &str) -> ProblemDocument {
        let meaning = catalogue::find(self.0.code);
        let told =
            |words: Option<catalogue::Words>| words.map_or(self.0.code, |words| words.told_in(language)).to_owned();
        ProblemDocument {
            kind: format!("{base}/problems/{}", self.0.code),
            title: told(meaning.map(|meaning| meaning.title)),
            status: self.status().as_u16(),
            detail: told(meaning.map(|meaning| meaning.advice)),
            instance: format!("urn:uuid:{request_id}"),
            code: self.0.code.to_owned(),
            request_id,
            errors: self.0.faults.iter().map(|fault| ProblemFault::of(fault, language)).collect(),
            details: self.0.details.clone(),
        }
    }

    /// The whole answer for one caller.
    pub(crate) fn response(&self, language: Language, request_id: Uuid, base: &str) -> HttpResponse {
        let mut response = self.error_response();
        if self.is_replay() {
            return response;
        }
        let document = self.document(language, request_id, base);
        let headers = response.headers_mut();
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(actix_web::http::header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response.set_body(answer::json(&document)).map_into_boxed_body()
    }
}

/// What is answered before a body was read to its end.
const BODY_UNREAD: [StatusCode; 2] = [StatusCode::PAYLOAD_TOO_LARGE, StatusCode::REQUEST_TIMEOUT];

/// The message of an error and of what led to it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl Error for Problem {}

impl<E: Refusal> From<E> for Problem {
    fn from(refusal: E) -> Self {
        let kind = refusal.kind();
        let mut problem = Self::new(Class::Kind(kind), refusal.code());
        problem.0.faults = refusal.faults();
        problem.0.details = refusal.details();
        problem.0.replay = refusal.replay().cloned();
        match kind {
            Kind::Internal => problem.because(&refusal),
            Kind::Unavailable => problem.because(&refusal).retryable(),
            Kind::Unauthenticated => {
                problem.with_header(WWW_AUTHENTICATE, HeaderValue::from_static(crate::authentication::CHALLENGE))
            }
            Kind::RateLimited => {
                let wait = problem.0.details.get("retry_after").and_then(Value::as_u64).unwrap_or(RETRY_SOON.into());
                problem.with_header(RETRY_AFTER, HeaderValue::from(wait))
            }
            Kind::Conflict if refusal.code() == "request_in_progress" => problem.retryable(),
            _ => problem,
        }
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// Status and headers; the middleware writes the document, since only it knows the caller's language.
    fn error_response(&self) -> HttpResponse {
        if let Some(reply) = &self.0.replay {
            return answer::replayed(reply);
        }
        let mut response = HttpResponse::new(self.status());
        if BODY_UNREAD.contains(&self.status()) {
            // The rest of the body still comes: the connection is of no further use.
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        for (name, value) in &self.0.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        response
    }
}
