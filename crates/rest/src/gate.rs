//! What happens to a request between its route and its operation: who calls, how often, and for how long.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, HeaderMap, USER_AGENT};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};
use futures_util::FutureExt;
use kernel::{Origin, Session};
use tracing::Span;

use crate::access::Access;
use crate::address;
use crate::authentication::{CHALLENGE, Known, authenticate, bearer, check_page, is_unproved};
use crate::cookies::{Page, Transport};
use crate::guard::Arrival;
use crate::limits::{Bucket, Class, Remaining};
use crate::middleware::RequestId;
use crate::operation::Entry;
use crate::problem::Problem;
use crate::state::{RefusedAttempt, State};

/// Lets a request through to its operation, or answers in its place.
pub(crate) async fn gate<B: MessageBody + 'static>(
    entry: &'static Entry,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    request.extensions_mut().insert(entry);
    let Some(state) = request.app_data::<Data<State>>().cloned() else {
        return Ok(request.error_response(Problem::internal()));
    };
    let http = request.request().clone();
    match within(&state, answer(entry, &state, request, next)).await {
        Ok(response) => Ok(response),
        Err(problem) => Ok(ServiceResponse::from_err(problem, http)),
    }
}

type Refused = Box<(Arrival, Problem)>;

/// Authentication, limits and operation, one after the other.
async fn answer<B: MessageBody + 'static>(
    entry: &'static Entry,
    state: &State,
    request: ServiceRequest,
    next: Next<B>,
) -> ServiceResponse<BoxBody> {
    match arrive(entry, state, request.request()).await {
        Ok((arrival, remaining)) => {
            let (arrival, http) = (Rc::new(arrival), request.request().clone());
            request.extensions_mut().insert(Rc::clone(&arrival));
            let response = match next.call(request).await {
                Ok(response) => response.map_into_boxed_body(),
                Err(error) => ServiceResponse::from_err(error, http),
            };
            finish(state, &arrival, remaining, response)
        }
        Err(refused) => {
            let (arrival, problem) = *refused;
            let response = request.error_response(problem);
            finish(state, &arrival, None, response)
        }
    }
}

/// Who calls, and whether they may call again so soon.
async fn arrive(
    entry: &'static Entry,
    state: &State,
    request: &HttpRequest,
) -> Result<(Arrival, Option<Remaining>), Refused> {
    let origin = origin(state, request);
    let address = Bucket::address(origin.ip);
    let page = Page::of(request.headers(), state.settings());
    let mut arrival = Arrival { entry, session: None, origin, transport: Transport::Token, page };
    match admit(entry, state, request, &mut arrival, &address).await {
        Ok(remaining) => Ok((arrival, remaining)),
        Err(problem) => Err(Box::new((arrival, problem))),
    }
}

async fn admit(
    entry: &Entry,
    state: &State,
    request: &HttpRequest,
    arrival: &mut Arrival,
    address: &Bucket,
) -> Result<Option<Remaining>, Problem> {
    let limits = state.limits();
    let (class, bucket) = match entry.access() {
        Access::Public if entry.class() == Class::Probe => (Class::Probe, address.clone()),
        Access::Public => (Class::Anonymous, address.clone()),
        Access::Operator => {
            limits.take(Class::Anonymous, address).await?;
            return operator(state, request).map(|()| None);
        }
        Access::Session | Access::Permission(_) => {
            let port = &*state.ports().authenticate;
            let is_counted = is_unproved(port, request.headers());
            if is_counted {
                limits.take(Class::Anonymous, address).await?;
            }
            let known = match authenticate(port, request.headers()).await {
                Ok(known) => known,
                Err(problem) if is_counted => return Err(problem),
                Err(problem) => return Err(limits.take(Class::Anonymous, address).await.err().unwrap_or(problem)),
            };
            let Known { principal, transport } = known;
            arrival.transport = transport;
            let span = Span::current();
            span.record("tenant_id", tracing::field::display(principal.tenant));
            span.record("actor_id", tracing::field::display(principal.holder.uuid()));
            let bucket = Bucket::Caller(principal.holder.uuid());
            arrival.session = Some(Session::new(principal, arrival.origin.clone()));
            (Class::Standard, bucket)
        }
    };
    let mut remaining = limits.take(class, &bucket).await?;
    if let Some(session) = arrival.session.as_ref().filter(|_| arrival.needs_page(request.method())) {
        check_page(&*state.ports().authenticate, request.headers(), arrival.page, session.principal())?;
    }
    if entry.class() != class && entry.class() != Class::Standard {
        remaining = limits.take(entry.class(), &bucket).await?.or(remaining);
    }
    if accepts(request.headers(), entry.media()) { Ok(remaining) } else { Err(Problem::not_acceptable()) }
}

