//! `POST /api/v1/auth/password/forgot`

use std::time::Duration;

use actix_web::rt::time::{Instant, sleep_until};
use identity::Identity;
use identity::model::email::Email;
use identity::model::password_reset::RESET_LIFE;
use identity::usecase::forgot_password::{self as usecase, Asked};
use kernel::StoredReply;
use serde_json::json;

use crate::limits::Class;
use crate::wire::identity::account::MailedLinkWire;
use crate::{Accepted, Ask, Body, Env, FromJson, Guard, Problem, Public, operation};

/// No answer comes sooner, so that the time says nothing of the address: the work that differs is far shorter.
const AT_LEAST: Duration = Duration::from_millis(150);

/// Whose password is forgotten
#[derive(Debug, FromJson)]
pub struct ForgotPassword {
    /// The address one signs in with.
    email: Email,
}

impl Ask for ForgotPassword {
    fn sample() -> serde_json::Value {
        json!({"email": "receptionist@aurora.example"})
    }
}

/// Ask for a link that sets a new password
///
/// It leaves by mail if the address has an account. Whether it has is never told: the answer is the same.
#[operation(class = PasswordReset)]
pub async fn forgot_password(
    guard: Guard<Public>,
    identity: Env<Identity>,
    body: Body<ForgotPassword>,
) -> Result<Accepted<MailedLinkWire>, Problem> {
    let email = body.into_inner().email;
    guard.limit(Class::PasswordReset, email.as_str()).await?;
    let answers_at = Instant::now() + AT_LEAST;
    let asked = usecase::forgot_password(&identity, guard.origin(), &email, accepted).await;
    sleep_until(answers_at).await;
    Ok(asked?.into())
}

fn accepted(_: &Asked) -> StoredReply {
    Accepted::reply(&MailedLinkWire::living(RESET_LIFE))
}
