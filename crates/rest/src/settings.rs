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
    /// True where mailed links lead to this server: it shows the pages behind them (`APP_URL` is `PUBLIC_URL`).
    pub serves_pages: bool,
    /// True where mails stay in the database and the documentation page says so (development without `SMTP_URL`).
    pub keeps_mails: bool,
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
            serves_pages: true,
            keeps_mails: false,
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

    /// Scheme, host and port of the public address.
    pub(crate) fn origin(&self) -> &str {
        let after_scheme = self.public_url.find("://").map_or(0, |at| at + 3);
        let rest = self.public_url.get(after_scheme..).unwrap_or_default();
        let length = rest.find('/').unwrap_or(rest.len());
        self.public_url.get(..after_scheme + length).unwrap_or_default()
    }

    /// True when callers come through TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
