//! The application with notes, called in process.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use async_trait::async_trait;
use kernel::ids::{AccountId, ApiKeyId, MembershipId, SessionId, TenantId};
use kernel::seal::Keyring;
use kernel::{Grants, Holder, ManualClock, Principal, Reach, StoreError, SystemIds};
use serde_json::Value;
use uuid::Uuid;

use super::notes::Notes;
use super::notes_api;
use crate::authentication::Authenticate;
use crate::health::{Health, HealthCheck, Readiness};
use crate::limits::Rates;
use crate::settings::OperatorToken;
use crate::state::{RefusalLog, RefusedAttempt};
use crate::{Entry, Ports, Settings, State};

pub static TABLE: LazyLock<&'static [Entry]> = LazyLock::new(notes_api::table);

/// `writer` may read and write, `reader` may read, `elsewhere` too in another company, `broken` cannot be looked up.
struct Tokens;

#[async_trait]
impl Authenticate for Tokens {
    async fn principal(&self, token: &str) -> Result<Option<Arc<Principal>>, StoreError> {
        let names: &[&'static str] = match token {
            "writer" | "other" | "key" => &["notes:read", "notes:write"],
            "reader" | "elsewhere" => &["notes:read"],
            "broken" => return Err(StoreError::Unavailable(None)),
            "slow" => std::future::pending().await,
            "bug" | "key bug" => panic!("secret of the token"),
            _ => return Ok(None),
        };
        let number = if token == "other" { 2 } else { 1 };
        let tenant = if token == "elsewhere" { 101 } else { 100 };
        let holder = match token {
            "key" => Holder::ApiKey {
                key: ApiKeyId::from_uuid(Uuid::from_u128(500)),
                made_by: MembershipId::from_uuid(Uuid::from_u128(number)),
            },
            _ => Holder::Member {
                membership: MembershipId::from_uuid(Uuid::from_u128(number)),
                account: AccountId::from_uuid(Uuid::from_u128(300)),
                session: SessionId::from_uuid(Uuid::from_u128(400)),
            },
        };
        Ok(Some(Arc::new(Principal {
            tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
            holder,
            role: "receptionist",
            country: "BR".to_owned(),
            grants: Grants::new(names.iter().map(|name| (*name, Reach::Company))),
            hold: None,
        })))
    }

    fn is_unproved(&self, token: &str) -> bool {
        token.starts_with("key")
    }

    fn is_csrf_token(&self, text: &str, _: TenantId, session: SessionId) -> bool {
        text == format!("token of {session}")
    }
}

struct Parts(Health);

#[async_trait]
impl Readiness for Parts {
    async fn checks(&self) -> Vec<HealthCheck> {
        vec![HealthCheck { name: "database".to_owned(), status: self.0 }]
    }
}

#[derive(Default)]
pub struct Refusals(pub Mutex<Vec<RefusedAttempt>>);

impl RefusalLog for Refusals {
    fn refused(&self, attempt: RefusedAttempt) {
        self.0.lock().unwrap().push(attempt);
    }
}

pub struct TestService {
    pub state: Data<State>,
    pub notes: Data<Notes>,
    pub refusals: Arc<Refusals>,
}

/// One answer, with what tests look at.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: actix_web::http::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {self:?}")).to_str().unwrap()
    }

    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// `pointer code` of every fault.
    pub fn faults(&self) -> Vec<String> {
        let word = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
        let errors = self.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|fault| format!("{} {}", word(fault, "pointer"), word(fault, "code"))).collect()
    }
}

/// A request that hangs is given up at once.
pub fn impatient() -> Settings {
    Settings { deadline: Duration::from_millis(100), ..settings() }
}

pub fn settings() -> Settings {
    Settings {
        rates: Rates::off(),
        operator: Some(OperatorToken::new("operator-token")),
        cors_origins: vec!["https://app.example".to_owned()],
        ..Settings::default()
    }
}

impl TestService {
    pub fn new() -> Self {
        Self::with(settings(), Health::Fine)
    }

    pub fn with(settings: Settings, health: Health) -> Self {
        Self::under(Keyring::single([7; 32]), settings, health)
    }

    /// The same with other master keys.
    pub fn under(keyring: Keyring, settings: Settings, health: Health) -> Self {
        let clock = Arc::new(ManualClock::new("2027-03-01T09:00:00Z".parse().unwrap()));
        let refusals = Arc::new(Refusals::default());
        let ports = Ports {
            clock: clock.clone(),
            ids: Arc::new(SystemIds),
            keyring: Arc::new(keyring),
            authenticate: Arc::new(Tokens),
            readiness: Arc::new(Parts(health)),
            refusals: refusals.clone(),
            traces: None,
            buckets: None,
        };
        let notes = Data::new(Notes::new(clock, Arc::new(SystemIds)));
        Self { state: State::new(settings, ports, *TABLE), notes, refusals }
    }

    pub async fn call(&self, request: TestRequest) -> Answer {
        let notes = self.notes.clone();
        let app = crate::app(self.state.clone(), |config| {
            config.app_data(notes);
        });
        let app = init_service(app).await;
        let peer = "203.0.113.9:4711".parse().unwrap();
        let response = call_service(&app, request.peer_addr(peer).to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: read_body(response).await.to_vec() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(TestRequest::get().uri(path).insert_header(("authorization", "Bearer writer"))).await
    }

    /// Sends a body as JSON.
    pub async fn send(&self, method: Method, path: &str, body: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut request = TestRequest::with_uri(path)
            .method(method)
            .insert_header(("authorization", "Bearer writer"))
            .insert_header(("content-type", "application/json"))
            .set_payload(body.to_owned());
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        self.call(request).await
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(Method::POST, path, body, &[]).await
    }

    /// The id of a new note.
    pub async fn note(&self) -> String {
        let made = self.post("/api/v1/notes", r#"{"title":"Call back","due":"2027-03-01T09:00:00Z"}"#).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["id"].as_str().unwrap().to_owned()
    }
}
