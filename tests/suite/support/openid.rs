//! OpenID providers that say whatever a test wants: the code itself tells who came, and what must have come along.

use async_trait::async_trait;
use identity::model::email::Email;
use identity::model::oidc::{Handshake, Person, Provider};
use identity::ports::{OpenId, OpenIdFailed};

use super::answer::Answer;
use super::app::TestApp;

/// Google and Apple; nobody set up Microsoft.
#[derive(Debug)]
pub struct FakeOpenId;

/// A browser that was sent to a provider.
#[derive(Debug, Clone)]
pub struct Visit {
    /// What the provider must bring back.
    pub state: String,
    /// `nonce` and `verifier`, as the code must hold them.
    pub proof: String,
    /// The cookie, as the browser sends it.
    pub cookie: String,
}

/// Where a test's pages lie.
pub const PAGE: &str = "http://127.0.0.1:8080/signed-in";

/// What a page of a test knows its own sign-in by.
pub const STATE: &str = "tab_7";

/// The value of a parameter of an address.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(known, _)| *known == name))
        .map(|(_, v)| v.to_owned())
}

#[async_trait]
impl OpenId for FakeOpenId {
    fn providers(&self) -> Vec<Provider> {
        vec![Provider::Google, Provider::Apple]
    }

    async fn address(&self, _: Provider, handshake: &Handshake) -> Result<String, OpenIdFailed> {
        let proof = proof(handshake);
        Ok(format!("https://id.example/authorize?state={}&proof={proof}", handshake.state.expose()))
    }

    async fn person(&self, _: Provider, code: &str, handshake: &Handshake) -> Result<Person, OpenIdFailed> {
        match code.split('!').collect::<Vec<_>>().as_slice() {
            ["down"] => Err(OpenIdFailed::Unavailable),
            [subject, email, came] if *came == proof(handshake) => Ok(Person {
                issuer: "https://id.example".to_owned(),
                subject: (*subject).to_owned(),
                email: Email::parse(email).ok(),
            }),
            _ => Err(OpenIdFailed::NotTrusted),
        }
    }
}

fn proof(handshake: &Handshake) -> String {
    format!("{}.{}", handshake.nonce.expose(), handshake.verifier.expose())
}

impl Visit {
    /// A browser that is sent to a provider.
    pub async fn begin(app: &TestApp, provider: &str) -> Self {
        Self::of(&app.anonymous().get(&format!("/api/v1/auth/oidc/{provider}/start?return_to={PAGE}")).await)
    }

    /// The browser of such an answer.
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 303, "{}", answer.text());
        let (address, cookie) = (answer.header("location").unwrap(), answer.header("set-cookie").unwrap());
        let of = |name| parameter(address, name).unwrap();
        Self { state: of("state"), proof: of("proof"), cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    /// The code by which the provider says who came; `-` is an address that it does not vouch for.
    pub fn code(&self, subject: &str, email: &str) -> String {
        format!("{subject}!{email}!{}", self.proof)
    }

    /// Comes back with a code.
    pub async fn back(&self, app: &TestApp, provider: &str, code: &str) -> Answer {
        let path = format!("/api/v1/auth/oidc/{provider}/callback?state={}&code={code}&scope=email", self.state);
        app.anonymous().send(reqwest::Method::GET, &path, None, &[("cookie", &self.cookie)]).await
    }

    /// Comes back as this person; what the page gets.
    pub async fn land(&self, app: &TestApp, provider: &str, subject: &str, email: &str) -> String {
        let answer = self.back(app, provider, &self.code(subject, email)).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").unwrap().to_owned()
    }
}

/// The one-time code of somebody who signed in at Google.
pub async fn google_code(app: &TestApp, subject: &str, email: &str) -> String {
    let path = format!("/api/v1/auth/oidc/google/start?return_to={PAGE}&app_state={STATE}");
    let landing = Visit::of(&app.anonymous().get(&path).await).land(app, "google", subject, email).await;
    parameter(&landing, "code").unwrap_or_else(|| panic!("no code: {landing}"))
}

/// The same of somebody whose account is tied, which needs nothing beside it any more.
pub async fn tied_code(app: &TestApp, email: &str) -> String {
    let code = google_code(app, email, email).await;
    let ask = serde_json::json!({ "code": code, "app_state": STATE, "password": api::demo::PASSWORD });
    app.anonymous().post("/api/v1/auth/oidc/exchange", &ask).await.expect(200);
    google_code(app, email, email).await
}
