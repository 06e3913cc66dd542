//! What the operator may set of the HTTP layer.

use std::time::Duration;

use ipnet::IpNet;

use crate::idempotency::sha256;
use crate::limits::Rates;

/// Settings of the HTTP layer; the binary reads them from the environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where callers find this server, without a slash at the end (`PUBLIC_URL`).
    pub public_url: String,
    /// Origins that browsers may call from (`CORS_ORIGINS`); none by default.
    pub cors_origins: Vec<String>,
    /// Networks whose `X-Forwarded-For` is believed (`TRUSTED_PROXIES`); none by default.
    pub trusted_proxies: Vec<IpNet>,
    /// Rate limits (`RATE_LIMITS`).
    pub rates: Rates,
    /// SHA-256 of the operator's bearer token; without one `/metrics` is closed here.
    pub operator: Option<OperatorToken>,
    /// How long a request may take (C13: 30 s).
    pub deadline: Duration,
    /// How long a body may take to arrive.
    pub body_patience: Duration,
}

/// The operator's bearer token, kept as its hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OperatorToken([u8; 32]);

impl OperatorToken {
    /// The token of this text.
    pub fn new(token: &str) -> Self {
        Self(sha256(token.as_bytes()))
    }

    /// True when the text is the token; hashes are compared, so time tells nothing of it.
    pub fn admits(&self, token: &str) -> bool {
        self.0 == sha256(token.as_bytes())
    }
}

impl std::fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OperatorToken(..)")
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            operator: None,
            deadline: Duration::from_secs(30),
            body_patience: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// How long a body may take to arrive.
    pub(crate) fn body_patience(&self) -> Duration {
        self.body_patience
    }

    /// True when callers come through TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
