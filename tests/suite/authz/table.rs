//! A valid request of every operation, one line each, written by hand.

use std::fmt;

use reqwest::Method;
use rest::Entry;
use serde_json::{Value, json};

use super::exceptions::{Exception, find};
use super::ids::Ids;
use crate::support::{Answer, Caller, form, fresh_key, openid};

/// Changes that two companies read of, each in its own journal.
pub const TWO_ENTRIES: &[Exception] = &[
    ("reset_password", "the founder's session in another company ends too"),
    ("switch_company", "a session ends in one company and begins in another"),
];

/// Reads that leave an entry, because who looks there is to be seen.
pub const DISCLOSURES: &[Exception] = &[
    ("export_patients", "records that leave are disclosed"),
    ("list_audit", "reading the audit is an act of its own"),
];

/// Posts that change nothing and leave no entry.
pub const READING_POSTS: &[Exception] = &[("match_patient", "what is compared does not fit into a query")];

/// A valid request of one operation.
#[derive(Clone)]
pub struct Line {
    pub entry: &'static Entry,
    pub path: String,
    /// Names and values, each as it stands in the query string.
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    /// A form with a file in it, in place of a body.
    pub form: Option<Vec<u8>>,
    /// What it is answered with.
    pub status: u16,
    /// The access token of a founder who sends it in place of whoever is signed in.
    pub founder: Option<String>,
}

type Query<'a> = &'a [(&'static str, &'a str)];

struct Pen<'a> {
    ids: &'a Ids,
    lines: Vec<Line>,
}

impl Pen<'_> {
    fn line(&mut self, method: &Method, template: &str, query: Query<'_>, body: Option<Value>, status: u16) {
        let entry = rest::operations()
            .iter()
            .find(|entry| entry.method().as_str() == method.as_str() && entry.path() == template)
            .unwrap_or_else(|| panic!("{method} {template} is no operation"));
        let filled = template.split('/').map(|part| match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(name) => self.ids.of_parameter(name),
            None => part,
        });
        let path = filled.collect::<Vec<_>>().join("/");
        let query = query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.lines.push(Line { entry, path, query, body, form: None, status, founder: None });
    }

    /// Has the last line sent by a founder: what it does can be done once, or ends the session.
    fn by_founder(&mut self) {
        let founder = self.ids.founder.clone();
        self.lines.last_mut().unwrap().founder = Some(founder);
    }

    fn get(&mut self, template: &str, query: Query<'_>) {
        self.line(&Method::GET, template, query, None, 200);
    }

    fn post(&mut self, template: &str, status: u16, body: Value) {
        self.line(&Method::POST, template, &[], Some(body), status);
    }

    fn patch(&mut self, template: &str, body: Value) {
        self.line(&Method::PATCH, template, &[], Some(body), 200);
    }
}

/// All operations in an order in which each succeeds; signing out is the last.
pub fn lines(ids: &Ids) -> Vec<Line> {
    let mut pen = Pen { ids, lines: Vec::new() };
    system(&mut pen);
    identity(&mut pen);
    patients(&mut pen);
    imports(&mut pen);
    links_and_tags(&mut pen);
    offers(&mut pen);
    availability(&mut pen);
    appointments(&mut pen);
    merges(&mut pen);
    pen.line(&Method::POST, "/api/v1/auth/sign-out", &[], None, 204);
    pen.lines
}

fn system(pen: &mut Pen<'_>) {
    for template in ["/health/live", "/health/ready", "/docs/", "/docs/{file}", "/openapi.json", "/problems/{code}"] {
        pen.get(template, &[]);
    }
    for template in ["/verify-email", "/reset-password", "/accept-invitation", "/pages/{page_file}"] {
        pen.get(template, &[]);
    }
    pen.line(&Method::GET, "/docs", &[], None, 308);
    pen.line(&Method::GET, "/metrics", &[], None, 401);
}

