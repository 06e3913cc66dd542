//! `POST /api/v1/auth/email/verify`

use identity::Identity;
use identity::model::session::Secret;
use identity::usecase::verify_email::{self as usecase, VerifyEmailError};
use kernel::StoredReply;
use kernel::ids::AccountId;
use serde_json::json;

use crate::{Ask, Body, Env, FromJson, Guard, NoContent, Problem, Public, operation};

/// What the link holds
#[derive(FromJson)]
pub struct VerifyEmail {
    /// The token of the link.
    token: String,
}

impl Ask for VerifyEmail {
    fn sample() -> serde_json::Value {
        json!({"token": "43-characters-that-left-by-mail-and-work-1x"})
    }
}

/// Verify an e-mail address
///
/// By the token of the link that was mailed to it; it works once, for 72 hours.
#[operation(secret)]
pub async fn verify_email(
    guard: Guard<Public>,
    identity: Env<Identity>,
    body: Body<VerifyEmail>,
) -> Result<NoContent, Problem> {
    let secret = Secret::parse(&body.into_inner().token).ok_or(VerifyEmailError::Invalid)?;
    Ok(usecase::verify_email(&identity, guard.origin(), &secret, verified).await?.into())
}

fn verified(_: &AccountId) -> StoredReply {
    NoContent::reply()
}
