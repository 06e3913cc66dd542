//! The way to an OpenID provider (I8).

use kernel::seal::CannotOpen;
use kernel::{Fault, FromStore, Kind, Refusal, StoreError};
use thiserror::Error;

use crate::Identity;
use crate::model::oidc::{AppState, Flow, Handshake, Provider, ReturnTo};
use crate::model::session::Secret;
use crate::ports::OpenIdFailed;

/// Who wants to sign in where.
#[derive(Debug)]
pub struct StartOidc {
    /// The provider.
    pub provider: Provider,
    /// Where the browser goes afterwards.
    pub return_to: String,
    /// What the page wants back.
    pub app_state: Option<AppState>,
    /// The cookie that the browser has already, of a sign-in that it began in another tab.
    pub browser: Option<Secret>,
}

/// Where the browser goes now.
#[derive(Debug)]
pub struct Departure {
    /// The provider's address.
    pub address: String,
    /// What the browser keeps as a cookie until it comes back.
    pub browser: Secret,
}

/// Why nobody goes anywhere.
#[derive(Debug, Error)]
pub enum StartOidcError {
    /// The provider was not set up.
    #[error("the provider is not set up")]
    UnknownProvider,
    /// The address to return to is not on the list.
    #[error("the address to return to is not allowed")]
    ReturnTo,
    /// The provider does not answer.
    #[error(transparent)]
    Provider(#[from] OpenIdFailed),
    /// What must be kept could not be sealed.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for StartOidcError {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownProvider => Kind::NotFound,
            Self::ReturnTo => Kind::Invalid,
            Self::Provider(_) => Kind::Unavailable,
            Self::Sealing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider => "not_found",
            Self::ReturnTo => "invalid",
            Self::Provider(_) => "identity.oidc_unavailable",
            Self::Sealing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::ReturnTo => vec![Fault::at("return_to", "identity.return_to_not_allowed")],
            _ => Vec::new(),
        }
    }
}

impl FromStore for StartOidcError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Begins a sign-in: what must come back is kept here, sealed, and bound to the browser by a secret of its own. No company is
/// known yet, so nothing is journalled.
pub async fn start_oidc(env: &Identity, ask: StartOidc) -> Result<Departure, StartOidcError> {
    let StartOidc { provider, return_to, app_state, browser } = ask;
    if !env.openid.providers().contains(&provider) {
        return Err(StartOidcError::UnknownProvider);
    }
    let return_to = ReturnTo::parse(&return_to, &env.return_origins).ok().ok_or(StartOidcError::ReturnTo)?;
    let fresh = || Secret::new(*env.random.secret());
    let handshake = Handshake { state: fresh(), nonce: fresh(), verifier: fresh() };
    let browser = browser.unwrap_or_else(fresh);
    let address = env.openid.address(provider, &handshake).await?;
    let now = env.clock.now();
    let back = (return_to, app_state);
    let flow = Flow::begin(env.ids.next(), provider, back, (&handshake, &browser), &env.keyring, now)?;
    let tx = env.db.begin_across_tenants("begin a sign-in at a provider").await?;
    tx.oidc_flow_add(&flow).await?;
    tx.finish().await?;
    Ok(Departure { address, browser })
}
