//! `POST /api/v1/auth/oidc/exchange`

use identity::Identity;
use identity::model::oidc::{AppState, Home};
use identity::model::password::PasswordAttempt;
use identity::model::second_factor::FactorCode;
use identity::model::session::Secret;
use identity::usecase::exchange_oidc::{self as usecase, ExchangeOidcError};
use kernel::ids::TenantId;
use serde_json::json;

use crate::cookies::{InSession, Transport};
use crate::limits::Class;
use crate::wire::identity::oidc::Browser;
use crate::wire::identity::{SessionWire, renewed};
use crate::{Ask, Body, Changed, Env, FromJson, Guard, Problem, Public, operation};

/// A code, and what was asked back
#[derive(Debug, FromJson)]
pub struct ExchangeOidcCode {
    /// The code of the address, or `code_next` of the last problem.
    code: String,
    /// The `app_state` that the page began the sign-in with, as the page kept it, never as an address brought it; needed by
    /// callers that the browser's cookie does not come along with, and no help with `transport: cookie`.
    app_state: Option<AppState>,
    /// The account's password; needed once, when the account has one and this is its first sign-in at the provider.
    password: Option<PasswordAttempt>,
    /// The company; needed when the account has several.
    company_id: Option<TenantId>,
    /// A code of the authenticator app, or a recovery code; needed when the account has a second factor.
    totp_code: Option<FactorCode>,
    /// `cookie` for pages of the same site; `token` when absent.
    transport: Option<Transport>,
}

impl Ask for ExchangeOidcCode {
    fn sample() -> serde_json::Value {
        json!({"code": "43-characters-that-only-the-browser-brings-x"})
    }
}

/// Exchange a code for a session
///
/// The code that a page got from the callback works once, within a minute, and only where the sign-in was begun: in the browser
/// that holds its cookie, or for the page that knows its `app_state`. When something is missing (the account's password the
/// first time, a code of the second factor, or which company), the problem says so and carries `code_next`, which works for ten
/// minutes and takes five wrong answers.
#[operation(class = SignIn, refuses(Unauthenticated, Forbidden, Conflict), secret)]
pub async fn exchange_oidc_code(
    guard: Guard<Public>,
    identity: Env<Identity>,
    browser: Browser,
    body: Body<ExchangeOidcCode>,
) -> Result<InSession<Changed<SessionWire>>, Problem> {
    let ExchangeOidcCode { code, app_state, password, company_id, totp_code, transport } = body.into_inner();
    let transport = guard.transport(transport)?;
    let code = Secret::parse(&code).ok_or(ExchangeOidcError::Code)?;
    let app_state = app_state.filter(|_| transport == Transport::Token);
    let arrived = usecase::arrive(&identity, code, &Home { browser: browser.0, app_state }).await?;
    guard.limit(Class::SignInAccount, arrived.email().as_str()).await?;
    let ask = usecase::ExchangeOidc { password, company: company_id, factor: totp_code };
    let committed = usecase::exchange_oidc(&identity, guard.origin(), &arrived, ask, renewed(transport)).await?;
    Ok(InSession::open(committed, transport))
}