fn identity(pen: &mut Pen<'_>) {
    let Ids { refresh_token, mail_token, serial, .. } = pen.ids;
    let email = format!("newcomer{serial}@example.com");
    let password = api::demo::PASSWORD;
    let company = json!({ "company_name": "Nova", "name": "Nina", "email": email, "password": password });
    pen.get("/.well-known/jwks.json", &[]);
    pen.post("/api/v1/auth/sign-up", 201, company);
    pen.post("/api/v1/auth/sign-in", 200, json!({ "email": email, "password": password }));
    pen.post("/api/v1/auth/refresh", 200, json!({ "refresh_token": refresh_token }));
    pen.line(&Method::POST, "/api/v1/auth/email/verification", &[], None, 202);
    pen.by_founder();
    pen.post("/api/v1/auth/email/verify", 204, json!({ "token": mail_token }));
    own_account(pen);
    pen.get("/api/v1/auth/me", &[]);
    pen.get("/api/v1/roles", &[]);
    members(pen);
    places(pen);
    audit(pen);
    api_keys(pen);
    providers(pen);
}

fn members(pen: &mut Pen<'_>) {
    let Ids { clinic, practitioner, patient, invitation_token, serial, .. } = pen.ids;
    let changes = json!({
        "name": format!("Renomeada {serial}"), "clinic_ids": [clinic], "practitioner_id": practitioner,
        "patient_id": patient,
    });
    let offer = json!({
        "email": format!("invited{serial}@example.com"), "role": "nurse", "clinic_ids": [clinic],
        "practitioner_id": practitioner, "patient_id": patient,
    });
    let joining = json!({ "token": invitation_token, "name": "Nova", "password": api::demo::PASSWORD });
    pen.get("/api/v1/users", &[("clinic_id", clinic)]);
    pen.get("/api/v1/users/{user_id}", &[]);
    pen.patch("/api/v1/users/{user_id}", changes);
    pen.line(&Method::POST, "/api/v1/users/{user_id}/deactivate", &[], None, 200);
    pen.line(&Method::POST, "/api/v1/users/{user_id}/activate", &[], None, 200);
    pen.get("/api/v1/invitations", &[]);
    pen.post("/api/v1/invitations", 201, offer);
    pen.post("/api/v1/invitations/accept", 201, joining);
    pen.line(&Method::DELETE, "/api/v1/invitations/{invitation_id}", &[], None, 204);
}

fn places(pen: &mut Pen<'_>) {
    let serial = pen.ids.serial;
    pen.get("/api/v1/company", &[]);
    pen.get("/api/v1/clinics", &[]);
    pen.post("/api/v1/clinics", 201, json!({ "name": format!("Filial {serial}") }));
    pen.get("/api/v1/clinics/{clinic_id}", &[]);
    pen.patch("/api/v1/clinics/{clinic_id}", json!({ "legal_name": format!("Razão Social {serial}") }));
    pen.get("/api/v1/settings", &[]);
    pen.patch("/api/v1/settings", json!({ "contact_phone": format!("+55 11 4002 {serial:04}") }));
    pen.patch("/api/v1/company", json!({ "name": format!("Renomeada {serial}") }));
}

fn audit(pen: &mut Pen<'_>) {
    pen.get("/api/v1/audit", &[]);
    pen.get("/api/v1/audit/verify", &[]);
    pen.get("/api/v1/access-log", &[]);
    pen.get("/api/v1/jobs/dead", &[]);
    pen.line(&Method::POST, "/api/v1/jobs/{job_id}/replay", &[], None, 202);
}

fn api_keys(pen: &mut Pen<'_>) {
    let name = format!("Programa {}", pen.ids.serial);
    pen.get("/api/v1/api-keys", &[]);
    pen.post("/api/v1/api-keys", 201, json!({ "name": name, "permissions": ["patients:read"] }));
    pen.line(&Method::DELETE, "/api/v1/api-keys/{api_key_id}", &[], None, 204);
}

