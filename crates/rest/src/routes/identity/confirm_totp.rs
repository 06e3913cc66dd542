//! `POST /api/v1/auth/totp/confirm`

use identity::Identity;
use identity::model::second_factor::{FactorCode, RecoveryCode};
use identity::permission::ConfirmTotp as Confirm;
use identity::usecase::confirm_totp as usecase;
use kernel::StoredReply;
use serde_json::json;

use crate::wire::identity::second_factor::RecoveryCodesWire;
use crate::{Ask, Body, Changed, Env, FromJson, Guard, Own, Problem, operation};

/// The proof that the app has the seed
#[derive(Debug, FromJson)]
pub struct ConfirmTotp {
    /// What the app shows now.
    totp_code: FactorCode,
}

impl Ask for ConfirmTotp {
    fn sample() -> serde_json::Value {
        json!({"totp_code": "287082"})
    }
}

/// Turn the second factor on
///
/// By a code of the app. From now on sign-in asks for one; it works once. The answer holds the recovery codes, which are
/// shown this once. The account's other sessions end, in all of its companies; this one goes on.
#[operation(refuses(Conflict, Invalid), secret)]
pub async fn confirm_totp(
    guard: Guard<Own<Confirm>>,
    identity: Env<Identity>,
    body: Body<ConfirmTotp>,
) -> Result<Changed<RecoveryCodesWire>, Problem> {
    let permit = guard.permit(&body);
    Ok(usecase::confirm_totp(&identity, &permit, &body.into_inner().totp_code, confirmed).await?.into())
}

fn confirmed(codes: &Vec<RecoveryCode>) -> StoredReply {
    Changed::reply(&RecoveryCodesWire::from(codes.as_slice()), None)
}
