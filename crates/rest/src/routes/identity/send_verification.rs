//! `POST /api/v1/auth/email/verification`

use identity::Identity;
use identity::model::email_proof::PROOF_LIFE;
use identity::permission::SendVerification;
use identity::usecase::send_verification as usecase;
use kernel::StoredReply;
use kernel::ids::AccountId;

use crate::wire::identity::account::MailedLinkWire;
use crate::{Accepted, Env, Guard, Own, Problem, operation};

/// Send the verification link again
///
/// To the address of the account, unless it is verified. Links that left before go on working.
#[operation(class = PasswordReset, refuses(Conflict), secret)]
pub async fn send_verification(
    guard: Guard<Own<SendVerification>>,
    identity: Env<Identity>,
) -> Result<Accepted<MailedLinkWire>, Problem> {
    Ok(usecase::send_verification(&identity, &guard.permit(&()), accepted).await?.into())
}

fn accepted(_: &AccountId) -> StoredReply {
    Accepted::reply(&MailedLinkWire::living(PROOF_LIFE))
}