/// The callbacks are those of a sign-in that nobody began, which is all that a request without its cookie and form can bring.
fn providers(pen: &mut Pen<'_>) {
    let (form, code) = ("/api/v1/auth/oidc/{provider}/callback", pen.ids.oidc_code.clone());
    pen.get("/api/v1/auth/oidc/providers", &[]);
    let page = [("return_to", openid::PAGE)];
    pen.line(&Method::GET, "/api/v1/auth/oidc/{provider}/start", &page, None, 303);
    pen.line(&Method::GET, form, &[("state", "none"), ("code", "none")], None, 422);
    pen.line(&Method::POST, form, &[], None, 415);
    pen.post("/api/v1/auth/oidc/exchange", 200, json!({ "code": code, "app_state": openid::STATE }));
}

fn own_account(pen: &mut Pen<'_>) {
    let Ids { reset_token, company, serial, .. } = pen.ids;
    let password = api::demo::PASSWORD;
    // Before the second factor, which ends the account's other sessions.
    pen.line(&Method::DELETE, "/api/v1/auth/sessions/{session_id}", &[], None, 204);
    pen.by_founder();
    second_factor(pen);
    pen.patch("/api/v1/auth/me", json!({ "preferences": { "serial": serial } }));
    pen.get("/api/v1/auth/sessions", &[]);
    pen.post("/api/v1/auth/password/change", 204, json!({ "current_password": password, "new_password": password }));
    pen.post("/api/v1/auth/password/forgot", 202, json!({ "email": format!("founder{serial}@example.com") }));
    pen.post("/api/v1/companies", 201, json!({ "company_name": format!("Terceira {serial}") }));
    pen.by_founder();
    pen.post("/api/v1/auth/switch-company", 200, json!({ "company_id": company }));
    pen.by_founder();
    pen.post("/api/v1/auth/password/reset", 204, json!({ "token": reset_token, "password": password }));
}

/// The founder has begun already, so that there is a code to confirm with.
fn second_factor(pen: &mut Pen<'_>) {
    let proof = json!({ "totp_code": pen.ids.totp_code });
    pen.post("/api/v1/auth/totp/confirm", 200, proof);
    pen.by_founder();
    pen.line(&Method::DELETE, "/api/v1/auth/totp", &[], Some(json!({ "password": api::demo::PASSWORD })), 204);
    pen.by_founder();
    pen.line(&Method::POST, "/api/v1/auth/totp", &[], None, 200);
    pen.by_founder();
}

fn patients(pen: &mut Pen<'_>) {
    let serial = pen.ids.serial;
    let home = json!([{ "street": "Rua das Flores", "number": serial.to_string(), "city": "São Paulo" }]);
    pen.get("/api/v1/patients", &[("search", "a")]);
    pen.post("/api/v1/patients", 201, json!({ "name": format!("Nova Paciente {serial}") }));
    pen.get("/api/v1/patients/export", &[("format", "jsonl"), ("stage", "active")]);
    pen.get("/api/v1/patients/{patient_id}", &[]);
    pen.get("/api/v1/patients/stats", &[("city", "São Paulo")]);
    pen.patch("/api/v1/patients/{patient_id}", json!({ "addresses": home }));
    pen.post("/api/v1/patients/match", 200, json!({ "name": "Ana Souza", "birth_date": "1986-04-12" }));
    pen.get("/api/v1/patients/duplicates", &[("grade", "certain,probable")]);
}

fn imports(pen: &mut Pen<'_>) {
    let file = format!("Nome\nImportada de novo {}\n", pen.ids.serial);
    pen.get("/api/v1/imports", &[]);
    pen.line(&Method::POST, "/api/v1/imports", &[], None, 201);
    pen.lines.last_mut().unwrap().form = Some(form(&[("kind", "patients")], "pacientes.csv", file.as_bytes()));
    pen.get("/api/v1/imports/{import_id}", &[]);
    pen.get("/api/v1/imports/{import_id}/rows", &[("outcome", "created")]);
    pen.get("/api/v1/imports/{import_id}/file", &[]);
    pen.line(&Method::POST, "/api/v1/imports/{import_id}/rollback", &[], None, 200);
}

