//! The first parameter of every operation: nobody passes it without the right to.

use std::fmt;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::Either;
use kernel::{Claim, Kind, Origin, Permit, Session};

use crate::access::{Access, Caller};
use crate::body;
use crate::cookies::{BadPage, Page, Transport};
use crate::idempotency::{self, Key};
use crate::limits::Class;
use crate::openapi::{Described, Sketch};
use crate::operation::Entry;
use crate::params::Params;
use crate::problem::Problem;
use crate::state::State;

/// What the gate found out about a request before its operation runs.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) entry: &'static Entry,
    pub(crate) session: Option<Session>,
    pub(crate) origin: Origin,
    pub(crate) transport: Transport,
    pub(crate) page: Page,
}

impl Arrival {
    /// True when a browser may have been made to send it: an unsafe request whose credentials are cookies.
    pub(crate) fn needs_page(&self, method: &Method) -> bool {
        self.transport == Transport::Cookie && !method.is_safe()
    }
}

/// The bytes of a request's body, as far as a repeat must bring the same.
pub trait Digest {
    /// SHA-256 of the bytes.
    fn digest(&self) -> [u8; 32];
}

impl Digest for () {
    fn digest(&self) -> [u8; 32] {
        idempotency::sha256(b"")
    }
}

/// The proof that the caller may do what `C` names.
pub struct Guard<C: Caller> {
    proof: C::Proof,
    arrival: Rc<Arrival>,
    key: Option<Key>,
    path: String,
    state: actix_web::web::Data<State>,
}

impl<C: Caller> Guard<C> {
    /// Where the request comes from.
    pub fn origin(&self) -> &Origin {
        &self.arrival.origin
    }

    /// How the tokens of a session travel that this request opens, renews or ends: in cookies when it came by one or asks for
    /// them, which is 403 to a page that is none of ours. A session in cookies stays there, out of reach of scripts.
    pub fn transport(&self, asked: Option<Transport>) -> Result<Transport, Problem> {
        let by_cookie = self.arrival.transport == Transport::Cookie || asked == Some(Transport::Cookie);
        match self.arrival.page {
            Page::Foreign if by_cookie => Err(BadPage::ForeignOrigin.into()),
            _ if by_cookie => Ok(Transport::Cookie),
            _ => Ok(Transport::Token),
        }
    }

    /// Takes one request from the bucket of a class for something named in the body, such as an account's e-mail; 429
    /// when it is empty.
    pub async fn limit(&self, class: Class, name: &str) -> Result<(), Problem> {
        self.state.limits().take_named(class, name).await
    }
}

impl<C: Caller<Proof = Permit<P>>, P: kernel::Permission> Guard<C> {
    /// The permit for a write, with the claim of the request's `Idempotency-Key` when it has one. A repeat must bring the
    /// same body to the same path and query: they say as much as the body what is asked for.
    pub fn permit(&self, body: &impl Digest) -> Permit<P> {
        let claim = self.key.as_ref().zip(self.arrival.session.as_ref()).map(|(key, session)| Claim {
            caller: session.principal().holder.uuid(),
            route: self.arrival.entry.id(),
            key: key.hash(),
            body: idempotency::sha256(&[self.path.as_bytes(), &[0], &body.digest()].concat()),
        });
        self.proof.clone().claiming(claim)
    }

    /// The permit for a read.
    pub fn reading(&self) -> Permit<P> {
        self.proof.clone()
    }

    /// The caller's session; the gate has made sure of it.
    pub fn session(&self) -> Result<&Session, Problem> {
        self.arrival.session.as_ref().ok_or_else(Problem::internal)
    }
}

impl<C: Caller> fmt::Debug for Guard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("access", &C::ACCESS).finish_non_exhaustive()
    }
}

/// Path and query, as far as a repeat must bring the same.
fn asked(request: &HttpRequest) -> String {
    match request.query_string() {
        "" => request.path().to_owned(),
        query => format!("{}?{query}", request.path()),
    }
}

fn admit<C: Caller>(request: &HttpRequest) -> Result<Guard<C>, Problem> {
    let arrival = request.extensions().get::<Rc<Arrival>>().cloned().ok_or_else(Problem::internal)?;
    let state = request.app_data::<actix_web::web::Data<State>>().cloned().ok_or_else(Problem::internal)?;
    let proof = C::admit(arrival.session.as_ref())?;
    if arrival.entry.is_queryless() {
        Params::<()>::parse(request.query_string())?;
    }
    let key = if arrival.entry.is_repeatable() { Key::of(request.headers())? } else { None };
    if key.is_none() && arrival.entry.is_keyed() {
        return Err(Problem::key_required());
    }
    Ok(Guard { proof, arrival, key, path: asked(request), state })
}

impl<C: Caller> FromRequest for Guard<C> {
    type Error = Problem;
    type Future = Either<Ready<Result<Self, Problem>>, Pin<Box<dyn Future<Output = Result<Self, Problem>>>>>;

    /// Ready at once, unless the operation takes no body: then whatever was sent must be none.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        match admit::<C>(request) {
            Ok(guard) if guard.arrival.entry.is_bodyless() => {
                let unasked = body::nothing(request, payload);
                Either::Right(Box::pin(async move { unasked.await.map(|()| guard) }))
            }
            admitted => Either::Left(ready(admitted)),
        }
    }
}

impl<C: Caller> Described for Guard<C> {
    fn describe(sketch: &mut Sketch) {
        if C::ACCESS != Access::Public {
            sketch.refuses(Kind::Unauthenticated);
        }
        if C::ACCESS.needs_session() {
            sketch.refuses(Kind::Forbidden);
        }
    }
}
