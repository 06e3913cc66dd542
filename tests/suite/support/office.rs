//! A practice that a test opens for itself: hours around the clock, one service, patients at will.

use serde_json::{Value, json};

use super::answer::Answer;
use super::app::TestApp;
use super::caller::Caller;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// One service and one practitioner of Clínica Aurora, in one of its clinics.
#[derive(Clone)]
pub struct Office {
    pub staff: Caller,
    pub admin: Caller,
    pub clinic: String,
    pub service: String,
    pub practitioner: String,
}

impl Office {
    /// In São Paulo; the service takes half an hour.
    pub async fn open(app: &TestApp) -> Self {
        Self::with(app, "America/Sao_Paulo", json!({})).await
    }

    /// In the clinic of this zone; `terms` are merged into those of the service.
    pub async fn with(app: &TestApp, zone: &str, terms: Value) -> Self {
        let (admin, staff) = (app.admin().await, app.receptionist().await);
        Self::of(admin, staff, zone, terms).await
    }

    /// In the company of these two callers.
    pub async fn of(admin: Caller, staff: Caller, zone: &str, terms: Value) -> Self {
        let clinics = admin.get("/api/v1/clinics").await.expect(200);
        let clinic = clinics["items"].as_array().unwrap().iter().find(|clinic| clinic["time_zone"] == zone).unwrap();
        let clinic = text(&clinic["id"]);
        let mut service = json!({ "name": "Consulta de teste", "duration_minutes": 30, "horizon_days": 3650 });
        service.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        let service = text(&admin.post("/api/v1/services", &service).await.expect(201)["id"]);
        let mut office = Self { staff, admin, clinic, service, practitioner: String::new() };
        office.practitioner = office.practitioner("Dra. Teste").await;
        office
    }

    /// One more practitioner, there around the clock.
    pub async fn practitioner(&self, name: &str) -> String {
        let weekly: Vec<Value> =
            DAYS.iter().map(|day| json!({ "weekday": day, "start": "00:00", "end": "24:00" })).collect();
        self.practitioner_open(name, &json!(weekly)).await
    }

    /// One more practitioner, there in these windows.
    pub async fn practitioner_open(&self, name: &str, weekly: &Value) -> String {
        let ask = json!({
            "name": name, "profession": "doctor", "service_ids": [self.service], "clinic_ids": [self.clinic]
        });
        let id = text(&self.admin.post("/api/v1/practitioners", &ask).await.expect(201)["id"]);
        let hours = json!({ "clinic_id": self.clinic, "weekly": weekly });
        self.admin.put(&format!("/api/v1/availability/{id}"), &hours).await.expect(200);
        id
    }

    pub async fn patient(&self, name: &str) -> String {
        self.patient_of(&self.staff, name).await
    }

    /// The same by another caller, such as one who signed in later.
    pub async fn patient_of(&self, staff: &Caller, name: &str) -> String {
        text(&staff.post("/api/v1/patients", &json!({ "name": name })).await.expect(201)["id"])
    }

    pub async fn patients(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        for number in 0..count {
            ids.push(self.patient(&format!("Paciente {number}")).await);
        }
        ids
    }

    /// What to send to book the practitioner.
    pub fn booking(&self, patient: &str, start: &str) -> Value {
        json!({
            "service_id": self.service, "practitioner_id": self.practitioner, "clinic_id": self.clinic,
            "patient_id": patient, "start": start
        })
    }

    pub async fn book(&self, patient: &str, start: &str) -> Answer {
        self.staff.post("/api/v1/appointments", &self.booking(patient, start)).await
    }

    /// Cancels, confirms, …
    pub async fn step(&self, appointment: &Value, step: &str, body: &Value) -> Answer {
        self.staff.post(&format!("/api/v1/appointments/{}/{step}", appointment["id"].as_str().unwrap()), body).await
    }

    /// The slots of the practitioner that the caller sees.
    pub async fn slots_for(&self, caller: &Caller, from: &str, to: &str) -> Value {
        let Self { service, practitioner, .. } = self;
        let path = format!("/api/v1/slots?service_id={service}&practitioner_id={practitioner}&from={from}&to={to}");
        caller.get(&path).await.expect(200)
    }

    pub async fn slots(&self, from: &str, to: &str) -> Value {
        self.slots_for(&self.staff, from, to).await
    }
}

/// The text of a value.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
