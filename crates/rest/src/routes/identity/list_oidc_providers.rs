//! `GET /api/v1/auth/oidc/providers`

use identity::Identity;
use identity::model::oidc::Provider;
use kernel::Page;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Env, Guard, Public, Read, Wire, operation, pages};

/// A provider that people can sign in at
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OidcProvider)]
pub struct ProviderWire {
    /// `google`, `microsoft` or `apple`.
    id: String,
    /// As a button writes it.
    name: String,
    /// Where a page sends the browser, with `return_to`.
    start: String,
}

impl From<Provider> for ProviderWire {
    fn from(provider: Provider) -> Self {
        let start = format!("/api/v1/auth/oidc/{}/start", provider.name());
        Self { id: provider.name().to_owned(), name: provider.title().to_owned(), start }
    }
}

impl Wire for ProviderWire {
    fn sample() -> Self {
        Self::from(Provider::Google)
    }
}

pages! {
    /// The OpenID providers
    OidcProviderPage of ProviderWire;
}

/// List OpenID providers
///
/// Those that this installation was set up with. It has one page.
#[operation]
pub async fn list_oidc_providers(_guard: Guard<Public>, identity: Env<Identity>) -> Read<OidcProviderPage> {
    let page = Page { items: identity.openid.providers(), next: None, total: None };
    Read::page(page, ProviderWire::from)
}
