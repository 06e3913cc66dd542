//! From a bearer token, or a cookie where there is none, to a session.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use async_trait::async_trait;
use kernel::ids::{SessionId, TenantId};
use kernel::{Principal, StoreError};

use crate::cookies::{self, BadPage, Page, Transport};
use crate::problem::Problem;

/// What a caller without credentials is told to bring.
pub const CHALLENGE: &str = "Bearer realm=\"salus\"";

/// What a caller with bad credentials is told.
const INVALID: &str = "Bearer realm=\"salus\", error=\"invalid_token\"";

/// Knows who holds a token. Supplied by the binary's wiring.
#[async_trait]
pub trait Authenticate: Send + Sync {
    /// The caller whose access token this is; `None` when it is forged, expired or revoked.
    async fn principal(&self, token: &str) -> Result<Option<Arc<Principal>>, StoreError>;
    /// True when only the store can tell whether this token is real, and it was not asked of late: a text that anybody can make
    /// up costs a look at it.
    fn is_unproved(&self, token: &str) -> bool;
    /// True when the text is the session's own `X-CSRF-Token`.
    fn is_csrf_token(&self, text: &str, tenant: TenantId, session: SessionId) -> bool;
}

/// A caller, and how the credentials came.
pub(crate) struct Known {
    pub(crate) principal: Arc<Principal>,
    pub(crate) transport: Transport,
}

/// The bearer token of a request; none, or something else than one bearer token, is 401.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::unauthenticated(CHALLENGE));
    };
    let words = value.to_str().ok().and_then(|text| text.split_once(' '));
    match words {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        _ => Err(Problem::unauthenticated(INVALID)),
    }
}

/// The token of a request: in its `Authorization`, else in its cookie.
fn token(headers: &HeaderMap) -> Result<(&str, Transport), Problem> {
    match cookies::one(headers, cookies::ACCESS) {
        Some(token) if !headers.contains_key(AUTHORIZATION) => Ok((token, Transport::Cookie)),
        _ => Ok((bearer(headers)?, Transport::Token)),
    }
}

/// True when a request brings anything by which it wants to be known.
pub(crate) fn brings_credentials(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || cookies::one(headers, cookies::ACCESS).is_some()
}

/// True when it takes a look into the store to refuse these credentials.
pub(crate) fn is_unproved(port: &dyn Authenticate, headers: &HeaderMap) -> bool {
    token(headers).is_ok_and(|(token, _)| port.is_unproved(token))
}

/// Who calls: 401 when the token is missing or wrong, 503 when that cannot be found out. Cookies hold sessions alone.
pub(crate) async fn authenticate(port: &dyn Authenticate, headers: &HeaderMap) -> Result<Known, Problem> {
    let (token, transport) = token(headers)?;
    let known = port.principal(token).await?;
    let known = known.filter(|principal| transport == Transport::Token || principal.session().is_some());
    let principal = known.ok_or_else(|| Problem::unauthenticated(INVALID))?;
    Ok(Known { principal, transport })
}

/// 403 unless an unsafe request that came by cookie was made by a page of ours (I5): its origin says so, and it holds the
/// session's token, which other sites cannot read.
pub(crate) fn check_page(
    port: &dyn Authenticate,
    headers: &HeaderMap,
    page: Page,
    principal: &Principal,
) -> Result<(), BadPage> {
    if page == Page::Foreign {
        return Err(BadPage::ForeignOrigin);
    }
    let text = headers.get(cookies::CSRF).and_then(|value| value.to_str().ok());
    let fits = text.zip(principal.session()).is_some_and(|(text, id)| port.is_csrf_token(text, principal.tenant, id));
    if fits { Ok(()) } else { Err(BadPage::CsrfToken) }
}
