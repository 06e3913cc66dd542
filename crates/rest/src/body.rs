//! JSON bodies: type, size and pace are checked, then every field at once.

use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use kernel::Kind;

use crate::fault::{Faults, Place};
use crate::from_json::Ask;
use crate::guard::Digest;
use crate::idempotency::sha256;
use crate::json::{Json, NotJson};
use crate::openapi::{Described, Sketch};
use crate::problem::{self, Problem};
use crate::state::State;

/// The largest JSON body, in bytes (C13).
pub const MAX_BODY: usize = 1024 * 1024;

/// A JSON body, read field by field; every bad field is named in one 422.
#[derive(Debug)]
pub struct Body<T> {
    value: T,
    hash: [u8; 32],
}

/// A JSON body that may be left out, which means `{}`.
#[derive(Debug)]
pub struct MaybeBody<T>(Body<T>);

impl<T: Ask> Body<T> {
    /// Reads the bytes of a body.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let json = Json::parse(bytes).map_err(unreadable)?;
        let mut faults = Faults::new();
        match T::from_json(json, &Place::Root, &mut faults) {
            Some(value) if faults.is_empty() => Ok(Self { value, hash: sha256(bytes) }),
            _ => Err(Problem::invalid(faults.into_vec())),
        }
    }
}

impl<T> Body<T> {
    /// What was asked.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> MaybeBody<T> {
    /// What was asked.
    pub fn into_inner(self) -> T {
        self.0.value
    }
}

impl<T> Digest for Body<T> {
    fn digest(&self) -> [u8; 32] {
        self.hash
    }
}

impl<T> Digest for MaybeBody<T> {
    fn digest(&self) -> [u8; 32] {
        self.0.hash
    }
}

/// The body of an operation that takes none: absent, or an object without a field.
#[derive(Debug, crate::FromJson)]
struct Nothing {}

impl Ask for Nothing {
    fn sample() -> serde_json::Value {
        serde_json::json!({})
    }
}

/// Refuses what an operation without a body was sent, as any unknown field is.
pub(crate) fn nothing(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<(), Problem>> + 'static {
    let read = MaybeBody::<Nothing>::from_request(request, payload);
    async move { read.await.map(drop) }
}

/// What every operation that looks at a body may answer to it.
pub(crate) fn describe_refusals(sketch: &mut Sketch) {
    sketch.refuses(Kind::Malformed);
    sketch.refuses(Kind::Invalid);
    for status in problem::BODY_REFUSALS {
        sketch.refuses_with(status);
    }
}

fn unreadable(flaw: NotJson) -> Problem {
    match flaw {
        NotJson::Malformed => Problem::malformed("malformed_json"),
        NotJson::TooDeep => Problem::malformed("too_deep"),
        NotJson::DuplicateKey(pointer) => {
            Problem::malformed("duplicate_key").with_faults(vec![kernel::Fault::at(pointer, "duplicate_key")])
        }
    }
}

/// 415 unless the body says it is JSON, and not compressed.
fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    if request.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Problem::unsupported_media_type());
    }
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let patch = request.method() == actix_web::http::Method::PATCH && media == "application/merge-patch+json";
    if patch || media == "application/json" { Ok(()) } else { Err(Problem::unsupported_media_type()) }
}

/// All bytes of a body: 413 beyond [`MAX_BODY`], 408 when they come too slowly.
pub(crate) async fn bytes(request: &HttpRequest, payload: &mut Payload) -> Result<web::BytesMut, Problem> {
    let patience = request
        .app_data::<web::Data<State>>()
        .map_or(Duration::from_secs(10), |state| state.settings().body_patience());
    let whole = async {
        let mut bytes = web::BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| Problem::malformed("malformed_request").because(&error))?;
            if bytes.len() + chunk.len() > MAX_BODY {
                return Err(Problem::too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    actix_web::rt::time::timeout(patience, whole).await.unwrap_or_else(|_| Err(Problem::slow_body()))
}

fn announced(request: &HttpRequest) -> usize {
    let length = request.headers().get(actix_web::http::header::CONTENT_LENGTH);
    length.and_then(|length| length.to_str().ok()).and_then(|length| length.parse().ok()).unwrap_or(0)
}

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: Ask + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_type(&request)?;
            if announced(&request) > MAX_BODY {
                return Err(Problem::too_large());
            }
            Self::parse(&bytes(&request, &mut payload).await?)
        })
    }
}

impl<T: Ask + 'static> FromRequest for MaybeBody<T> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            if announced(&request) > MAX_BODY {
                return Err(Problem::too_large());
            }
            let bytes = bytes(&request, &mut payload).await?;
            if bytes.is_empty() {
                return Body::parse(b"{}").map(Self);
            }
            check_type(&request)?;
            Body::parse(&bytes).map(Self)
        })
    }
}

fn describe<T: Ask>(sketch: &mut Sketch, presence: utoipa::openapi::Required) {
    sketch.body::<T>(presence);
    describe_refusals(sketch);
}

impl<T: Ask> Described for Body<T> {
    fn describe(sketch: &mut Sketch) {
        describe::<T>(sketch, utoipa::openapi::Required::True);
    }
}

impl<T: Ask> Described for MaybeBody<T> {
    fn describe(sketch: &mut Sketch) {
        describe::<T>(sketch, utoipa::openapi::Required::False);
    }
}
