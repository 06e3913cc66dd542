//! `POST /api/v1/auth/sign-in`

use identity::Identity;
use identity::model::email::Email;
use identity::model::password::PasswordAttempt;
use identity::usecase::sign_in as usecase;
use identity::usecase::signed_in::SignedIn;
use kernel::StoredReply;
use kernel::ids::TenantId;
use serde_json::json;

use crate::limits::Class;
use crate::wire::identity::SessionWire;
use crate::{Ask, Body, Changed, Env, FromJson, Guard, Problem, Public, operation};

/// Who signs in
#[derive(Debug, FromJson)]
pub struct SignIn {
    /// The account's address.
    email: Email,
    /// Its password.
    password: PasswordAttempt,
    /// The company; needed when the account has several.
    company_id: Option<TenantId>,
}

impl Ask for SignIn {
    fn sample() -> serde_json::Value {
        json!({"email": "receptionist@aurora.example", "password": "Salus-demo-2026"})
    }
}

/// Sign in
///
/// Opens a session. An unknown address and a wrong password answer alike. An account with several companies is told them
/// by `identity.company_required` and asks again with one.
#[operation(class = SignIn, refuses(Unauthenticated, Forbidden), secret)]
pub async fn sign_in(
    guard: Guard<Public>,
    identity: Env<Identity>,
    body: Body<SignIn>,
) -> Result<Changed<SessionWire>, Problem> {
    let SignIn { email, password, company_id } = body.into_inner();
    guard.limit(Class::SignInAccount, email.as_str())?;
    let ask = usecase::SignIn { email, password, company: company_id };
    Ok(usecase::sign_in(&identity, guard.origin(), ask, signed_in).await?.into())
}

fn signed_in(signed_in: &SignedIn) -> StoredReply {
    Changed::reply(&SessionWire::from(signed_in), None)
}
