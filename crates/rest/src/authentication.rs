//! From a bearer token to a session.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use async_trait::async_trait;
use kernel::{Principal, StoreError};

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

/// Who calls: 401 when the token is missing or wrong, 503 when that cannot be found out.
pub(crate) async fn authenticate(port: &dyn Authenticate, headers: &HeaderMap) -> Result<Arc<Principal>, Problem> {
    let known = port.principal(bearer(headers)?).await?;
    known.ok_or_else(|| Problem::unauthenticated(INVALID))
}
