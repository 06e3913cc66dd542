//! The OpenID providers, and where a sign-in at one may lead back to.

use std::sync::Arc;

use gateways::open_id::OpenIdProviders;
use identity::ports::OpenId;

use super::World;
use crate::settings::Settings;

/// The providers of the world, else those of the settings.
pub(super) fn providers(settings: &Settings, world: &World) -> Arc<dyn OpenId> {
    if let Some(given) = &world.openid {
        return given.clone();
    }
    let registrations = settings.openid.clone();
    Arc::new(OpenIdProviders::new(registrations, &settings.public_url, world.clock.clone()))
}

/// The origins of this API, of the application, and of other pages that may call.
pub(super) fn return_origins(settings: &Settings) -> Vec<String> {
    let own = [&settings.public_url, &settings.app_url].map(|url| origin(url));
    own.into_iter().chain(settings.cors_origins.iter().cloned()).collect()
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Variables;

    #[test]
    fn i8_a_sign_in_leads_back_to_pages_of_ours() {
        let items = [
            ("PUBLIC_URL", "http://127.0.0.1:8080/salus"),
            ("APP_URL", "https://app.example/clinic"),
            ("CORS_ORIGINS", "https://a.example,http://localhost:5173"),
        ];
        let settings = Settings::parse(&Variables::new(items)).unwrap();
        let origins = ["http://127.0.0.1:8080", "https://app.example", "https://a.example", "http://localhost:5173"];
        assert_eq!(return_origins(&settings), origins);
    }
}
