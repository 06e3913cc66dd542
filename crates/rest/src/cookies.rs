//! Sessions that travel in cookies (I5): the cookies themselves, whose pages may use them, and the answers that set them.

use actix_web::body::BoxBody;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{COOKIE, HOST, HeaderMap, ORIGIN};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use identity::model::access_token::ACCESS_LIFE;
use identity::model::session::REFRESH_LIFE;
use identity::usecase::signed_in::SignedIn;
use kernel::{Committed, Kind, Refusal};
use serde::Serialize;
use std::future::{Ready, ready};
use thiserror::Error;
use utoipa::ToSchema;

use crate::openapi::{Described, Sketch};
use crate::settings::Settings;
use crate::{FromJson, schema};

/// The cookie of the access token.
pub const ACCESS: &str = "__Host-salus_access";
/// The cookie of the refresh token.
pub const REFRESH: &str = "__Host-salus_refresh";
/// The header that a page of ours sends back its token in.
pub const CSRF: &str = "x-csrf-token";

/// How a session's tokens travel: in bodies and the `Authorization` header, or in cookies that no script can read
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, FromJson, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// In bodies, and as a bearer token.
    Token,
    /// In cookies, for pages of the same site.
    Cookie,
}

/// Whose page a browser says it speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// One of ours; or no browser says anything.
    Ours,
    /// Another site's, or an origin that may not call.
    Foreign,
}

/// Why a request may not use cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum BadPage {
    /// It comes from a page that is none of ours.
    #[error("a foreign page")]
    ForeignOrigin,
    /// Its `X-CSRF-Token` is missing, or of another session.
    #[error("no valid CSRF token")]
    CsrfToken,
}

impl Refusal for BadPage {
    fn kind(&self) -> Kind {
        Kind::Forbidden
    }

    fn code(&self) -> &'static str {
        match self {
            Self::ForeignOrigin => "foreign_origin",
            Self::CsrfToken => "csrf_token_invalid",
        }
    }
}

/// The refresh token of a request's cookie.
#[derive(Debug)]
pub struct RefreshCookie(pub Option<String>);

/// An answer that opens or ends a session: its tokens stand in it, or travel in cookies beside it.
#[must_use]
#[derive(Debug)]
pub struct InSession<A> {
    answer: A,
    cookies: Vec<Cookie<'static>>,
}

impl<A: From<Committed<SignedIn>>> InSession<A> {
    /// The answer to a session that was opened or renewed; its body must have been rendered for the same transport.
    pub fn open(committed: Committed<SignedIn>, transport: Transport) -> Self {
        let cookies = match transport {
            Transport::Token => Vec::new(),
            Transport::Cookie => opening(committed.value()).into(),
        };
        Self { answer: committed.into(), cookies }
    }
}

impl<A> InSession<A> {
    /// The answer to a session that was ended.
    pub fn over(answer: A, transport: Transport) -> Self {
        let cookies = match transport {
            Transport::Token => Vec::new(),
            Transport::Cookie => [ACCESS, REFRESH].map(|name| cookie(name, String::new(), Duration::ZERO)).into(),
        };
        Self { answer, cookies }
    }
}

impl<A: Responder<Body = BoxBody>> Responder for InSession<A> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = self.answer.respond_to(request);
        for cookie in &self.cookies {
            if let Err(error) = response.add_cookie(cookie) {
                tracing::error!(%error, "a cookie cannot be written");
            }
        }
        response
    }
}

impl<A: Described> Described for InSession<A> {
    fn describe(sketch: &mut Sketch) {
        A::describe(sketch);
        for status in [StatusCode::OK, StatusCode::CREATED, StatusCode::NO_CONTENT] {
            sketch.answer_header(status, "Set-Cookie", "The session's cookies, when it travels in them.");
        }
    }
}

impl FromRequest for RefreshCookie {
    type Error = crate::Problem;
    type Future = Ready<Result<Self, crate::Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(one(request.headers(), REFRESH).map(str::to_owned))))
    }
}

