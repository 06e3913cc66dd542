//! `POST /api/v1/auth/totp`

use identity::Identity;
use identity::permission::BeginTotp;
use identity::usecase::begin_totp::{self as usecase, BegunTotp};
use kernel::StoredReply;

use crate::wire::identity::second_factor::TotpEnrolmentWire;
use crate::{Changed, Env, Guard, Own, Problem, operation};

/// Begin a second factor
///
/// Gives the seed for an authenticator app. Sign-in does not ask for codes before one has been confirmed; beginning again
/// replaces a seed that was not.
#[operation(refuses(Conflict), secret)]
pub async fn begin_totp(
    guard: Guard<Own<BeginTotp>>,
    identity: Env<Identity>,
) -> Result<Changed<TotpEnrolmentWire>, Problem> {
    Ok(usecase::begin_totp(&identity, &guard.permit(&()), begun).await?.into())
}

fn begun(begun: &BegunTotp) -> StoredReply {
    Changed::reply(&TotpEnrolmentWire::from(begun), None)
}
