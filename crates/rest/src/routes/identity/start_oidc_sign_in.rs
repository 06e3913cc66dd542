//! `GET /api/v1/auth/oidc/{provider}/start`

use actix_web::web::Path;
use identity::Identity;
use identity::model::oidc::AppState;
use identity::usecase::start_oidc as usecase;

use crate::redirect::Redirect;
use crate::wire::identity::oidc::{Browser, provider};
use crate::{Env, FromQuery, Guard, Params, Problem, Public, operation};

/// Where a sign-in leads back to
#[derive(Debug, FromQuery)]
pub struct StartOidc {
    /// The page to come back to, below `PUBLIC_URL` or one of `CORS_ORIGINS`, without query and fragment. It gets `code`, or
    /// `error` with the code of a problem.
    return_to: String,
    /// What the page wants back as `state`, to know its own sign-in by.
    app_state: Option<AppState>,
}

/// Sign in at an OpenID provider
///
/// Sends the browser to the provider, and from there back to `return_to`. A page links here; it does not fetch.
#[operation(class = SignIn, refuses(NotFound))]
pub async fn start_oidc_sign_in(
    _guard: Guard<Public>,
    identity: Env<Identity>,
    name: Path<String>,
    params: Params<StartOidc>,
    browser: Browser,
) -> Result<Redirect, Problem> {
    let StartOidc { return_to, app_state } = params.0;
    let ask = usecase::StartOidc { provider: provider(&name)?, return_to, app_state, browser: browser.0 };
    let departure = usecase::start_oidc(&identity, ask).await?;
    Ok(Redirect::to(departure.address).keeping(Browser::cookie(&departure.browser)))
}
