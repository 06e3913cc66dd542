//! `DELETE /api/v1/auth/sessions/{session_id}`

use identity::Identity;
use identity::permission::RevokeSession;
use identity::usecase::revoke_session as usecase;
use kernel::ids::SessionId;

use crate::{Env, Guard, Id, NoContent, Own, Problem, operation};

/// End one of one's sessions
///
/// Its tokens cease to work at once.
#[operation]
pub async fn revoke_session(
    guard: Guard<Own<RevokeSession>>,
    identity: Env<Identity>,
    id: Id<SessionId>,
) -> Result<NoContent, Problem> {
    let permit = guard.permit(&());
    Ok(usecase::revoke_session(&identity, &permit, id.0, NoContent::of).await?.into())
}
