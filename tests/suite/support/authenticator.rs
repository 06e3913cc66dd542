//! Somebody's authenticator app.

use chrono::{DateTime, Utc};
use serde_json::json;
use totp_rs::{Builder, Secret};

use super::caller::Caller;
use super::office::text;

/// An app that holds one seed.
pub struct Authenticator(String);

impl Authenticator {
    /// Begins a second factor of the caller, and takes its seed.
    pub async fn begun(caller: &Caller) -> Self {
        let begun = caller.send(reqwest::Method::POST, "/api/v1/auth/totp", None, &[]).await.expect(200);
        Self(text(&begun["secret"]))
    }

    /// A second factor of the caller that is on, and its recovery codes.
    pub async fn enrolled(caller: &Caller, now: DateTime<Utc>) -> (Self, Vec<String>) {
        let app = Self::begun(caller).await;
        let proof = json!({ "totp_code": app.code(now) });
        let codes = caller.post("/api/v1/auth/totp/confirm", &proof).await.expect(200);
        (app, codes["recovery_codes"].as_array().unwrap().iter().map(text).collect())
    }

    /// What it shows at an instant.
    pub fn code(&self, at: DateTime<Utc>) -> String {
        let seed = Secret::try_from_base32(&self.0).unwrap();
        let app = Builder::new().with_secret(seed).build().unwrap();
        app.generate(at.timestamp().try_into().unwrap()).to_string()
    }

    /// Another code than the one it shows.
    pub fn wrong(&self, at: DateTime<Utc>) -> String {
        let code: u32 = self.code(at).parse().unwrap();
        format!("{:06}", (code + 500_000) % 1_000_000)
    }
}
