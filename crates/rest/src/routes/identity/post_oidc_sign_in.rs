//! `POST /api/v1/auth/oidc/{provider}/callback`

use actix_web::web::Path;
use identity::Identity;
use identity::usecase::finish_oidc as usecase;

use crate::redirect::Redirect;
use crate::wire::identity::oidc::{CallbackForm, provider};
use crate::{Env, Guard, Problem, Public, operation};

/// Come back from an OpenID provider by a form
///
/// The same as with GET, for a provider that posts its answer, as Apple does.
#[operation(class = SignIn, refuses(NotFound))]
pub async fn post_oidc_sign_in(
    _guard: Guard<Public>,
    identity: Env<Identity>,
    name: Path<String>,
    callback: CallbackForm,
) -> Result<Redirect, Problem> {
    let ask = callback.of(provider(&name)?);
    Ok(Redirect::to(usecase::finish_oidc(&identity, ask).await?))
}
