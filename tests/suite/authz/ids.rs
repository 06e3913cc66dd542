//! What a valid request may name, found over HTTP by somebody of the company.

use std::sync::atomic::{AtomicU32, Ordering};

use kernel::Clock as _;
use serde_json::{Value, json};

use crate::support::{Authenticator, Caller, TestApp, openid, text};

/// Slots are looked for here: after all that the demo company has booked.
const FREE: &str = "from=2027-04-05T00:00:00Z&to=2027-06-01T00:00:00Z&limit=200";

static SERIAL: AtomicU32 = AtomicU32::new(0);

/// Ids of one company, and words that work once.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    pub clinic: String,
    pub service: String,
    pub practitioner: String,
    pub patient: String,
    /// A second record, to be merged.
    pub duplicate: String,
    /// A merge of two others.
    pub merge: String,
    /// A finished import of one patient.
    pub import: String,
    /// A guardian's link to the patient.
    pub link: String,
    /// A tag of the catalogue that no record carries.
    pub tag: String,
    /// Booked, in the future.
    pub appointment: String,
    /// A leave of the practitioner.
    pub exception: String,
    /// A free slot of the service with the practitioner.
    pub start: String,
    /// Of a session that nobody else uses.
    pub refresh_token: String,
    /// Of a verification mail.
    pub mail_token: String,
    /// Of a mail to somebody who forgot a password.
    pub reset_token: String,
    /// The access token of a founder of a company of its own, for what ends a session or is done once.
    pub founder: String,
    /// A code of the founder's authenticator app.
    pub totp_code: String,
    /// Another session of the founder.
    pub session: String,
    /// Another company of the founder.
    pub company: String,
    /// A dead letter.
    pub job: String,
    /// An API key.
    pub api_key: String,
    /// The one-time code of somebody who is tied to a person at a provider.
    pub oidc_code: String,
    /// A member whom no test signs in as.
    pub user: String,
    /// An invitation that nobody has accepted.
    pub invitation: String,
    /// Of another invitation's mail.
    pub invitation_token: String,
    /// Differs between any two, so that names and addresses do.
    pub serial: u32,
}

/// The `id` of an object.
pub fn id_of(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id: {value:#}")).to_owned()
}

/// Start and end; instants in UTC sort as text.
fn span(value: &Value) -> (String, String) {
    (value["start"].as_str().unwrap().to_owned(), value["end"].as_str().unwrap().to_owned())
}

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().unwrap_or_else(|| panic!("no items: {page:#}"))
}

impl Ids {
    /// What everybody of the demo company reaches: the patient is the one that the role `patient` is and that the
    /// caregiver looks after, and has an appointment with the practitioner that the role is, or else the hairdresser.
    pub async fn of_role(app: &TestApp, role: &str) -> Self {
        let admin = app.admin().await;
        let me = app.member(role).await.get("/api/v1/auth/me").await.expect(200);
        let hairdresser = app.member("hairdresser").await.get("/api/v1/auth/me").await.expect(200);
        let practitioner = if me["practitioner_id"].is_null() { &hairdresser } else { &me }["practitioner_id"].clone();
        let patient = app.member("patient").await.get("/api/v1/auth/me").await.expect(200)["patient_id"].clone();
        let mut ids = Self {
            practitioner: practitioner.as_str().unwrap().to_owned(),
            patient: patient.as_str().unwrap().to_owned(),
            serial: SERIAL.fetch_add(1, Ordering::SeqCst),
            ..Self::default()
        };
        let of = admin.get(&format!("/api/v1/practitioners/{}", ids.practitioner)).await.expect(200);
        ids.service = of["service_ids"][0].as_str().unwrap().to_owned();
        ids.clinic = of["clinic_ids"][0].as_str().unwrap().to_owned();
        ids.made_ready(app, &admin).await
    }

    /// The same for the admin of the demo company.
    pub async fn of_demo(app: &TestApp) -> Self {
        Self::of_role(app, "admin").await
    }

    /// What the other company has.
    pub async fn of_other(app: &TestApp) -> Self {
        let admin = app.other_admin().await;
        let first = async |path: &str| id_of(&items(&admin.get(path).await.expect(200))[0]);
        let ids = Self {
            clinic: first("/api/v1/clinics").await,
            service: first("/api/v1/services").await,
            practitioner: first("/api/v1/practitioners").await,
            patient: first("/api/v1/patients").await,
            serial: SERIAL.fetch_add(1, Ordering::SeqCst),
            ..Self::default()
        };
        ids.made_ready(app, &admin).await
    }