/// Archiving calls the patient's appointments off.
fn merges(pen: &mut Pen<'_>) {
    let duplicate = pen.ids.duplicate.clone();
    pen.post("/api/v1/patients/{patient_id}/merge", 200, json!({ "source_id": duplicate }));
    pen.line(&Method::POST, "/api/v1/merges/{merge_id}/undo", &[], None, 200);
    pen.line(&Method::DELETE, "/api/v1/patients/{patient_id}", &[("cancel_appointments", "true")], None, 204);
    pen.line(&Method::POST, "/api/v1/patients/{patient_id}/restore", &[], None, 200);
}

fn links_and_tags(pen: &mut Pen<'_>) {
    let Ids { user, serial, .. } = pen.ids;
    let link =
        json!({ "membership_id": user, "kind": "caregiver", "valid_from": "2027-04-01", "valid_to": "2027-05-01" });
    pen.get("/api/v1/patients/{patient_id}/links", &[]);
    pen.post("/api/v1/patients/{patient_id}/links", 201, link);
    pen.line(&Method::DELETE, "/api/v1/patients/{patient_id}/links/{link_id}", &[], None, 204);
    pen.get("/api/v1/patients/{patient_id}/profile", &[]);
    pen.get("/api/v1/patients/{patient_id}/timeline", &[]);
    pen.get("/api/v1/tags", &[]);
    pen.post("/api/v1/tags", 201, json!({ "name": format!("Nova etiqueta {serial}"), "colour": "#ff8800" }));
    pen.line(&Method::DELETE, "/api/v1/tags/{tag_id}", &[], None, 204);
}

fn offers(pen: &mut Pen<'_>) {
    let Ids { service, clinic, serial, .. } = pen.ids;
    let practitioner = json!({
        "name": format!("Nova {serial}"), "profession": "doctor", "service_ids": [service], "clinic_ids": [clinic]
    });
    pen.get("/api/v1/services", &[]);
    pen.post("/api/v1/services", 201, json!({ "name": format!("Novo {serial}"), "duration_minutes": 20 }));
    pen.get("/api/v1/services/{service_id}", &[]);
    pen.patch("/api/v1/services/{service_id}", json!({ "name": format!("Renomeado {serial}") }));
    pen.get("/api/v1/practitioners", &[]);
    pen.post("/api/v1/practitioners", 201, practitioner);
    pen.get("/api/v1/practitioners/{practitioner_id}", &[]);
    pen.patch(
        "/api/v1/practitioners/{practitioner_id}",
        json!({ "name": format!("Renomeada {serial}"), "service_ids": [service], "clinic_ids": [clinic] }),
    );
}

fn availability(pen: &mut Pen<'_>) {
    let Ids { service, practitioner, clinic, start, serial, .. } = pen.ids;
    let weekly = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
        .map(|weekday| json!({ "weekday": weekday, "start": "06:00", "end": "21:00" }));
    let hours = json!({ "clinic_id": clinic, "weekly": weekly, "valid_from": "2027-01-01" });
    let day = format!("2027-09-{:02}", 1 + serial % 28);
    let closed = json!({ "kind": "override", "clinic_id": clinic, "date": day, "windows": [] });
    let exceptions = "/api/v1/availability/{practitioner_id}/exceptions";
    pen.get("/api/v1/availability/{practitioner_id}", &[]);
    pen.line(&Method::PUT, "/api/v1/availability/{practitioner_id}", &[], Some(hours), 200);
    pen.get(exceptions, &[]);
    pen.post(exceptions, 201, closed);
    let exception = format!("{exceptions}/{{exception_id}}");
    pen.line(&Method::DELETE, &exception, &[], None, 204);
    let with = [("service_id", service.as_str()), ("practitioner_id", practitioner), ("clinic_id", clinic)];
    let week = [("from", "2027-06-07T00:00:00Z"), ("to", "2027-06-14T00:00:00Z")];
    pen.get("/api/v1/slots", &[&with[..], &week].concat());
    pen.get("/api/v1/slots/explain", &[&with[..], &[("start", start)]].concat());
}

