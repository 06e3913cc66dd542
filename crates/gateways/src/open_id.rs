//! OpenID providers (I8): authorization code with PKCE, and the checks of the id token, through `openidconnect`.

mod http;
mod metadata;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration, Utc};
use identity::model::email::Email;
use identity::model::oidc::{Handshake, Person, Provider};
use identity::ports::{OpenId, OpenIdFailed};
use kernel::Clock;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse,
};
use zeroize::Zeroizing;

use http::{Http, HttpFailed};
use metadata::{Known, issuer_fits};

/// By how much a provider's clock may differ from ours.
const LEEWAY: Duration = Duration::seconds(60);

/// How we are known at one provider.
#[derive(Clone)]
pub struct Registration {
    /// Which provider.
    pub provider: Provider,
    /// The provider's issuer, where its discovery document lies.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: Zeroizing<String>,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration")
            .field("provider", &self.provider)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// The providers that were set up.
pub struct OpenIdProviders {
    parties: BTreeMap<Provider, Party>,
    clock: Arc<dyn Clock>,
}

/// One provider with what we know of it.
struct Party {
    registration: Registration,
    redirect: String,
    http: Http,
    known: Known,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl std::fmt::Debug for OpenIdProviders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.parties.keys()).finish()
    }
}

/// The issuer of a provider unless a setting names another.
pub const fn usual_issuer(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "https://accounts.google.com",
        Provider::Microsoft => "https://login.microsoftonline.com/common/v2.0",
        Provider::Apple => "https://appleid.apple.com",
    }
}

impl OpenIdProviders {
    /// The providers of these registrations; they send browsers back below `public_url`. Nothing is asked of them yet.
    pub fn new(registrations: Vec<Registration>, public_url: &str, clock: Arc<dyn Clock>) -> Self {
        let party = |registration: Registration| {
            let provider = registration.provider;
            let redirect = format!("{public_url}/api/v1/auth/oidc/{}/callback", provider.name());
            let http = Http::new(&registration.issuer);
            (provider, Party { registration, redirect, http, known: Known::default() })
        };
        Self { parties: registrations.into_iter().map(party).collect(), clock }
    }

    fn party(&self, provider: Provider) -> Result<&Party, OpenIdFailed> {
        self.parties.get(&provider).ok_or(OpenIdFailed::Unavailable)
    }
}

#[async_trait]
impl OpenId for OpenIdProviders {
    fn providers(&self) -> Vec<Provider> {
        self.parties.keys().copied().collect()
    }

    async fn address(&self, provider: Provider, handshake: &Handshake) -> Result<String, OpenIdFailed> {
        let party = self.party(provider)?;
        let metadata = party.metadata(self.clock.now()).await?;
        party.address(metadata, handshake)
    }

    async fn person(&self, provider: Provider, code: &str, handshake: &Handshake) -> Result<Person, OpenIdFailed> {
        let (party, now) = (self.party(provider)?, self.clock.now());
        let metadata = party.metadata(now).await?;
        let issuer = metadata.issuer().as_str().to_owned();
        let client = party.client(party.with_keys(metadata).await?)?;
        let token = party.redeem(&client, code, handshake).await?;
        let nonce = Nonce::new(handshake.nonce.expose());
        party.checked(&client, &token, &nonce, &issuer, now).ok_or_else(|| {
            tracing::warn!(provider = provider.name(), "an id token was refused");
            OpenIdFailed::NotTrusted
        })
    }
}

impl Party {
    async fn metadata(&self, now: DateTime<Utc>) -> Result<CoreProviderMetadata, OpenIdFailed> {
        self.known.read(&self.http, &self.registration.issuer, now).await.map_err(|error| self.unavailable(&error))
    }

