//! Request ids (C14), one log line per request (C15), and its metrics.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};
use tracing::Instrument;
use uuid::Uuid;

use crate::from_text::FromText;
use crate::operation::Entry;
use crate::state::State;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId(pub(crate) Uuid);

impl RequestId {
    /// The id that this request was given.
    pub(crate) fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().copied()
    }

    /// The caller's own, when it is a UUID.
    fn asked(headers: &HeaderMap) -> Option<Self> {
        headers.get(HEADER)?.to_str().ok().and_then(|text| Uuid::from_text(text).ok()).map(Self)
    }
}

/// The trace id of a `traceparent` header (W3C Trace Context, version 00).
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(TRACE_PARENT)?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
    };
    let is_some = |part: &str| part.bytes().any(|byte| byte != b'0');
    let sound = is_hex(version, 2) && version != "ff" && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    (sound && is_some(trace) && is_some(parent)).then_some(trace)
}

/// A method as a label: unknown ones are one.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "HEAD" => "HEAD",
        _ => "OTHER",
    }
}

/// Names, times, counts and logs the request.
pub(crate) async fn trace<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let begun = Instant::now();
    let Some(state) = request.app_data::<Data<State>>().cloned() else { return next.call(request).await };
    let id = RequestId::asked(request.headers()).unwrap_or_else(|| RequestId(state.ports().ids.uuid()));
    request.extensions_mut().insert(id);
    let in_flight = state.metrics().begin();
    let span = tracing::info_span!(
        "request",
        request_id = %id.0,
        trace_id = trace_id(request.headers()),
        tenant_id = tracing::field::Empty,
        actor_id = tracing::field::Empty,
    );
    let method = label(request.method());
    let mut response = next.call(request).instrument(span.clone()).await?;
    drop(in_flight);
    if let Ok(value) = HeaderValue::from_str(&id.0.to_string()) {
        response.headers_mut().insert(HEADER, value);
    }
    let entry = response.request().extensions().get::<&'static Entry>().copied();
    let route = entry.map_or("unmatched", Entry::path);
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    state.metrics().answered(method, route, status, took);
    let operation = entry.map(Entry::id);
    span.in_scope(|| tracing::info!(method, route, operation, status, seconds = took.as_secs_f64(), "answered"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c14_a_trace_parent_is_continued_when_it_is_sound() {
        let seen = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(TRACE_PARENT, HeaderValue::from_str(text).unwrap());
            trace_id(&headers).map(str::to_owned)
        };
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(seen(&format!("00-{trace}-00f067aa0ba902b7-01")).as_deref(), Some(trace));
        for bad in ["", "00-xyz-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
            assert_eq!(seen(bad), None, "{bad}");
        }
    }
}
