//! Signing in at an OpenID provider, on the wire: what a provider's callback carries, and the cookie it must come with.

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use identity::model::oidc::{AppState, FLOW_LIFE, Provider};
use identity::model::session::Secret;
use identity::usecase::finish_oidc::FinishOidc;
use kernel::Kind;
use serde_json::json;

use crate::fault::Faults;
use crate::openapi::{Described, Sketch};
use crate::params::Query;
use crate::schema::{self, AnySchema};
use crate::{FromText, Problem, body, cookies};

/// The cookie of the browser that began a sign-in.
pub const BROWSER: &str = "__Host-salus_oidc";

const FORM: &str = "application/x-www-form-urlencoded";
/// The fields of a callback that count.
const FIELDS: [(&str, &str); 3] = [
    ("state", "What the sign-in was begun with."),
    ("code", "What the provider gives for the id token; absent when nobody signed in."),
    ("error", "Why nobody signed in."),
];

/// The cookie of the browser, if it has one.
#[derive(Debug)]
pub struct Browser(pub Option<Secret>);

/// What a provider sends a browser back with, in its address.
#[derive(Debug)]
pub struct CallbackQuery(Callback);

/// The same in a form, as Apple posts it.
#[derive(Debug)]
pub struct CallbackForm(Callback);

#[derive(Debug)]
struct Callback {
    state: Option<String>,
    code: Option<String>,
    browser: Option<Secret>,
}

/// The provider of a path segment; 404 when it is none.
pub(crate) fn provider(name: &str) -> Result<Provider, Problem> {
    Provider::parse(name).ok_or_else(Problem::not_found)
}

impl FromText for AppState {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).ok_or("identity.app_state_invalid")
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^[A-Za-z0-9_-]{1,200}$")
    }
}

impl Browser {
    /// The cookie that keeps this secret while one signs in. The provider's form comes from another site, so it must be
    /// `SameSite=None`; it proves nothing but that the same browser comes back.
    pub(crate) fn cookie(secret: &Secret) -> Cookie<'static> {
        Cookie::build(BROWSER, secret.expose())
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::None)
            .max_age(Duration::seconds(FLOW_LIFE.num_seconds()))
            .finish()
    }

    fn of(request: &HttpRequest) -> Option<Secret> {
        cookies::one(request.headers(), BROWSER).and_then(Secret::parse)
    }
}

impl Callback {
    /// Reads the fields that count; providers add others of their own.
    fn read(text: &str, request: &HttpRequest) -> Result<Self, Problem> {
        let (mut query, mut faults) = (Query::parse(text)?, Faults::new());
        let [state, code, _] = FIELDS.map(|(name, _)| query.take::<Option<String>>(name, &mut faults));
        match (state, code) {
            (Some(state), Some(code)) if faults.is_empty() => Ok(Self { state, code, browser: Browser::of(request) }),
            _ => Err(Problem::invalid(faults.into_vec())),
        }
    }

    fn of(self, provider: Provider) -> FinishOidc {
        let state = self.state.as_deref().and_then(Secret::parse);
        FinishOidc { provider, state, browser: self.browser, code: self.code }
    }
}

impl CallbackQuery {
    /// The ask at this provider's callback.
    pub(crate) fn of(self, provider: Provider) -> FinishOidc {
        self.0.of(provider)
    }
}

impl CallbackForm {
    /// The ask at this provider's callback.
    pub(crate) fn of(self, provider: Provider) -> FinishOidc {
        self.0.of(provider)
    }
}

impl FromRequest for Browser {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Self::of(request))))
    }
}

impl FromRequest for CallbackQuery {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Callback::read(request.query_string(), request).map(Self))
    }
}

impl FromRequest for CallbackForm {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM) {
                return Err(Problem::unsupported_media_type());
            }
            let bytes = body::bytes(&request, &mut payload).await?;
            let text = std::str::from_utf8(&bytes);
            let text = text.map_err(|error| Problem::malformed("malformed_request").because(&error))?;
            Callback::read(text, &request).map(Self)
        })
    }
}

fn describe_cookie(sketch: &mut Sketch) {
    let secret = schema::pattern("^[A-Za-z0-9_-]{43}$");
    sketch.cookie(BROWSER, "What binds the sign-in to this browser.", secret);
}

impl Described for Browser {
    fn describe(sketch: &mut Sketch) {
        describe_cookie(sketch);
    }
}

impl Described for CallbackQuery {
    fn describe(sketch: &mut Sketch) {
        describe_cookie(sketch);
        for (name, description) in FIELDS {
            sketch.optional_query::<String>(name, description);
        }
        sketch.refuses(Kind::Malformed);
        sketch.refuses(Kind::Invalid);
    }
}

impl Described for CallbackForm {
    fn describe(sketch: &mut Sketch) {
        describe_cookie(sketch);
        sketch.form(&FIELDS, json!({"state": "43-characters-that-only-the-browser-brings-x", "code": "c0de"}));
        body::describe_refusals(sketch);
    }
}
