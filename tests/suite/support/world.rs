//! The two companies that every test finds: the demo company, and another whose ids must be of no use to it.

use serde_json::json;

use super::app::{TestApp, noon};
use super::caller::Caller;
use super::database::TestDatabase;

/// The admin of the other company.
pub const OTHER_ADMIN: &str = "admin@outra.example";
/// A word that stands in every name of the other company, to be found nowhere else.
pub const MARKER: &str = "Zyxwvut";

/// Makes both companies in an empty database.
pub async fn found(database: TestDatabase, kind: super::database::Kind) -> TestDatabase {
    let app = TestApp::serve(kind, database).await;
    api::demo::make(&app.app, noon()).await.unwrap();
    other_company(&app).await;
    app.settle().await;
    app.app.database.close().await;
    app.into_database()
}

async fn other_company(app: &TestApp) {
    let ask = json!({
        "company_name": format!("Outra {MARKER}"), "name": format!("Admin {MARKER}"), "email": OTHER_ADMIN,
        "password": api::demo::PASSWORD, "country": "BR", "time_zone": "America/Sao_Paulo", "locale": "pt-BR"
    });
    let session = app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
    let admin = Caller { token: Some(session["access_token"].as_str().unwrap().to_owned()), ..app.anonymous() };
    let clinic = session["user"]["clinics"][0]["id"].clone();
    // Who invites has a verified address.
    let token = app.mailed_token(session["user"]["company_id"].as_str().unwrap().parse().unwrap()).await;
    app.anonymous().post("/api/v1/auth/email/verify", &json!({ "token": token })).await.expect(204);
    let service = json!({ "name": format!("Consulta {MARKER}"), "duration_minutes": 30 });
    let service = admin.post("/api/v1/services", &service).await.expect(201)["id"].clone();
    let practitioner = json!({ "name": format!("Dra. {MARKER}"), "profession": "doctor" });
    let practitioner = admin.post("/api/v1/practitioners", &practitioner).await.expect(201)["id"].clone();
    let weekly: Vec<_> = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        .map(|weekday| json!({ "weekday": weekday, "start": "00:00", "end": "24:00" }))
        .into();
    let path = format!("/api/v1/availability/{}", practitioner.as_str().unwrap());
    admin.put(&path, &json!({ "clinic_id": clinic, "weekly": weekly })).await.expect(200);
    let leave = json!({ "kind": "leave", "start": "2027-04-01T00:00:00Z", "end": "2027-04-02T00:00:00Z" });
    admin.post(&format!("{path}/exceptions"), &leave).await.expect(201);
    let patient = json!({ "name": format!("Paciente {MARKER}") });
    let patient = admin.post("/api/v1/patients", &patient).await.expect(201)["id"].clone();
    let booking = json!({
        "service_id": service, "practitioner_id": practitioner, "patient_id": patient, "start": "2027-03-12T12:00:00Z"
    });
    admin.post("/api/v1/appointments", &booking).await.expect(201);
}
