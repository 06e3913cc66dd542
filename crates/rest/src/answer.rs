//! Succeeding answers. Those that say something was written can be made only from [`Committed`].

use std::marker::PhantomData;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use kernel::seal::CannotOpen;
use kernel::{Committed, Page, Refusal, StoredReply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::conditions;
use crate::cursors::Cursors;
use crate::openapi::{Described, Sketch};
use crate::problem::Problem;
use crate::schema;

/// Says that this is the stored answer to an earlier request of the same key.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What an answer carries: a named schema with an example.
pub trait Wire: Serialize + ToSchema {
    /// An example for the OpenAPI document.
    fn sample() -> Self;
    /// Puts what only this request can seal into its place before the answer is written: the cursor of a page.
    fn seal(&mut self, _: &Cursors) -> Result<(), CannotOpen> {
        Ok(())
    }
}

/// The JSON of a value.
pub(crate) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        Vec::new()
    })
}

fn respond(reply: StoredReply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::new(status);
    let headers = response.headers_mut();
    for (name, text) in [(LOCATION, reply.location), (ETAG, reply.etag)] {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(name, value);
        }
    }
    if reply.body.is_empty() {
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.set_body(reply.body).map_into_boxed_body()
}

/// A stored answer, sent again.
pub(crate) fn replayed(reply: &StoredReply) -> HttpResponse {
    let mut response = respond(reply.clone());
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

macro_rules! written {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[must_use]
        #[derive(Debug)]
        pub struct $name<T> {
            reply: StoredReply,
            wire: PhantomData<fn() -> T>,
        }

        impl<T, D> From<Committed<D>> for $name<T> {
            fn from(committed: Committed<D>) -> Self {
                let (_, reply) = committed.into_parts();
                Self { reply, wire: PhantomData }
            }
        }

        impl<T> $name<T> {
            /// The answer to work that may have committed a refusal.
            pub fn settled<V, E: Refusal>(committed: Committed<Result<V, E>>) -> Result<Self, Problem> {
                let (settled, reply) = committed.into_parts();
                settled.map(|_| Self { reply, wire: PhantomData }).map_err(Problem::from)
            }
        }

        impl<T> Responder for $name<T> {
            type Body = actix_web::body::BoxBody;

            fn respond_to(self, _: &HttpRequest) -> HttpResponse {
                respond(self.reply)
            }
        }
    };
}

written! {
    /// 201: made, with its address, and its entity tag when it has a version.
    Created
}
written! {
    /// 200: changed, with what it is now.
    Changed
}
written! {
    /// 202: will be done.
    Accepted
}

/// 204: done, and there is nothing to say.
#[must_use]
#[derive(Debug)]
pub struct NoContent(StoredReply);

impl<D> From<Committed<D>> for NoContent {
    fn from(committed: Committed<D>) -> Self {
        Self(committed.into_parts().1)
    }
}

impl Responder for NoContent {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        respond(self.0)
    }
}

fn reply<T: Serialize>(status: StatusCode, wire: &T) -> StoredReply {
    StoredReply { status: status.as_u16(), location: None, etag: None, body: json(wire) }
}

impl<T: Wire> Created<T> {
    /// The reply of a use case that makes something: what it is, where it stands, and its version if it has one.
    pub fn reply(wire: &T, location: String, version: Option<i64>) -> StoredReply {
        StoredReply {
            location: Some(location),
            etag: version.map(conditions::entity_tag),
            ..reply(StatusCode::CREATED, wire)
        }
    }
}

impl<T: Wire> Changed<T> {
    /// The reply of a use case that changes something: what it is now, and its version if it has one.
    pub fn reply(wire: &T, version: Option<i64>) -> StoredReply {
        StoredReply { etag: version.map(conditions::entity_tag), ..reply(StatusCode::OK, wire) }
    }
}

impl<T: Wire> Accepted<T> {
    /// The reply of a use case that only begins something.
    pub fn reply(wire: &T) -> StoredReply {
        reply(StatusCode::ACCEPTED, wire)
    }
}

impl NoContent {
    /// The same reply for a value, to hand to a use case as it is: `NoContent::of`.
    pub fn of<T>(_: &T) -> StoredReply {
        Self::reply()
    }

    /// The reply of a use case that leaves nothing to show.
    pub fn reply() -> StoredReply {
        StoredReply { status: StatusCode::NO_CONTENT.as_u16(), location: None, etag: None, body: Vec::new() }
    }
}

/// 200: read.
#[must_use]
#[derive(Debug)]
pub struct Read<T>(pub T);

