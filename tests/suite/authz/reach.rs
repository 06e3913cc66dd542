//! How far a permission reaches: lists show what is within, everything else is not there, and what may be named on
//! creation is narrower still.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ids::Ids;
use crate::both;
use crate::support::{Caller, TestApp};

/// Roles that see less than the company.
const CONFINED: [&str; 3] = ["hairdresser", "caregiver", "patient"];

/// All items of a list, page by page.
async fn all(caller: &Caller, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = caller.get(&format!("{path}{joint}limit=100{cursor}")).await.expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

fn ids_of(items: &[Value], field: &str) -> BTreeSet<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

/// Leaves the caregiver the patient alone whom `Ids` name.
async fn one_link(app: &TestApp) {
    let others = "DELETE FROM patient_link WHERE patient_id NOT IN \
         (SELECT patient_id FROM membership WHERE role = 'patient' AND patient_id IS NOT NULL)";
    assert_eq!(app.sql().await.run(others).await, Ok(2));
}

/// A patient and an appointment of the company that the role does not reach.
async fn out_of_reach(app: &TestApp, ids: &Ids) -> (String, Value) {
    let admin = app.admin().await;
    let patient = json!({ "name": "Fora de Alcance", "notes": "nada a ver" });
    let patient = admin.post("/api/v1/patients", &patient).await.expect(201)["id"].as_str().unwrap().to_owned();
    let practitioners = all(&admin, "/api/v1/practitioners").await;
    let other =
        practitioners.iter().find(|one| one["id"] != ids.practitioner.as_str() && one["name"] == "Rafael Monteiro");
    let (practitioner, service) = (&other.unwrap()["id"], &other.unwrap()["service_ids"][0]);
    let query = format!(
        "service_id={}&practitioner_id={}&from=2027-04-05T00:00:00Z&to=2027-06-01T00:00:00Z&limit=1",
        service.as_str().unwrap(),
        practitioner.as_str().unwrap()
    );
    let slots = admin.get(&format!("/api/v1/slots?{query}")).await.expect(200);
    let booking = json!({
        "service_id": service, "practitioner_id": practitioner, "patient_id": patient, "start": slots["items"][0]["start"]
    });
    (patient, admin.post("/api/v1/appointments", &booking).await.expect(201))
}

fn booking(ids: &Ids) -> Value {
    json!({
        "service_id": ids.service, "practitioner_id": ids.practitioner, "patient_id": ids.patient, "start": ids.start
    })
}

async fn refused_at(caller: &Caller, body: &Value, pointer: &str) {
    let problem = caller.post("/api/v1/appointments", body).await.refused(403, "scheduling.out_of_reach");
    assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem:#}");
}

both! {
    async fn lists_show_what_is_within_reach(app) {
        one_link(app).await;
        let ids = Ids::of_role(app, "hairdresser").await;
        let admin = app.admin().await;
        let since = "from=2026-01-01T00:00:00Z&to=2028-01-01T00:00:00Z";
        let of_company = all(&admin, &format!("/api/v1/appointments?{since}")).await;
        let within = |test: &dyn Fn(&Value) -> bool| {
            let mine: Vec<Value> = of_company.iter().filter(|one| test(one)).cloned().collect();
            (ids_of(&mine, "id"), ids_of(&mine, "patient_id"))
        };
        let (on_agenda, _) = within(&|one| one["practitioner_id"] == ids.practitioner.as_str());
        let (_, seen) = within(&|one| one["practitioner_id"] == ids.practitioner.as_str() && one["status"] != "cancelled");
        let (of_patient, itself) = within(&|one| one["patient_id"] == ids.patient.as_str());
        assert!(on_agenda.len() > 5 && seen.len() < 300 && of_patient.len() < of_company.len());
        for (role, appointments, patients) in
            [("hairdresser", &on_agenda, &seen), ("caregiver", &of_patient, &itself), ("patient", &of_patient, &itself)]
        {
            let caller = app.member(role).await;
            let found = all(&caller, &format!("/api/v1/appointments?{since}")).await;
            assert_eq!(&ids_of(&found, "id"), appointments, "appointments of {role}");
            assert_eq!(&ids_of(&all(&caller, "/api/v1/patients").await, "id"), patients, "patients of {role}");
        }
    }

    async fn what_is_out_of_reach_is_not_there(app) {
        let ids = Ids::of_role(app, "hairdresser").await;
        let (patient, appointment) = out_of_reach(app, &ids).await;
        let appointment = format!("/api/v1/appointments/{}", appointment["id"].as_str().unwrap());
        let callers = [app.member(CONFINED[0]).await, app.member(CONFINED[1]).await, app.member(CONFINED[2]).await];
        let before = app.entries().await;
        for (role, caller) in CONFINED.iter().zip(&callers) {
            caller.get(&format!("/api/v1/patients/{patient}")).await.refused(404, "not_found");
            let found = caller.get("/api/v1/patients?search=Alcance").await.expect(200);
            assert_eq!(found["items"], json!([]), "{role}");
            caller.get(&appointment).await.refused(404, "not_found");
            caller.get(&format!("{appointment}/history")).await.refused(404, "not_found");
            caller.post(&format!("{appointment}/confirm"), &json!({})).await.refused(404, "not_found");
            caller.post(&format!("{appointment}/cancel"), &json!({ "reason": "x" })).await.refused(404, "not_found");
            let all = "from=2027-01-01T00:00:00Z&to=2028-01-01T00:00:00Z";
            let listed = caller.get(&format!("/api/v1/appointments?{all}&patient_id={patient}")).await.expect(200);
            assert_eq!(listed["items"], json!([]), "{role}");
            if *role != "caregiver" {
                let change = json!({ "addresses": [] });
                caller.patch(&format!("/api/v1/patients/{patient}"), "*", &change).await.refused(404, "not_found");
            }
        }
        assert_eq!(app.entries().await, before);
    }

    async fn who_has_an_agenda_books_on_it_alone(app) {
        let ids = Ids::of_role(app, "hairdresser").await;
        let (patient, foreign) = out_of_reach(app, &ids).await;
        let hairdresser = app.member("hairdresser").await;
        let with_other = json!({
            "service_id": foreign["service"]["id"], "practitioner_id": foreign["practitioner_id"],
            "patient_id": ids.patient, "start": ids.start
        });
        refused_at(&hairdresser, &with_other, "/practitioner_id").await;
        // Nobody's agenda is the practitioner's own when none is named.
        let mut own = booking(&ids);
        own["patient_id"] = json!(patient);
        own.as_object_mut().unwrap().remove("practitioner_id");
        let booked = hairdresser.post("/api/v1/appointments", &own).await.expect(201);
        assert_eq!(booked["practitioner_id"], ids.practitioner.as_str());
        // Now the patient is on the agenda.
        hairdresser.get(&format!("/api/v1/patients/{patient}")).await.expect(200);
    }

    async fn hours_are_changed_by_who_they_belong_to(app) {
        let ids = Ids::of_role(app, "hairdresser").await;
        let doctor = app.member("doctor").await;
        let leave = json!({ "kind": "leave", "start": "2027-10-01T10:00:00Z", "end": "2027-10-01T11:00:00Z" });
        let path = format!("/api/v1/availability/{}/exceptions", ids.practitioner);
        doctor.post(&path, &leave).await.refused(403, "scheduling.out_of_reach");
        doctor.delete(&format!("{path}/{}", ids.exception)).await.refused(403, "scheduling.out_of_reach");
        app.member("hairdresser").await.post(&path, &leave).await.expect(201);
    }

    async fn patients_and_caregivers_book_for_their_patients_alone(app) {
        let ids = Ids::of_role(app, "hairdresser").await;
        let (patient, _) = out_of_reach(app, &ids).await;
        for role in ["patient", "caregiver"] {
            let caller = app.member(role).await;
            let mut for_another = booking(&ids);
            for_another["patient_id"] = json!(patient);
            refused_at(&caller, &for_another, "/patient_id").await;
            let mut with_notes = booking(&ids);
            with_notes["notes"] = json!("for the staff");
            refused_at(&caller, &with_notes, "/notes").await;
            let mut in_spite = booking(&ids);
            in_spite["override"] = json!({ "reason": "because" });
            assert_eq!(caller.post("/api/v1/appointments", &in_spite).await.status, 403, "{role}");
        }
        app.member("caregiver").await.post("/api/v1/appointments", &booking(&ids)).await.expect(201);
    }

    async fn a_link_that_has_ended_reaches_nothing(app) {
        let ids = Ids::of_demo(app).await;
        one_link(app).await;
        let caregiver = app.member("caregiver").await;
        let path = format!("/api/v1/patients/{}", ids.patient);
        caregiver.get(&path).await.expect(200);
        app.sql().await.run("UPDATE patient_link SET valid_to = '2027-03-10'").await.unwrap();
        caregiver.get(&path).await.refused(404, "not_found");
        assert_eq!(caregiver.get("/api/v1/patients").await.expect(200)["items"], json!([]));
        app.sql().await.run("UPDATE patient_link SET valid_to = '2027-03-11'").await.unwrap();
        caregiver.get(&path).await.expect(200);
    }

    async fn remarks_of_the_staff_stay_with_the_staff(app) {
        let ids = Ids::of_demo(app).await;
        let (admin, patient) = (app.admin().await, format!("/api/v1/patients/{}", ids.patient));
        let remarks = json!({ "notes": "Chega atrasado", "tags": ["difícil"], "custom": { "cadeira": 7 } });
        admin.patch(&patient, "*", &remarks).await.expect(200);
        let mut ask = booking(&ids);
        ask["notes"] = json!("Trazer o exame");
        let booked = admin.post("/api/v1/appointments", &ask).await.expect(201);
        let appointment = format!("/api/v1/appointments/{}", booked["id"].as_str().unwrap());
        let staff = app.receptionist().await;
        assert_eq!(staff.get(&patient).await.expect(200)["notes"], "Chega atrasado");
        assert_eq!(staff.get(&appointment).await.expect(200)["notes"], "Trazer o exame");
        for role in ["patient", "caregiver"] {
            let caller = app.member(role).await;
            let read = caller.get(&patient).await.expect(200);
            assert_eq!((&read["notes"], &read["tags"], &read["custom"]), (&Value::Null, &json!([]), &json!({})), "{role}");
            assert_eq!(caller.get(&appointment).await.expect(200)["notes"], Value::Null, "{role}");
            for word in ["atrasado", "cadeira"] {
                let found = caller.get(&format!("/api/v1/patients?search={word}")).await.expect(200);
                assert_eq!(found["items"], json!([]), "{role} finds a patient by what it cannot see");
            }
            let history = caller.get(&format!("{appointment}/history")).await.expect(200);
            assert!(!history.to_string().contains("Trazer"), "{role}: {history:#}");
        }
    }

    async fn patients_change_how_they_are_reached_and_nothing_else(app) {
        let ids = Ids::of_demo(app).await;
        let (caller, path) = (app.member("patient").await, format!("/api/v1/patients/{}", ids.patient));
        let contacts = json!({ "contacts": [{ "kind": "email", "value": "eu@example.com", "primary": true }] });
        assert_eq!(caller.patch(&path, "*", &contacts).await.expect(200)["contacts"][0]["value"], "eu@example.com");
        let more = json!({ "name": "Outra Pessoa", "notes": "x", "contacts": [] });
        let problem = caller.patch(&path, "*", &more).await.refused(403, "patients.out_of_reach");
        let named: BTreeSet<&str> =
            problem["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
        assert_eq!(named, BTreeSet::from(["/name", "/notes"]));
        app.member("caregiver").await.patch(&path, "*", &contacts).await.refused(403, "forbidden");
    }
}
