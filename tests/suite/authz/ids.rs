//! What a valid request may name, found over HTTP by somebody of the company.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::support::{Caller, TestApp};

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
        self.fresh_tokens(app).await
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
        self.refresh_token = session["refresh_token"].as_str().unwrap().to_owned();
        let tenant: uuid::Uuid = session["user"]["company_id"].as_str().unwrap().parse().unwrap();
        self.mail_token = app.mailed_token(tenant).await;
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
            ("appointment", Self { appointment: other.appointment.clone(), ..own() }),
            ("exception", Self { exception: other.exception.clone(), ..own() }),
        ]
    }

    /// What a path parameter stands for.
    pub fn of_parameter(&self, name: &str) -> &str {
        match name {
            "clinic_id" => &self.clinic,
            "service_id" => &self.service,
            "practitioner_id" => &self.practitioner,
            "patient_id" => &self.patient,
            "appointment_id" => &self.appointment,
            "exception_id" | "schedule_exception_id" => &self.exception,
            "code" => "not_found",
            "file" => "swagger-ui.css",
            other => panic!("what is {{{other}}}?"),
        }
    }
}
