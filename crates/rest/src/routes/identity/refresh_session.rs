//! `POST /api/v1/auth/refresh`

use identity::Identity;
use identity::model::session::Secret;
use identity::usecase::refresh::{self as usecase, RefreshError};
use serde_json::json;

use crate::cookies::{InSession, RefreshCookie, Transport};
use crate::wire::identity::{SessionWire, renewed};
use crate::{Ask, Changed, Env, FromJson, Guard, MaybeBody, Problem, Public, operation};

/// Which session is renewed
#[derive(FromJson)]
pub struct RefreshSession {
    /// The refresh token of the last answer; absent when it travels in a cookie.
    refresh_token: Option<String>,
    /// `cookie` moves a session into cookies, for pages of the same site; one that is there stays.
    transport: Option<Transport>,
}

impl Ask for RefreshSession {
    fn sample() -> serde_json::Value {
        json!({"refresh_token": "43-characters-that-only-the-holder-knows-xx"})
    }
}

impl RefreshSession {
    /// The token of the body, else of the cookie, and how its successor travels. What came by cookie leaves by cookie: no
    /// script may have it.
    fn token(self, cookie: RefreshCookie) -> Result<(String, Option<Transport>), Problem> {
        match (self.refresh_token, cookie.0) {
            (Some(token), _) => Ok((token, self.transport)),
            (None, Some(token)) => Ok((token, Some(Transport::Cookie))),
            (None, None) if self.transport == Some(Transport::Cookie) => Err(RefreshError::Invalid.into()),
            (None, None) => Err(Problem::invalid_at("/refresh_token", "required")),
        }
    }
}

/// Renew a session
///
/// Each refresh token works once; two requests side by side get the same successor. One that comes back later ends the
/// session, because somebody else may have it. A page whose session travels in cookies sends no token: it gets a new
/// `csrf_token` with the cookies, which is why it needs none here.
#[operation(refuses(Unauthenticated, Forbidden), secret)]
pub async fn refresh_session(
    guard: Guard<Public>,
    identity: Env<Identity>,
    cookie: RefreshCookie,
    body: MaybeBody<RefreshSession>,
) -> Result<InSession<Changed<SessionWire>>, Problem> {
    let (token, transport) = body.into_inner().token(cookie)?;
    let transport = guard.transport(transport)?;
    let secret = Secret::parse(&token).ok_or(RefreshError::Invalid)?;
    let committed = usecase::refresh(&identity, guard.origin(), &secret, renewed(transport)).await?;
    Ok(InSession::open(committed, transport))
}