    /// Books an appointment, adds a leave, and finds the next free slot and fresh tokens.
    async fn made_ready(mut self, app: &TestApp, admin: &Caller) -> Self {
        let booking = json!({
            "service_id": self.service, "practitioner_id": self.practitioner, "patient_id": self.patient,
            "start": self.free_slot(admin).await,
        });
        self.appointment = id_of(&admin.post("/api/v1/appointments", &booking).await.expect(201));
        let day = 1 + self.serial % 28;
        let leave = json!({
            "kind": "leave", "start": format!("2027-08-{day:02}T10:00:00Z"), "end": format!("2027-08-{day:02}T11:00:00Z"),
        });
        let path = format!("/api/v1/availability/{}/exceptions", self.practitioner);
        self.exception = id_of(&admin.post(&path, &leave).await.expect(201));
        self.start = self.free_slot(admin).await;
        let company = text(&admin.get("/api/v1/auth/me").await.expect(200)["company_id"]);
        self.job = app.dead_letter(company.parse().unwrap()).await.to_string();
        let key = json!({ "name": "Programa", "permissions": ["patients:read"] });
        self.api_key = id_of(&admin.post("/api/v1/api-keys", &key).await.expect(201)["api_key"]);
        self = self.with_people(app, admin, company.parse().unwrap()).await;
        self.fresh_tokens(app).await
    }

    /// Invites three people, of whom one has joined and one only has the mail.
    async fn with_people(mut self, app: &TestApp, admin: &Caller, company: uuid::Uuid) -> Self {
        let invited = async |who: &str| {
            let ask = json!({ "email": format!("{who}{}@example.com", self.serial), "role": "analyst" });
            let invitation = id_of(&admin.post("/api/v1/invitations", &ask).await.expect(201));
            (invitation, app.mailed_token(company).await)
        };
        let (joined, offered, open) = (invited("joined").await, invited("offered").await, invited("open").await);
        let ask =
            json!({ "token": joined.1, "name": format!("Chegada {}", self.serial), "password": api::demo::PASSWORD });
        self.user = id_of(&app.anonymous().post("/api/v1/invitations/accept", &ask).await.expect(201));
        (self.invitation_token, self.invitation) = (offered.1, open.0);
        let guardian = json!({ "membership_id": self.user, "kind": "guardian" });
        let links = format!("/api/v1/patients/{}/links", self.patient);
        self.link = id_of(&admin.post(&links, &guardian).await.expect(201));
        self = self.with_merge(admin).await;
        self = self.with_import(app, admin).await;
        let tag = json!({ "name": format!("Etiqueta {}", self.serial) });
        self.tag = id_of(&admin.post("/api/v1/tags", &tag).await.expect(201));
        self
    }

    /// Imports somebody.
    async fn with_import(mut self, app: &TestApp, admin: &Caller) -> Self {
        let file = format!("Nome\nImportada {}\n", self.serial);
        let begun = admin.upload("/api/v1/imports", &[("kind", "patients")], "a.csv", file.as_bytes()).await;
        self.import = id_of(&begun.expect(201));
        app.app.worker(api::worker::Pace::default()).run_due().await.unwrap();
        self
    }

    /// Registers three people, of whom two are merged.
    async fn with_merge(mut self, admin: &Caller) -> Self {
        let registered = async |who: &str| {
            let ask = json!({ "name": format!("{who} {}", self.serial), "allow_duplicate": true });
            id_of(&admin.post("/api/v1/patients", &ask).await.expect(201))
        };
        let (duplicate, one, other) =
            (registered("Duplicata").await, registered("Primeira").await, registered("Segunda").await);
        let path = format!("/api/v1/patients/{one}/merge");
        self.merge = id_of(&admin.post(&path, &json!({ "source_id": other })).await.expect(200));
        self.duplicate = duplicate;
        self
    }

