//! Archiving and restoring (PT10): what is ahead stands in the way, or is called off in the same act.

use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Caller, Office, text};

const NINE: &str = "2027-03-15T12:00:00Z";
const TEN: &str = "2027-03-15T13:00:00Z";

async fn archive_with(office: &Office, patient: &str, query: &str, headers: &[(&str, &str)]) -> Answer {
    office.staff.send(Method::DELETE, &format!("/api/v1/patients/{patient}{query}"), None, headers).await
}

async fn archive(office: &Office, patient: &str, query: &str) -> Answer {
    archive_with(office, patient, query, &[("if-match", "*")]).await
}

async fn restore(office: &Office, patient: &str) -> Answer {
    office.staff.send(Method::POST, &format!("/api/v1/patients/{patient}/restore"), None, &[]).await
}

async fn read(office: &Office, patient: &str) -> Value {
    office.staff.get(&format!("/api/v1/patients/{patient}")).await.expect(200)
}

both! {
    async fn pt10_archiving_is_refused_with_the_appointments_that_are_ahead(app) {
        let office = Office::open(app).await;
        let (patient, child) = (office.patient("Ana Lima").await, office.patient("Caio Lima").await);
        let own = office.book(&patient, NINE).await.expect(201);
        let mut for_child = office.booking(&patient, TEN);
        for_child["beneficiary_id"] = json!(child);
        let for_child = office.staff.post("/api/v1/appointments", &for_child).await.expect(201);
        let before = app.entries().await;
        let listed = |refused: &Value| -> Vec<Value> {
            refused["appointments"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
        };
        let refused = archive(&office, &patient, "").await.refused(409, "patients.appointments_ahead");
        assert_eq!(listed(&refused), [own["id"].clone(), for_child["id"].clone()]);
        let first = &refused["appointments"][0];
        assert_eq!((&first["start"], &first["status"], &first["can_be_cancelled"]), (&json!(NINE), &json!("booked"), &json!(true)));
        let refused = archive(&office, &child, "?cancel_appointments=false").await.refused(409, "patients.appointments_ahead");
        assert_eq!(listed(&refused), [for_child["id"].clone()]);
        assert_eq!((app.entries().await, &read(&office, &patient).await["archived_at"]), (before, &Value::Null));
    }

    async fn pt10_what_is_ahead_is_called_off_in_the_same_act(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Ana Lima").await;
        let booked = [office.book(&patient, NINE).await.expect(201), office.book(&patient, TEN).await.expect(201)];
        let before = app.entries().await;
        archive(&office, &patient, "?cancel_appointments=true").await.expect(204);
        assert_eq!(app.entries().await, before + 1, "one act");
        for one in &booked {
            let now = office.staff.get(&format!("/api/v1/appointments/{}", text(&one["id"]))).await.expect(200);
            assert_eq!((&now["status"], &now["version"]), (&json!("cancelled"), &json!(2)));
            assert_eq!(now["cancellation"]["reason_code"], "patient_archived", "{now:#}");
            let sql = app.sql().await;
            let id = sql.id(one["id"].as_str().unwrap());
            assert_eq!(sql.number(&format!("SELECT count(*) FROM busy WHERE appointment_id = {id} AND (active OR overbooked)")).await, 0);
            let events = format!("SELECT count(*) FROM event WHERE aggregate_id = {id} AND kind = 'scheduling.appointment_cancelled'");
            assert_eq!(sql.number(&events).await, 1);
        }
        // The time is free at once.
        let other = office.patient("Outra").await;
        office.book(&other, NINE).await.expect(201);
    }

    async fn pt10_an_archived_record_is_readable_closed_and_restored(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Arquivada Lima").await;
        archive(&office, &patient, "").await.expect(204);
        let before = app.entries().await;
        archive(&office, &patient, "").await.expect(204);
        assert_eq!(app.entries().await, before, "repeating it leaves no entry");
        let record = read(&office, &patient).await;
        assert!(record["archived_at"].is_string() && record["version"] == 2, "{record:#}");
        let path = format!("/api/v1/patients/{patient}");
        office.staff.patch(&path, "*", &json!({ "notes": "x" })).await.refused(409, "patients.archived");
        office.book(&patient, NINE).await.refused(409, "scheduling.patient_closed");
        let mut for_it = office.booking(&office.patient("Mãe").await, NINE);
        for_it["beneficiary_id"] = json!(patient);
        let faults = office.staff.post("/api/v1/appointments", &for_it).await.faults();
        assert_eq!(faults, [("/beneficiary_id".to_owned(), "unknown_reference".to_owned())]);
        let found = office.staff.get("/api/v1/patients?search=Arquivada").await.expect(200);
        assert_eq!(found["items"], json!([]));
        let restored = restore(&office, &patient).await;
        assert_eq!(restored.header("etag"), Some("\"3\""));
        assert_eq!(restored.expect(200)["archived_at"], Value::Null);
        let before = app.entries().await;
        assert_eq!((restore(&office, &patient).await.expect(200)["version"].clone(), app.entries().await), (json!(3), before));
        office.book(&patient, NINE).await.expect(201);
    }

    async fn pt10_the_version_that_was_seen_must_be_current(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Ana Lima").await;
        archive_with(&office, &patient, "", &[]).await.refused(428, "precondition_required");
        archive_with(&office, &patient, "", &[("if-match", "\"2\"")]).await.refused(412, "stale");
        archive_with(&office, &patient, "", &[("if-match", "\"1\"")]).await.expect(204);
        archive_with(&office, &patient, "", &[("if-match", "\"1\"")]).await.refused(412, "stale");
        let path = format!("/api/v1/patients/{patient}/restore");
        office.staff.send(Method::POST, &path, None, &[("if-match", "\"1\"")]).await.refused(412, "stale");
        office.staff.send(Method::POST, &path, None, &[("if-match", "\"2\"")]).await.expect(200);
        let foreign = app.other_admin().await.get("/api/v1/patients").await.expect(200)["items"][0]["id"].clone();
        archive(&office, &text(&foreign), "?cancel_appointments=true").await.refused(404, "not_found");
        restore(&office, &text(&foreign)).await.refused(404, "not_found");
    }

    async fn pt10_a_patient_does_not_archive_the_own_record(app) {
        let patient = app.member("patient").await;
        let own = text(&patient.get("/api/v1/auth/me").await.expect(200)["patient_id"]);
        let path = format!("/api/v1/patients/{own}");
        patient.send(Method::DELETE, &path, None, &[("if-match", "*")]).await.refused(403, "patients.out_of_reach");
        patient.send(Method::POST, &format!("{path}/restore"), None, &[]).await.refused(403, "patients.out_of_reach");
    }

    async fn pt10_appointments_are_listed_and_called_off_by_their_own_permissions(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Ana Lima").await;
        let booked = office.book(&patient, NINE).await.expect(201);
        let archive = async |permissions: &[&str], query: &str| {
            let key = office.admin.post("/api/v1/api-keys", &json!({ "name": "Programa", "permissions": permissions })).await.expect(201);
            let program = Caller { token: Some(text(&key["key"])), ..app.anonymous() };
            program.send(Method::DELETE, &format!("/api/v1/patients/{patient}{query}"), None, &[("if-match", "*")]).await
        };
        let blind = archive(&["patients:write"], "").await.refused(409, "patients.appointments_ahead");
        assert_eq!((&blind["count"], blind.get("appointments")), (&json!(1), None), "{blind:#}");
        let seeing = archive(&["patients:write", "appointments:read"], "").await.refused(409, "patients.appointments_ahead");
        assert_eq!((&seeing["count"], &seeing["appointments"][0]["id"]), (&json!(1), &booked["id"]));
        let before = app.entries().await;
        for permissions in [&["patients:write"][..], &["patients:write", "appointments:read"]] {
            let before = app.entries().await;
            archive(permissions, "?cancel_appointments=true").await.refused(403, "forbidden");
            assert_eq!(app.entries().await, before + 1, "the key alone");
        }
        assert_eq!(app.entries().await, before + 2);
        archive(&["patients:write", "appointments:write"], "?cancel_appointments=true").await.expect(204);
    }

    async fn pt10_a_booking_at_the_same_time_is_called_off_stands_in_the_way_or_is_refused(app) {
        let office = Office::open(app).await;
        let sql = app.sql().await;
        for number in 0..8 {
            let patient = office.patient("Disputada").await;
            let start = format!("2027-03-{:02}T12:00:00Z", 16 + number);
            let query = if number % 2 == 0 { "?cancel_appointments=true" } else { "" };
            let (booked, archived) = tokio::join!(office.book(&patient, &start), archive(&office, &patient, query));
            if booked.status != 201 {
                booked.refused(409, "scheduling.patient_closed");
            }
            let is_archived = archived.status == 204;
            if !is_archived {
                archived.refused(409, "patients.appointments_ahead");
            }
            let held = format!("SELECT count(*) FROM busy WHERE active AND resource_id = {}", sql.id(&patient));
            assert_eq!(sql.number(&held).await, i64::from(!is_archived), "an archived patient has no time taken");
        }
    }
}
