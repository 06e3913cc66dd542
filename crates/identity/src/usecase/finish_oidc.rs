//! The way back from an OpenID provider (I8).

use kernel::seal::CannotOpen;
use kernel::{FromStore, Kind, Refusal, StoreError};
use thiserror::Error;

use crate::Identity;
use crate::model::oidc::{Flow, Grant, Person, Provider};
use crate::model::session::Secret;
use crate::ports::OpenIdFailed;

/// What a browser brings back.
#[derive(Debug)]
pub struct FinishOidc {
    /// The provider whose callback it is.
    pub provider: Provider,
    /// The state, if it is one of ours.
    pub state: Option<Secret>,
    /// The cookie, if it is one of ours.
    pub browser: Option<Secret>,
    /// The provider's code; `None` when the provider says that nobody signed in.
    pub code: Option<String>,
}

/// Why a callback belongs to no sign-in that was begun here.
#[derive(Debug, Error)]
pub enum FinishOidcError {
    /// The provider was not set up.
    #[error("the provider is not set up")]
    UnknownProvider,
    /// The state is unknown, used before, too old, or of another browser or provider.
    #[error("the state is not of a sign-in that this browser began")]
    State,
    /// What was kept does not open, or cannot be sealed.
    #[error(transparent)]
    Sealing(#[from] CannotOpen),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for FinishOidcError {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownProvider => Kind::NotFound,
            Self::State => Kind::Invalid,
            Self::Sealing(_) => Kind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider => "not_found",
            Self::State => "identity.oidc_state_invalid",
            Self::Sealing(_) => "internal",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for FinishOidcError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// Ends a sign-in at a provider, and answers where the browser goes: with a one-time code, or with the reason why there is
/// none. Whatever the outcome, the state is spent.
pub async fn finish_oidc(env: &Identity, ask: FinishOidc) -> Result<String, FinishOidcError> {
    let FinishOidc { provider, state, browser, code } = ask;
    if !env.openid.providers().contains(&provider) {
        return Err(FinishOidcError::UnknownProvider);
    }
    let (state, browser) = state.zip(browser).ok_or(FinishOidcError::State)?;
    let tx = env.db.begin_across_tenants("end a sign-in at a provider").await?;
    let flow = tx.oidc_flow_take(&state.hash()).await?.ok_or(FinishOidcError::State)?;
    tx.finish().await?;
    if !flow.is_of(provider, &browser, env.clock.now()) {
        return Err(FinishOidcError::State);
    }
    let Some(code) = code else { return Ok(flow.refusal("identity.oidc_denied")) };
    let handshake = flow.handshake(state, &env.keyring)?;
    let person = match env.openid.person(provider, &code, &handshake).await {
        Ok(person) => person,
        Err(OpenIdFailed::Unavailable) => return Ok(flow.refusal("identity.oidc_unavailable")),
        Err(OpenIdFailed::NotTrusted) => return Ok(flow.refusal("identity.oidc_failed")),
    };
    land(env, &flow, &person).await
}

/// A code for whoever has an account here, or may come to have it.
async fn land(env: &Identity, flow: &Flow, person: &Person) -> Result<String, FinishOidcError> {
    let tx = env.db.begin_across_tenants("grant of a sign-in at a provider").await?;
    if tx.oidc_account(person).await?.is_none() {
        let Some(email) = &person.email else { return Ok(flow.refusal("identity.oidc_email_unverified")) };
        if tx.account_by_email(email).await?.is_none() {
            return Ok(flow.refusal("identity.oidc_no_account"));
        }
    }
    let code = Secret::new(*env.random.secret());
    let grant = Grant::of(env.ids.next(), flow, person, &code, &env.keyring, env.clock.now())?;
    tx.oidc_grant_add(&grant).await?;
    tx.finish().await?;
    Ok(flow.landing(&code))
}
