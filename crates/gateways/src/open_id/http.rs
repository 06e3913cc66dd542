//! The HTTP client of the OpenID providers: it follows no redirect, waits no longer than ten seconds, and reads no more than a
//! megabyte.

use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use thiserror::Error;

const PATIENCE: Duration = Duration::from_secs(10);
const MOST: usize = 1024 * 1024;

/// The client of one provider.
pub(super) struct Http(Result<reqwest::Client, String>);

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum HttpFailed {
    #[error("no client: {0}")]
    NoClient(String),
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error("the answer is too large")]
    TooLarge,
    #[error("the provider failed with {0}")]
    Failed(u16),
    #[error(transparent)]
    Malformed(#[from] openidconnect::http::Error),
}

impl HttpFailed {
    /// An error with what led to it, without addresses, which may hold codes.
    pub(super) fn chain(error: &dyn Error) -> String {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl Http {
    /// A client that speaks TLS with ring, and nothing but TLS where the issuer does.
    pub(super) fn new(issuer: &str) -> Self {
        // Whoever was first has set the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(issuer.starts_with("https://"))
            .timeout(PATIENCE)
            .connect_timeout(PATIENCE / 2)
            .user_agent("salus")
            .build();
        Self(client.map_err(|error| error.to_string()))
    }

    /// The bytes of a document.
    pub(super) async fn get(&self, address: &str) -> Result<Vec<u8>, HttpFailed> {
        let response = self.client()?.get(address).header("accept", "application/json").send().await;
        let response = response.map_err(reqwest::Error::without_url)?;
        match response.status().as_u16() {
            200 => body(response).await,
            status => Err(HttpFailed::Failed(status)),
        }
    }

    fn client(&self) -> Result<&reqwest::Client, HttpFailed> {
        self.0.as_ref().map_err(|error| HttpFailed::NoClient(error.clone()))
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailed> {
        let request = reqwest::Request::try_from(request)?;
        let response = self.client()?.execute(request).await.map_err(reqwest::Error::without_url)?;
        let status = response.status();
        if status.is_server_error() {
            return Err(HttpFailed::Failed(status.as_u16()));
        }
        let mut answer = openidconnect::http::Response::builder().status(status);
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        Ok(answer.body(body(response).await?)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpFailed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

async fn body(mut response: reqwest::Response) -> Result<Vec<u8>, HttpFailed> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if bytes.len() + chunk.len() > MOST {
            return Err(HttpFailed::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
