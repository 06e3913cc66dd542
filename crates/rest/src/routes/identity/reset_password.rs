//! `POST /api/v1/auth/password/reset`

use identity::Identity;
use identity::model::password::Password;
use identity::model::session::Secret;
use identity::usecase::reset_password::{self as usecase, ResetPasswordError};
use serde_json::json;

use crate::{Ask, Body, Env, FromJson, Guard, NoContent, Problem, Public, operation};

/// What the link holds, and the new password
#[derive(FromJson)]
pub struct ResetPassword {
    /// The token of the link.
    token: String,
    /// 12 to 128 characters, none of the common ones.
    password: Password,
}

impl Ask for ResetPassword {
    fn sample() -> serde_json::Value {
        json!({"token": "43-characters-that-left-by-mail-and-work-1x", "password": "três tigres tristes"})
    }
}

/// Set a new password
///
/// By the token of the link that was mailed; it works once, for an hour. All sessions of the account end, and its address
/// counts as verified.
#[operation(class = PasswordReset, secret)]
pub async fn reset_password(
    guard: Guard<Public>,
    identity: Env<Identity>,
    body: Body<ResetPassword>,
) -> Result<NoContent, Problem> {
    let ResetPassword { token, password } = body.into_inner();
    let secret = Secret::parse(&token).ok_or(ResetPasswordError::Invalid)?;
    let ask = usecase::ResetPassword { secret, password };
    Ok(usecase::reset_password(&identity, guard.origin(), ask, NoContent::of).await?.into())
}