    /// The first slot in which the patient is not elsewhere.
    async fn free_slot(&self, admin: &Caller) -> String {
        let query = format!("service_id={}&practitioner_id={}&{FREE}", self.service, self.practitioner);
        let slots = admin.get(&format!("/api/v1/slots?{query}")).await.expect(200);
        let busy = admin.get(&format!("/api/v1/appointments?patient_id={}&{FREE}", self.patient)).await.expect(200);
        let busy: Vec<(String, String)> = items(&busy).iter().map(span).collect();
        let free =
            items(&slots).iter().map(span).find(|(start, end)| !busy.iter().any(|(from, to)| from < end && start < to));
        free.expect("the practitioner is booked out").0
    }

    async fn fresh_tokens(mut self, app: &TestApp) -> Self {
        let founder = json!({
            "company_name": "Provisória", "name": "Fundadora", "email": format!("founder{}@example.com", self.serial),
            "password": api::demo::PASSWORD,
        });
        let session = app.anonymous().post("/api/v1/auth/sign-up", &founder).await.expect(201);
        self.oidc_code = openid::tied_code(app, &api::demo::address_of("analyst")).await;
        self.refresh_token = session["refresh_token"].as_str().unwrap().to_owned();
        let tenant: uuid::Uuid = session["user"]["company_id"].as_str().unwrap().parse().unwrap();
        self.mail_token = app.mailed_token(tenant).await;
        app.anonymous().post("/api/v1/auth/password/forgot", &json!({ "email": founder["email"] })).await.expect(202);
        self.reset_token = app.mailed_token(tenant).await;
        let sign_in = json!({ "email": founder["email"], "password": founder["password"] });
        app.anonymous().post("/api/v1/auth/sign-in", &sign_in).await.expect(200);
        self.founder = session["access_token"].as_str().unwrap().to_owned();
        let founder = Caller { token: Some(self.founder.clone()), ..app.anonymous() };
        self.totp_code = Authenticator::begun(&founder).await.code(app.clock.now());
        let sessions = founder.get("/api/v1/auth/sessions").await.expect(200);
        self.session = id_of(items(&sessions).iter().find(|session| session["current"] == false).unwrap());
        let further = json!({ "company_name": format!("Segunda {}", self.serial) });
        self.company = id_of(&founder.post("/api/v1/companies", &further).await.expect(201));
        self
    }

    /// These ids with one replaced by the other company's at a time, under the name of what was replaced.
    pub fn with_each_of(&self, other: &Self) -> Vec<(&'static str, Self)> {
        let own = || self.clone();
        vec![
            ("clinic", Self { clinic: other.clinic.clone(), ..own() }),
            ("service", Self { service: other.service.clone(), ..own() }),
            ("practitioner", Self { practitioner: other.practitioner.clone(), ..own() }),
            ("patient", Self { patient: other.patient.clone(), ..own() }),
            ("duplicate", Self { duplicate: other.duplicate.clone(), ..own() }),
            ("import", Self { import: other.import.clone(), ..own() }),
            ("merge", Self { merge: other.merge.clone(), ..own() }),
            ("link", Self { link: other.link.clone(), ..own() }),
            ("tag", Self { tag: other.tag.clone(), ..own() }),
            ("appointment", Self { appointment: other.appointment.clone(), ..own() }),
            ("exception", Self { exception: other.exception.clone(), ..own() }),
            ("user", Self { user: other.user.clone(), ..own() }),
            ("invitation", Self { invitation: other.invitation.clone(), ..own() }),
            ("job", Self { job: other.job.clone(), ..own() }),
            ("api_key", Self { api_key: other.api_key.clone(), ..own() }),
            ("session", Self { session: other.session.clone(), ..own() }),
            ("company", Self { company: other.company.clone(), ..own() }),
        ]
    }

    /// What a path parameter stands for.
    pub fn of_parameter(&self, name: &str) -> &str {
        match name {
            "clinic_id" => &self.clinic,
            "service_id" => &self.service,
            "practitioner_id" => &self.practitioner,
            "patient_id" => &self.patient,
            "import_id" => &self.import,
            "merge_id" => &self.merge,
            "link_id" => &self.link,
            "tag_id" => &self.tag,
            "appointment_id" => &self.appointment,
            "exception_id" | "schedule_exception_id" => &self.exception,
            "session_id" => &self.session,
            "user_id" => &self.user,
            "invitation_id" => &self.invitation,
            "job_id" => &self.job,
            "api_key_id" => &self.api_key,
            "provider" => "google",
            "code" => "not_found",
            "page_file" => "page.js",
            "file" => "swagger-ui.css",
            other => panic!("what is {{{other}}}?"),
        }
    }
}
