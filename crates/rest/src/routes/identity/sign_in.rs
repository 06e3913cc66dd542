//! `POST /api/v1/auth/sign-in`

use identity::Identity;
use identity::model::email::Email;
use identity::model::password::PasswordAttempt;
use identity::model::second_factor::FactorCode;
use identity::usecase::sign_in as usecase;
use kernel::ids::TenantId;
use serde_json::json;

use crate::cookies::{InSession, Transport};
use crate::limits::Class;
use crate::wire::identity::{SessionWire, renewed};
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
    /// A code of the authenticator app, or a recovery code; needed when the account has a second factor.
    totp_code: Option<FactorCode>,
    /// `cookie` for pages of the same site; `token` when absent.
    transport: Option<Transport>,
}

impl Ask for SignIn {
    fn sample() -> serde_json::Value {
        json!({"email": "receptionist@aurora.example", "password": "Salus-demo-2026"})
    }
}

/// Sign in
///
/// Opens a session. An unknown address and a wrong password answer alike. An account with several companies is told them
/// by `identity.company_required` and asks again with one; an account with a second factor is told so by
/// `identity.totp_code_required`. Where the company requires a second factor of the role and there is none yet, the session is
/// for one's own account alone (`totp_enrolment_required`) until it is enrolled.
///
/// With `transport: cookie` the tokens travel in `HttpOnly` cookies, and unsafe requests must send back `csrf_token` as
/// `X-CSRF-Token`.
#[operation(class = SignIn, refuses(Unauthenticated, Forbidden), secret)]
pub async fn sign_in(
    guard: Guard<Public>,
    identity: Env<Identity>,
    body: Body<SignIn>,
) -> Result<InSession<Changed<SessionWire>>, Problem> {
    let SignIn { email, password, company_id, totp_code, transport } = body.into_inner();
    let transport = guard.transport(transport)?;
    guard.limit(Class::SignInAccount, email.as_str()).await?;
    let ask = usecase::SignIn { email, password, company: company_id, code: totp_code };
    let committed = usecase::sign_in(&identity, guard.origin(), ask, renewed(transport)).await?;
    Ok(InSession::open(committed, transport))
}
