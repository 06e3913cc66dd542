//! `DELETE /api/v1/auth/totp`

use identity::Identity;
use identity::model::password::PasswordAttempt;
use identity::model::second_factor::FactorCode;
use identity::permission::DisableTotp as Disable;
use identity::usecase::disable_totp::{self as usecase, OwnerProof};
use kernel::StoredReply;
use kernel::ids::TotpId;
use serde_json::json;

use crate::{Ask, Body, Env, FromJson, Guard, NoContent, Own, Problem, operation};

/// The proof that it is the owner who asks: a code or the password
#[derive(Debug, FromJson)]
pub struct DisableTotp {
    /// A code of the app, or a recovery code.
    totp_code: Option<FactorCode>,
    /// The account's password.
    password: Option<PasswordAttempt>,
}

impl Ask for DisableTotp {
    fn sample() -> serde_json::Value {
        json!({"totp_code": "287082"})
    }
}

/// Turn the second factor off
///
/// Needs a code, or the password in a session that was opened, or turned it on, with a code; wrong ones are counted as at
/// sign-in. Where a company requires a second factor of the role,
/// it stays on.
#[operation(refuses(Conflict, Forbidden))]
pub async fn disable_totp(
    guard: Guard<Own<Disable>>,
    identity: Env<Identity>,
    body: Body<DisableTotp>,
) -> Result<NoContent, Problem> {
    let permit = guard.permit(&body);
    let proof = match body.into_inner() {
        DisableTotp { totp_code: Some(code), .. } => OwnerProof::Code(code),
        DisableTotp { password: Some(password), .. } => OwnerProof::Password(password),
        DisableTotp { .. } => return Err(Problem::invalid_at("/totp_code", "required")),
    };
    Ok(usecase::disable_totp(&identity, &permit, proof, disabled).await?.into())
}

fn disabled(_: &TotpId) -> StoredReply {
    NoContent::reply()
}