fn appointments(pen: &mut Pen<'_>) {
    let Ids { service, practitioner, patient, clinic, start, .. } = pen.ids;
    let booking = json!({
        "service_id": service, "practitioner_id": practitioner, "patient_id": patient, "clinic_id": clinic,
        "start": start,
    });
    let filter = [("practitioner_id", practitioner.as_str()), ("patient_id", patient), ("clinic_id", clinic)];
    let time = [("from", "2027-02-01T00:00:00Z"), ("to", "2027-12-01T00:00:00Z")];
    pen.get("/api/v1/appointments", &[&filter[..], &time].concat());
    pen.post("/api/v1/appointments", 201, booking);
    pen.get("/api/v1/appointments/{appointment_id}", &[]);
    pen.get("/api/v1/appointments/{appointment_id}/history", &[]);
    pen.line(&Method::POST, "/api/v1/appointments/{appointment_id}/confirm", &[], None, 200);
    pen.post("/api/v1/appointments/{appointment_id}/cancel", 200, json!({ "reason": "Mudança de planos" }));
}

impl Line {
    /// The operation's id.
    pub fn id(&self) -> &'static str {
        self.entry.id()
    }

    /// How many entries it leaves in the journals.
    pub fn entries(&self) -> i64 {
        if self.status >= 400 {
            return 0;
        }
        let more = [TWO_ENTRIES, DISCLOSURES].map(|list| i64::from(find(list, self.id())));
        i64::from(self.is_mutation()) + more.iter().sum::<i64>()
    }

    /// Whether it may change something.
    pub fn is_mutation(&self) -> bool {
        self.method() != Method::GET && !find(READING_POSTS, self.id())
    }

    pub fn method(&self) -> Method {
        Method::from_bytes(self.entry.method().as_str().as_bytes()).unwrap()
    }

    /// Path and query string.
    pub fn url(&self) -> String {
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }

    /// Sends it, with `If-Match: *` where a condition is needed.
    pub async fn send(&self, caller: &Caller) -> Answer {
        self.send_with(caller, &[]).await
    }

    /// The same with further headers.
    pub async fn send_with(&self, caller: &Caller, headers: &[(&str, &str)]) -> Answer {
        let mut all = self.condition();
        all.extend(headers);
        let key = fresh_key();
        if self.entry.is_keyed() && !all.iter().any(|(name, _)| *name == "idempotency-key") {
            all.push(("idempotency-key", &key));
        }
        let sender = self.sender(caller);
        if let Some(form) = &self.form {
            return sender.send_form(&self.url(), form.clone(), &all).await;
        }
        sender.send(self.method(), &self.url(), self.body.as_ref(), &all).await
    }

    /// The founder of the line, where the caller is somebody at all.
    fn sender(&self, caller: &Caller) -> Caller {
        let is_signed_in = caller.token.as_deref().is_some_and(|token| token.contains('.'));
        match &self.founder {
            Some(founder) if is_signed_in => Caller { token: Some(founder.clone()), ..caller.clone() },
            _ => caller.clone(),
        }
    }

    fn condition(&self) -> Vec<(&'static str, &'static str)> {
        if [Method::PATCH, Method::PUT, Method::DELETE].contains(&self.method()) {
            vec![("if-match", "*")]
        } else {
            Vec::new()
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.id(), self.method(), self.url())
    }
}

/// Enough for instants, ids and words.
fn encoded(value: &str) -> String {
    value.replace('%', "%25").replace('+', "%2B").replace(' ', "%20").replace('&', "%26")
}
