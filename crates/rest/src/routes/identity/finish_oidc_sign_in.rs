//! `GET /api/v1/auth/oidc/{provider}/callback`

use actix_web::web::Path;
use identity::Identity;
use identity::usecase::finish_oidc as usecase;

use crate::redirect::Redirect;
use crate::wire::identity::oidc::{CallbackQuery, provider};
use crate::{Env, Guard, Problem, Public, operation};

/// Come back from an OpenID provider
///
/// The provider sends the browser here, which is sent on to the page that began the sign-in. What a provider adds to the address
/// beyond the parameters named here is ignored.
#[operation(class = SignIn, refuses(NotFound))]
pub async fn finish_oidc_sign_in(
    _guard: Guard<Public>,
    identity: Env<Identity>,
    name: Path<String>,
    callback: CallbackQuery,
) -> Result<Redirect, Problem> {
    let ask = callback.of(provider(&name)?);
    Ok(Redirect::to(usecase::finish_oidc(&identity, ask).await?))
}
