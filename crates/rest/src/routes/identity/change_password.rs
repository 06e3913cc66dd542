//! `POST /api/v1/auth/password/change`

use identity::Identity;
use identity::model::password::{Password, PasswordAttempt};
use identity::permission::ChangePassword as Permission;
use identity::usecase::change_password as usecase;
use kernel::Actor;
use serde_json::json;

use crate::limits::Class;
use crate::{Ask, Body, Env, FromJson, Guard, NoContent, Own, Problem, operation};

/// The present password and the next
#[derive(Debug, FromJson)]
pub struct ChangePassword {
    /// The present one.
    current_password: PasswordAttempt,
    /// The next: 12 to 128 characters, none of the common ones.
    new_password: Password,
}

impl Ask for ChangePassword {
    fn sample() -> serde_json::Value {
        json!({"current_password": "Salus-demo-2026", "new_password": "três tigres tristes"})
    }
}

/// Change the password
///
/// Ends the account's other sessions, in all of its companies; this one goes on.
#[operation(refuses(Conflict), secret)]
pub async fn change_password(
    guard: Guard<Own<Permission>>,
    identity: Env<Identity>,
    body: Body<ChangePassword>,
) -> Result<NoContent, Problem> {
    let permit = guard.permit(&body);
    if let Actor::Member { account, .. } = permit.actor() {
        guard.limit(Class::SignInAccount, &account.to_string()).await?;
    }
    let ChangePassword { current_password: current, new_password: new } = body.into_inner();
    let ask = usecase::ChangePassword { current, new };
    Ok(usecase::change_password(&identity, &permit, ask, NoContent::of).await?.into())
}
