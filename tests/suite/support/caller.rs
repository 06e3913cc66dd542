//! Somebody who sends requests.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::Value;

use super::answer::Answer;

/// An `Idempotency-Key` that no other request has.
pub fn fresh_key() -> String {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    format!("fresh-{}", KEYS.fetch_add(1, Ordering::Relaxed))
}

/// Somebody who sends requests, signed in or not.
#[derive(Clone)]
pub struct Caller {
    pub base: String,
    pub token: Option<String>,
    pub http: reqwest::Client,
}

impl Caller {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    /// A creating request, with a key where one is needed.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        if ["/invitations", "/replay"].iter().any(|ending| path.ends_with(ending)) {
            return self.post_once(path, &fresh_key(), body).await;
        }
        self.send(Method::POST, path, Some(body), &[]).await
    }

    /// A replacement of whichever version is there.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, Some(body), &[("if-match", "*")]).await
    }

    /// A merge patch of the version that was seen.
    pub async fn patch(&self, path: &str, seen: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, Some(body), &[("if-match", seen)]).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// A creating request that may be repeated under the same key.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body), &[("idempotency-key", key)]).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Answer {
        let text = body.map(ToString::to_string);
        self.send_text(method, path, text, headers).await
    }

    /// The same with a body that need not be JSON.
    pub async fn send_text(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let asked = format!("{method} {path}");
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.body(body);
            if !headers.iter().any(|(name, _)| *name == "content-type") {
                request = request.header("content-type", "application/json");
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::read(asked, request.send().await.unwrap()).await
    }
}
