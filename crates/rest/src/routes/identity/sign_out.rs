//! `POST /api/v1/auth/sign-out`

use identity::Identity;
use identity::permission::SignOut;
use identity::usecase::sign_out as usecase;
use kernel::StoredReply;
use kernel::ids::SessionId;

use crate::cookies::InSession;
use crate::{Env, Guard, NoContent, Own, Problem, operation};

/// Sign out
///
/// Ends the session of this access token; its refresh token ceases to work at once, and its cookies go.
#[operation]
pub async fn sign_out(guard: Guard<Own<SignOut>>, identity: Env<Identity>) -> Result<InSession<NoContent>, Problem> {
    let transport = guard.transport(None)?;
    let committed = usecase::sign_out(&identity, &guard.permit(&()), signed_out).await?;
    Ok(InSession::over(committed.into(), transport))
}

fn signed_out(_: &SessionId) -> StoredReply {
    NoContent::reply()
}
