//! `POST /api/v1/auth/refresh`

use identity::Identity;
use identity::model::session::Secret;
use identity::usecase::refresh::{self as usecase, RefreshError};
use identity::usecase::signed_in::SignedIn;
use kernel::StoredReply;
use serde_json::json;

use crate::wire::identity::SessionWire;
use crate::{Ask, Body, Changed, Env, FromJson, Guard, Problem, Public, operation};

/// Which session is renewed
#[derive(FromJson)]
pub struct RefreshSession {
    /// The refresh token of the last answer.
    refresh_token: String,
}

impl Ask for RefreshSession {
    fn sample() -> serde_json::Value {
        json!({"refresh_token": "43-characters-that-only-the-holder-knows-xx"})
    }
}

/// Renew a session
///
/// Each refresh token works once; two requests side by side get the same successor. One that comes back later ends the
/// session, because somebody else may have it.
#[operation(refuses(Unauthenticated), secret)]
pub async fn refresh_session(
    guard: Guard<Public>,
    identity: Env<Identity>,
    body: Body<RefreshSession>,
) -> Result<Changed<SessionWire>, Problem> {
    let secret = Secret::parse(&body.into_inner().refresh_token).ok_or(RefreshError::Invalid)?;
    Ok(usecase::refresh(&identity, guard.origin(), &secret, renewed).await?.into())
}

fn renewed(signed_in: &SignedIn) -> StoredReply {
    Changed::reply(&SessionWire::from(signed_in), None)
}
