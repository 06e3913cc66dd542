//! Who is signed in where nobody has to be: a public operation that means more to the owner of an account.

use std::pin::Pin;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kernel::ids::AccountId;
use kernel::{Holder, Kind};

use crate::authentication::{Known, authenticate, brings_credentials, check_page};
use crate::cookies::Transport;
use crate::guard::Arrival;
use crate::openapi::{Described, Sketch};
use crate::problem::Problem;
use crate::state::State;

/// The account behind a request's credentials, if they are those of a session: a public operation is not refused for want of
/// them. Those that came are looked at: wrong ones are 401, and 503 when that cannot be found out, rather than taken for none. A
/// page of another site cannot lend a session in cookies (403).
#[derive(Debug, Clone, Copy)]
pub struct MaybeCaller(pub Option<AccountId>);

async fn caller(request: HttpRequest) -> Result<MaybeCaller, Problem> {
    let arrival = request.extensions().get::<Rc<Arrival>>().cloned().ok_or_else(Problem::internal)?;
    let state = request.app_data::<Data<State>>().cloned().ok_or_else(Problem::internal)?;
    let port = &*state.ports().authenticate;
    if !brings_credentials(request.headers()) {
        return Ok(MaybeCaller(None));
    }
    let Known { principal, transport } = authenticate(port, request.headers()).await?;
    if transport == Transport::Cookie && !request.method().is_safe() {
        check_page(port, request.headers(), arrival.page, &principal)?;
    }
    Ok(MaybeCaller(match principal.holder {
        Holder::Member { account, .. } => Some(account),
        Holder::ApiKey { .. } => None,
    }))
}

impl FromRequest for MaybeCaller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Box::pin(caller(request.clone()))
    }
}

impl Described for MaybeCaller {
    fn describe(sketch: &mut Sketch) {
        sketch.refuses(Kind::Unauthenticated);
        sketch.refuses(Kind::Forbidden);
    }
}