impl<T: Wire> Responder for Read<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(mut self, request: &HttpRequest) -> HttpResponse {
        let sealed = match Cursors::of(request) {
            Some(cursors) => self.0.seal(&cursors).map_err(|error| Problem::internal().because(&error)),
            None => Err(Problem::internal()),
        };
        match sealed {
            Ok(()) => respond(reply(StatusCode::OK, &self.0)),
            Err(problem) => HttpResponse::from_error(problem),
        }
    }
}

/// 200 with a strong entity tag, or 304 when `If-None-Match` names it.
#[must_use]
#[derive(Debug)]
pub struct Versioned<T> {
    wire: T,
    version: i64,
}

impl<T> Versioned<T> {
    /// A single resource at a version.
    pub fn new(wire: T, version: i64) -> Self {
        Self { wire, version }
    }
}

impl<T: Wire> Responder for Versioned<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let etag = Some(conditions::entity_tag(self.version));
        if conditions::is_known(request.headers(), self.version) {
            let status = StatusCode::NOT_MODIFIED.as_u16();
            return respond(StoredReply { status, location: None, etag, body: Vec::new() });
        }
        respond(StoredReply { etag, ..reply(StatusCode::OK, &self.wire) })
    }
}

/// A page of a list, as C4 says; name one with [`crate::pages!`].
pub trait WirePage {
    /// What the items are.
    type Item: Wire;
    /// The page on the wire.
    fn from_page(page: Page<Self::Item>) -> Self;
}

/// Names pages of lists: `pages! { PatientPage of PatientWire }`.
#[macro_export]
macro_rules! pages {
    ($($(#[$doc:meta])* $page:ident of $item:ty;)*) => {$(
        $(#[$doc])*
        #[derive(::serde::Serialize, ::utoipa::ToSchema)]
        pub struct $page {
            /// The items, in the order asked for.
            items: Vec<$item>,
            /// Where the next page begins; `null` on the last one.
            next_cursor: Option<String>,
            /// How many items there are in all; `null` unless asked with `include=total`.
            total: Option<u64>,
            #[serde(skip)]
            next: Option<::kernel::Cursor>,
        }

        impl ::rest::answer::WirePage for $page {
            type Item = $item;

            fn from_page(page: ::kernel::Page<$item>) -> Self {
                Self { items: page.items, next_cursor: None, total: page.total, next: page.next }
            }
        }

        impl ::rest::answer::Wire for $page {
            fn sample() -> Self {
                Self { items: vec![<$item as ::rest::answer::Wire>::sample()], next_cursor: None, total: None, next: None }
            }

            fn seal(&mut self, cursors: &::rest::cursors::Cursors) -> Result<(), ::kernel::seal::CannotOpen> {
                self.next_cursor = self.next.take().map(|next| cursors.seal(&next)).transpose()?;
                Ok(())
            }
        }
    )*};
}

impl<T> Read<T> {
    /// A page of a list, each item made from a domain value.
    pub fn page<D>(page: Page<D>, with: impl FnMut(D) -> T::Item) -> Self
    where
        T: WirePage,
    {
        Self(T::from_page(page.map(with)))
    }
}

impl<T: Wire> Described for Created<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.answers::<T>(StatusCode::CREATED, "Made.");
        sketch.answer_header(StatusCode::CREATED, "Location", "Path of what was made.");
        sketch.answer_header(StatusCode::CREATED, "ETag", "Its version, for If-Match.");
    }
}

impl<T: Wire> Described for Changed<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.answers::<T>(StatusCode::OK, "Changed.");
        sketch.answer_header(StatusCode::OK, "ETag", "Its version, for If-Match.");
    }
}

impl<T: Wire> Described for Accepted<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.answers::<T>(StatusCode::ACCEPTED, "Will be done.");
    }
}

impl Described for NoContent {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_nothing(StatusCode::NO_CONTENT, "Done.");
    }
}

impl<T: Wire> Described for Read<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.answers::<T>(StatusCode::OK, "Found.");
    }
}

impl<T: Wire> Described for Versioned<T> {
    fn describe(sketch: &mut Sketch) {
        sketch.answers::<T>(StatusCode::OK, "Found.");
        sketch.answer_header(StatusCode::OK, "ETag", "Its version, for If-Match and If-None-Match.");
        let description = "An entity tag that is known already; 304 when it still holds.";
        let schema = schema::plain(utoipa::openapi::schema::Type::String).into();
        sketch.header("If-None-Match", description, schema);
        sketch.answers_nothing(StatusCode::NOT_MODIFIED, "Not changed since.");
    }
}

impl<T: Described> Described for Result<T, Problem> {
    fn describe(sketch: &mut Sketch) {
        T::describe(sketch);
    }
}