fn operator(state: &State, request: &HttpRequest) -> Result<(), Problem> {
    let token = bearer(request.headers())?;
    match &state.settings().operator {
        Some(known) if known.admits(token) => Ok(()),
        _ => Err(Problem::unauthenticated(CHALLENGE)),
    }
}

/// Takes a request that no operation answers from the bucket of its address.
pub(crate) async fn stray(state: &State, request: &HttpRequest) -> Result<(), Problem> {
    state.limits().take(Class::Anonymous, &Bucket::address(caller(state, request))).await.map(|_| ())
}

fn caller(state: &State, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr().map(|peer| peer.ip());
    address::caller(peer, request.headers(), &state.settings().trusted_proxies)
}

fn origin(state: &State, request: &HttpRequest) -> Origin {
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        request_id: RequestId::of(request).map(|id| id.0),
        ip: caller(state, request),
        user_agent: user_agent.map(|text| text.chars().take(200).collect()),
    }
}

/// True when the caller accepts one of these media types, or there is none to accept.
fn accepts(headers: &HeaderMap, media: &[&str]) -> bool {
    let Some(accept) = headers.get(ACCEPT) else { return true };
    let Ok(accept) = accept.to_str() else { return false };
    let fits = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default();
        let refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        let area = range.strip_suffix("/*");
        let known = |media: &&str| {
            let media = media.split(';').next().unwrap_or_default();
            range == "*/*"
                || media.eq_ignore_ascii_case(range)
                || area.is_some_and(|area| media.split('/').next() == Some(area))
        };
        !refused && media.iter().any(known)
    };
    media.is_empty() || accept.trim().is_empty() || accept.split(',').any(|range| fits(range.trim()))
}

/// The answer, when it comes in time and without a panic: a panic is 500, and too late is 503.
async fn within(
    state: &State,
    work: impl Future<Output = ServiceResponse<BoxBody>>,
) -> Result<ServiceResponse<BoxBody>, Problem> {
    let work = AssertUnwindSafe(work).catch_unwind();
    match actix_web::rt::time::timeout(state.settings().deadline, work).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(_)) => {
            tracing::error!("an operation panicked");
            Err(Problem::internal())
        }
        Err(_) => Err(Problem::deadline()),
    }
}

/// Adds the rate limit headers, and notes a refused attempt.
fn finish(
    state: &State,
    arrival: &Arrival,
    remaining: Option<Remaining>,
    mut response: ServiceResponse<BoxBody>,
) -> ServiceResponse<BoxBody> {
    for (name, value) in remaining.iter().flat_map(Remaining::headers) {
        response.headers_mut().insert(name, value);
    }
    if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        let problem = response.response().error().and_then(|error| error.as_error::<Problem>());
        let attempt = RefusedAttempt {
            at: state.ports().clock.now(),
            operation: arrival.entry.id(),
            permission: arrival.entry.access().name(),
            status: response.status().as_u16(),
            code: problem.map_or("forbidden", Problem::code),
            session: arrival.session.clone(),
            origin: arrival.origin.clone(),
        };
        state.ports().refusals.refused(attempt);
    }
    response
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn c8_json_must_be_acceptable() {
        let accepted = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_str(text).unwrap());
            accepts(&headers, &["application/json"])
        };
        for text in
            ["*/*", "application/json", "text/html, application/*;q=0.1", "Application/JSON", "text/html,*/*;q=0.8"]
        {
            assert!(accepted(text), "{text}");
        }
        for text in ["text/html", "application/xml", "*/*;q=0", "text/*"] {
            assert!(!accepted(text), "{text}");
        }
        assert!(accepts(&HeaderMap::new(), &["application/json"]));
    }
}
