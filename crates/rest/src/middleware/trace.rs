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
use crate::limits::Class;
use crate::operation::Entry;
use crate::state::{Ports, State};
use crate::traces::{Place, TraceParent, trace_id};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

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
    let parent = TraceParent::of(request.headers());
    let Ports { traces, clock, ids, .. } = state.ports();
    let place = traces.as_ref().and_then(|_| Place::after(parent, &**clock, &**ids));
    let span = tracing::info_span!(
        "request",
        request_id = %id.0,
        trace_id = trace_id(parent, place),
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
    // Probes are nobody's trace, and would drown the others.
    let is_probe = entry.is_some_and(|entry| entry.class() == Class::Probe);
    if let Some((traces, place)) = traces.as_ref().zip(place).filter(|_| !is_probe) {
        traces.answered(place.answered(id.0, method, entry, status, took));
    }
    let operation = entry.map(Entry::id);
    span.in_scope(|| tracing::info!(method, route, operation, status, seconds = took.as_secs_f64(), "answered"));
    Ok(response)
}
