//! What the client programs of this package share; the suite itself is in `suite/`.

pub mod linkage;
pub mod measure;

/// A client that follows no redirect. It asks for a crypto provider even where it speaks no TLS.
pub fn http() -> reqwest::ClientBuilder {
    // Whoever was first has set the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none())
}