    /// The same with the keys as they are published now: they change without notice.
    async fn with_keys(&self, metadata: CoreProviderMetadata) -> Result<CoreProviderMetadata, OpenIdFailed> {
        let keys = openidconnect::core::CoreJsonWebKeySet::fetch_async(metadata.jwks_uri(), &self.http).await;
        Ok(metadata.set_jwks(keys.map_err(|error| self.unavailable(&error))?))
    }

    fn client(&self, metadata: CoreProviderMetadata) -> Result<Client, OpenIdFailed> {
        let Registration { client_id, client_secret, .. } = &self.registration;
        let methods = metadata.token_endpoint_auth_methods_supported();
        let in_header = methods
            .is_none_or(|methods| methods.contains(&openidconnect::core::CoreClientAuthMethod::ClientSecretBasic));
        let auth = if in_header { AuthType::BasicAuth } else { AuthType::RequestBody };
        let secret = ClientSecret::new(client_secret.as_str().to_owned());
        let redirect = RedirectUrl::new(self.redirect.clone()).map_err(|error| self.unavailable(&error))?;
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(client_id.clone()), Some(secret));
        Ok(client.set_redirect_uri(redirect).set_auth_type(auth))
    }

    fn address(&self, metadata: CoreProviderMetadata, handshake: &Handshake) -> Result<String, OpenIdFailed> {
        let client = self.client(metadata)?;
        let (state, nonce) = (handshake.state.expose(), handshake.nonce.expose());
        let verifier = PkceCodeVerifier::new(handshake.verifier.expose());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        // Apple tells the address only to a form post.
        if self.registration.provider == Provider::Apple {
            request = request.add_extra_param("response_mode", "form_post");
        }
        let (address, _, _) = request.url();
        Ok(address.into())
    }

    async fn redeem(&self, client: &Client, code: &str, handshake: &Handshake) -> Result<CoreIdToken, OpenIdFailed> {
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| self.unavailable(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(handshake.verifier.expose()));
        match request.request_async(&self.http).await {
            Ok(response) => response.id_token().cloned().ok_or(OpenIdFailed::NotTrusted),
            Err(RequestTokenError::ServerResponse(_) | RequestTokenError::Parse(..)) => Err(OpenIdFailed::NotTrusted),
            Err(error) => Err(self.unavailable(&error)),
        }
    }

    /// Who the token speaks of; nothing unless it is signed by the provider's keys, for us alone, now, and with our nonce.
    fn checked(
        &self,
        client: &Client,
        token: &CoreIdToken,
        nonce: &Nonce,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Option<Person> {
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs([CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, CoreJwsSigningAlgorithm::EcdsaP256Sha256])
            .require_issuer_match(false)
            .set_time_fn(move || now - LEEWAY)
            .set_issue_time_verifier_fn(move |issued| {
                if issued <= now + LEEWAY { Ok(()) } else { Err("issued in the future".to_owned()) }
            });
        let claims = token.claims(&verifier, nonce).ok()?;
        let said = metadata::said(&token.to_string())?;
        let is_ours = claims.authorized_party().is_none_or(|party| party.as_str() == self.registration.client_id);
        let fits = issuer_fits(issuer, claims.issuer().as_str(), said.tid.as_deref());
        (is_ours && fits).then(|| Person {
            issuer: claims.issuer().as_str().to_owned(),
            subject: claims.subject().as_str().to_owned(),
            email: verified_email(claims, said.vouches(self.registration.provider, claims.email_verified())),
        })
    }

    fn unavailable(&self, error: &dyn std::error::Error) -> OpenIdFailed {
        tracing::warn!(provider = self.registration.provider.name(), error = %HttpFailed::chain(error), "no answer of an OpenID provider");
        OpenIdFailed::Unavailable
    }
}

/// The address, if the provider vouches for it.
fn verified_email(claims: &CoreIdTokenClaims, is_vouched_for: bool) -> Option<Email> {
    let email = claims.email().filter(|_| is_vouched_for)?;
    Email::parse(email.as_str()).ok()
}