impl Described for RefreshCookie {
    fn describe(sketch: &mut Sketch) {
        let description = "The refresh token of a session that travels in cookies.";
        sketch.cookie(REFRESH, description, schema::pattern("^[A-Za-z0-9_-]{43}$"));
    }
}

fn opening(signed_in: &SignedIn) -> [Cookie<'static>; 2] {
    let (access, refresh) = (signed_in.access_token.expose().to_owned(), signed_in.refresh_token.expose());
    [
        cookie(ACCESS, access, Duration::seconds(ACCESS_LIFE.num_seconds())),
        cookie(REFRESH, refresh, Duration::seconds(REFRESH_LIFE.num_seconds())),
    ]
}

/// `__Host-`: of this host alone, on every path, over TLS; browsers accept it on loopback too.
fn cookie(name: &'static str, value: String, life: Duration) -> Cookie<'static> {
    Cookie::build(name, value).path("/").secure(true).http_only(true).same_site(SameSite::Lax).max_age(life).finish()
}

/// The cookie of this name; none when there are two, of which one must be somebody else's.
pub(crate) fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) if !value.is_empty() => Some(value),
        _ => None,
    }
}

impl Page {
    /// What the headers say that browsers alone can set. Without an `Origin` there is no browser's unsafe request, unless
    /// `Sec-Fetch-Site` says so.
    pub(crate) fn of(headers: &HeaderMap, settings: &Settings) -> Self {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
        let is_ours = |origin: &str| {
            let is_host = header(HOST.as_str()).is_some_and(|host| {
                origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
            });
            is_host
                || settings.origin().eq_ignore_ascii_case(origin)
                || settings.cors_origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
        };
        let crosses = header("sec-fetch-site").is_some_and(|site| site == "cross-site");
        let is_foreign = crosses || header(ORIGIN.as_str()).is_some_and(|origin| !is_ours(origin));
        if is_foreign { Self::Foreign } else { Self::Ours }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn i5_a_cookie_is_found_among_others_and_doubtful_ones_are_not() {
        let found = |lines: &[&str]| {
            let headers = headers(&lines.iter().map(|line| ("cookie", *line)).collect::<Vec<_>>());
            one(&headers, ACCESS).map(str::to_owned)
        };
        assert_eq!(found(&["a=b; __Host-salus_access=x.y.z; c=d"]).as_deref(), Some("x.y.z"));
        assert_eq!(found(&["a=b", "__Host-salus_access=x"]).as_deref(), Some("x"));
        assert_eq!(found(&["__Host-salus_access=x; __Host-salus_access=y"]), None);
        for line in ["", "salus_access=x", "__host-salus_access=x", "__Host-salus_access", "__Host-salus_access="] {
            assert_eq!(found(&[line]), None, "{line}");
        }
    }

    #[test]
    fn i5_cookies_are_for_pages_of_ours() {
        let settings = Settings {
            public_url: "https://api.clinic.example/base".to_owned(),
            cors_origins: vec!["https://app.clinic.example".to_owned()],
            ..Settings::default()
        };
        let page = |pairs: &[(&'static str, &str)]| Page::of(&headers(pairs), &settings);
        for ours in [
            vec![],
            vec![("origin", "https://api.clinic.example")],
            vec![("origin", "https://app.clinic.example"), ("sec-fetch-site", "same-site")],
            vec![("origin", "http://10.0.0.7:8080"), ("host", "10.0.0.7:8080")],
            vec![("sec-fetch-site", "same-origin")],
        ] {
            assert_eq!(page(&ours), Page::Ours, "{ours:?}");
        }
        for foreign in [
            vec![("origin", "null")],
            vec![("origin", "")],
            vec![("origin", "https://evil.example")],
            vec![("origin", "http://app.clinic.example")],
            vec![("origin", "https://app.clinic.example.evil.example")],
            vec![("origin", "https://app.clinic.example:8443")],
            vec![("origin", "https://evil.example"), ("host", "api.clinic.example")],
            vec![("sec-fetch-site", "cross-site")],
            vec![("origin", "https://app.clinic.example"), ("sec-fetch-site", "cross-site")],
        ] {
            assert_eq!(page(&foreign), Page::Foreign, "{foreign:?}");
        }
    }
}
