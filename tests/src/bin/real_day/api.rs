//! One receptionist's connection: a session of its own, every answer timed and every refusal counted.

use std::sync::Arc;
use std::time::Instant;

use chrono_tz::Tz;
use reqwest::{Client, Method, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Outcome;
use crate::ledger::{Ledger, Op};

/// Whom to sign in as.
#[derive(Debug, Clone)]
pub struct Account {
    /// Address of the account.
    pub email: String,
    /// Its password.
    pub password: String,
    /// The company to sign up first, when there is none yet.
    pub sign_up: Option<String>,
}

/// A signed-in receptionist.
#[derive(Debug)]
pub struct Desk {
    http: Client,
    base: String,
    ledger: Arc<Ledger>,
    session: Session,
}

/// A request below `/api/v1`.
#[derive(Debug)]
pub struct Ask {
    method: Method,
    path: String,
    body: Option<Value>,
    headers: Vec<(&'static str, String)>,
}

/// A problem document.
#[derive(Debug)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// Its stable code.
    pub code: String,
    /// The whole document.
    pub problem: Value,
}

#[derive(Debug, Deserialize)]
struct Session {
    access_token: String,
    refresh_token: String,
    user: User,
}

#[derive(Debug, Deserialize)]
struct User {
    company_id: Uuid,
    clinics: Vec<Clinic>,
}

/// A place of the company.
#[derive(Debug, Clone, Deserialize)]
pub struct Clinic {
    /// Its id.
    pub id: Uuid,
    time_zone: String,
}

impl Clinic {
    /// Its zone.
    pub fn zone(&self) -> Outcome<Tz> {
        self.time_zone.parse().map_err(|error| format!("{}: {error}", self.time_zone).into())
    }
}

impl Ask {
    /// A GET.
    pub fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: None, headers: Vec::new() }
    }

    /// A POST of JSON.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body), headers: Vec::new() }
    }

    /// A PUT of JSON whatever the version.
    pub fn put(path: String, body: Value) -> Self {
        Self { method: Method::PUT, path, body: Some(body), headers: vec![("If-Match", "*".to_owned())] }
    }

    /// With an `Idempotency-Key`.
    pub fn once(mut self, key: String) -> Self {
        self.headers.push(("Idempotency-Key", key));
        self
    }
}

impl Refused {
    /// Whether somebody else was faster.
    pub fn taken(&self) -> bool {
        self.code.ends_with("slot_taken")
    }
}

impl Desk {
    /// Signs up where the account asks for it, else in.
    pub async fn open(base: &str, account: &Account, ledger: Arc<Ledger>) -> Outcome<Self> {
        let http = tests::http().pool_max_idle_per_host(1).no_proxy().build()?;
        let Account { email, password, sign_up } = account;
        let ask = match sign_up {
            Some(company) => Ask::post(
                "/auth/sign-up",
                json!({
                    "company_name": company, "name": "Administração", "email": email, "password": password,
                    "country": "BR", "time_zone": "America/Sao_Paulo", "locale": "pt-BR",
                }),
            ),
            None => Ask::post("/auth/sign-in", json!({ "email": email, "password": password })),
        };
        let session = send(&http, base, &ledger, Op::Session, &ask, None).await?;
        let session = session.map_err(|refused| format!("no session: {}", refused.problem))?;
        Ok(Self { http, base: base.to_owned(), ledger, session })
    }

    /// The company of this session.
    pub fn company(&self) -> Uuid {
        self.session.user.company_id
    }

    /// The first clinic of this session.
    pub fn clinic(&self) -> Outcome<Clinic> {
        Ok(self.session.user.clinics.first().ok_or("the account sees no clinic")?.clone())
    }

    /// Asks, and once more with fresh tokens when the old ones have expired. An error is a lost connection.
    pub async fn call<T: DeserializeOwned>(&mut self, op: Op, ask: &Ask) -> Outcome<Result<T, Refused>> {
        let token = Some(self.session.access_token.as_str());
        match send(&self.http, &self.base, &self.ledger, op, ask, token).await? {
            Err(refused) if refused.status == 401 => self.refresh().await?,
            answer => return Ok(self.settle(op, answer)),
        }
        let token = Some(self.session.access_token.as_str());
        let answer = send(&self.http, &self.base, &self.ledger, op, ask, token).await?;
        Ok(self.settle(op, answer))
    }

    /// Asks for something that has to be given.
    pub async fn demand<T: DeserializeOwned>(&mut self, op: Op, ask: &Ask) -> Outcome<T> {
        let answer = self.call(op, ask).await?;
        answer.map_err(|refused| format!("{} {} was refused: {}", ask.method, ask.path, refused.problem).into())
    }

    async fn refresh(&mut self) -> Outcome<()> {
        let ask = Ask::post("/auth/refresh", json!({ "refresh_token": self.session.refresh_token }));
        let session = send(&self.http, &self.base, &self.ledger, Op::Session, &ask, None).await?;
        self.session = session.map_err(|refused| format!("no fresh tokens: {}", refused.problem))?;
        Ok(())
    }

    fn settle<T>(&self, op: Op, answer: Result<T, Refused>) -> Result<T, Refused> {
        if let Err(refused) = &answer {
            self.ledger.refused(op, refused.status, &refused.code);
        }
        answer
    }
}

async fn send<T: DeserializeOwned>(
    http: &Client,
    base: &str,
    ledger: &Ledger,
    op: Op,
    ask: &Ask,
    token: Option<&str>,
) -> Outcome<Result<T, Refused>> {
    let mut request = http.request(ask.method.clone(), format!("{base}/api/v1{}", ask.path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    for (name, value) in &ask.headers {
        request = request.header(*name, value);
    }
    if let Some(body) = &ask.body {
        request = request.json(body);
    }
    let began = Instant::now();
    let answer = request.send().await?;
    let (ok, status, bytes) = (answer.status().is_success(), answer.status().as_u16(), body(answer).await?);
    ledger.answered(op, began.elapsed());
    if ok {
        return Ok(
            Ok(serde_json::from_slice(&bytes).map_err(|error| format!("{} {}: {error}", ask.method, ask.path))?),
        );
    }
    let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let code = problem.get("code").and_then(Value::as_str).unwrap_or("no problem document").to_owned();
    Ok(Err(Refused { status, code, problem }))
}

async fn body(answer: Response) -> Outcome<Vec<u8>> {
    Ok(answer.bytes().await?.to_vec())
}
