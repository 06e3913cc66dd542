//! A patient's profile and timeline: each in one round trip, each part as far as the caller may see it (PT5).

use chrono::Duration;
use kernel::ids::{PatientId, TenantId};
use kernel::{Origin, Permission, Permit, SubjectKeys, Transaction};
use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, Office, TestApp, text};

const PATIENTS: &str = "/api/v1/patients";

struct Erasing;

impl Permission for Erasing {
    const NAME: &'static str = "privacy:erase";
}

async fn profile(caller: &Caller, patient: &str) -> Value {
    caller.get(&format!("{PATIENTS}/{patient}/profile")).await.expect(200)
}

async fn timeline(caller: &Caller, patient: &str, query: &str) -> Value {
    caller.get(&format!("{PATIENTS}/{patient}/timeline{query}")).await.expect(200)
}

fn kinds(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|entry| text(&entry["kind"])).collect()
}

/// A key that reads with these permissions alone.
async fn program(app: &TestApp, permissions: &[&str]) -> Caller {
    let ask = json!({ "name": "Programa", "permissions": permissions });
    let key = app.admin().await.post("/api/v1/api-keys", &ask).await.expect(201);
    Caller { token: Some(text(&key["key"])), ..app.anonymous() }
}

async fn become_status(app: &TestApp, appointment: &Value, status: &str) {
    let sql = app.sql().await;
    let id = sql.id(appointment["id"].as_str().unwrap());
    assert_eq!(sql.run(&format!("UPDATE appointment SET status = '{status}' WHERE id = {id}")).await, Ok(1));
}

/// How often the database is asked for an answer to somebody who is known already.
async fn asked(app: &TestApp, caller: &Caller, path: &str) -> u64 {
    caller.get(path).await.expect(200);
    let before = app.round_trips();
    caller.get(path).await.expect(200);
    app.round_trips() - before
}

both! {
    async fn pt5_profile_and_timeline_are_one_round_trip_however_much_there_is(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Contada").await;
        let paths = ["profile", "timeline", "timeline?include=total", "timeline?limit=3&page=2", "timeline?about=link"]
            .map(|part| format!("{PATIENTS}/{patient}/{part}"));
        for path in &paths {
            assert_eq!(asked(app, &office.staff, path).await, 1, "{path}");
        }
        let users = office.admin.get("/api/v1/users?role=caregiver").await.expect(200);
        let link = json!({ "membership_id": users["items"][0]["id"], "kind": "caregiver" });
        office.staff.post(&format!("{PATIENTS}/{patient}/links"), &link).await.expect(201);
        for hour in 10..30 {
            let start = format!("2027-03-{:02}T{:02}:00:00Z", 15 + hour / 10, hour % 24);
            let booked = office.book(&patient, &start).await.expect(201);
            office.step(&booked, "confirm", &json!({})).await.expect(200);
            let version = format!("\"{}\"", hour - 9);
            let change = json!({ "notes": format!("Observação {hour}") });
            office.staff.patch(&format!("{PATIENTS}/{patient}"), &version, &change).await.expect(200);
        }
        let all = timeline(&office.staff, &patient, "?limit=200&include=total").await;
        assert_eq!((&all["total"], all["items"].as_array().unwrap().len()), (&json!(62), 62));
        for path in &paths {
            assert_eq!(asked(app, &office.staff, path).await, 1, "{path}");
        }
    }

    async fn pt5_a_profile_tells_what_surrounds_the_record(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Retratada").await;
        let bare = profile(&office.staff, &patient).await;
        let record = office.staff.get(&format!("{PATIENTS}/{patient}")).await.expect(200);
        assert_eq!(bare["patient"], record);
        let nothing = json!({ "visits": 0, "no_shows": 0, "cancellations": 0, "late_cancellations": 0 });
        assert_eq!(bare["appointments"], json!({ "next": [], "last": [], "counts": nothing, "confirmations": [] }));
        assert_eq!(bare["last_interactions"], json!([]));
        for part in ["open_conversations", "latest_snapshot", "balance_due"] {
            assert_eq!(bare.get(part), Some(&Value::Null), "{part}");
        }
        let mut booked = Vec::new();
        for day in 11..=19 {
            booked.push(office.book(&patient, &format!("2027-03-{day}T12:00:00Z")).await.expect(201));
        }
        office.step(&booked[0], "confirm", &json!({})).await.expect(200);
        office.step(&booked[8], "cancel", &json!({ "reason": "Viagem" })).await.expect(200);
        for (index, status) in [(0, "completed"), (1, "no_show"), (2, "late_cancelled"), (3, "entered_in_error")] {
            become_status(app, &booked[index], status).await;
        }
        app.clock.advance(Duration::days(5) + Duration::minutes(15));
        let staff = app.receptionist().await;
        let appointments = profile(&staff, &patient).await["appointments"].clone();
        let ids = |list: &Value, field: &str| list.as_array().unwrap().iter().map(|one| text(&one[field])).collect::<Vec<_>>();
        let of = |indices: &[usize]| indices.iter().map(|index| text(&booked[*index]["id"])).collect::<Vec<_>>();
        // The fifth has begun a quarter of an hour ago and is under way.
        assert_eq!(ids(&appointments["next"], "id"), of(&[4, 5, 6, 7]));
        assert_eq!(ids(&appointments["last"], "id"), of(&[1, 0]));
        assert_eq!(appointments["next"][0]["start"], booked[4]["start"]);
        assert_eq!((&appointments["next"][0]["service_name"], &appointments["next"][0]["status"]), (&json!("Consulta de teste"), &json!("booked")));
        let counts = json!({ "visits": 1, "no_shows": 1, "cancellations": 1, "late_cancellations": 1 });
        assert_eq!(appointments["counts"], counts);
        let confirmations = &appointments["confirmations"];
        assert_eq!(ids(confirmations, "appointment_id"), of(&[8, 7, 6, 5, 4, 2, 1, 0]));
        assert_eq!(confirmations[0]["confirmed_at"], Value::Null);
        assert_eq!(confirmations[7]["confirmed_at"], "2027-03-10T12:00:00Z");
        assert!(confirmations[7]["confirmed_by"]["membership_id"].is_string());
    }

    async fn pt5_the_last_dealings_are_ten_newest_first(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Assídua").await;
        for day in 11..=18 {
            let booked = office.book(&patient, &format!("2027-03-{day}T12:00:00Z")).await.expect(201);
            office.step(&booked, "confirm", &json!({})).await.expect(200);
        }
        let whole = timeline(&office.staff, &patient, "?about=appointment&limit=10").await;
        let told = profile(&office.staff, &patient).await["last_interactions"].clone();
        assert_eq!(told, whole["items"]);
        assert_eq!((told.as_array().unwrap().len(), &told[0]["kind"]), (10, &json!("appointment_confirmed")));
    }

    async fn pt5_a_timeline_tells_everything_newest_first(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Narrada").await;
        let path = format!("{PATIENTS}/{patient}");
        let change = json!({ "birth_date": "1986-04-12", "stage": "inactive", "notes": "Prefere manhãs" });
        office.staff.patch(&path, "\"1\"", &change).await.expect(200);
        let users = office.admin.get("/api/v1/users?role=caregiver").await.expect(200);
        let link = json!({ "membership_id": users["items"][0]["id"], "kind": "guardian" });
        let link = office.staff.post(&format!("{path}/links"), &link).await.expect(201);
        assert_eq!(office.staff.delete(&format!("{path}/links/{}", text(&link["id"]))).await.status, 204);
        let booked = office.book(&patient, "2027-03-15T12:00:00Z").await.expect(201);
        office.step(&booked, "confirm", &json!({})).await.expect(200);
        office.step(&booked, "cancel", &json!({ "reason": "Viagem" })).await.expect(200);
        let all = timeline(&office.admin, &patient, "").await;
        let expected = [
            "appointment_cancelled", "appointment_confirmed", "appointment_booked", "link_ended", "link_added", "changed", "registered",
        ];
        assert_eq!(kinds(&all), expected);
        let items = all["items"].as_array().unwrap();
        assert_eq!(items[5]["record"], json!({ "fields": ["birth_date", "notes", "stage"], "stage": "inactive" }));
        assert_eq!(items[6]["record"], json!({ "fields": [], "stage": "active" }));
        let appointment = json!({
            "id": booked["id"], "start": booked["start"], "practitioner_id": office.practitioner, "clinic_id": office.clinic,
            "service_name": "Consulta de teste", "moved_from": null
        });
        for entry in &items[..3] {
            assert_eq!((&entry["appointment"], &entry["record"], &entry["link"]), (&appointment, &Value::Null, &Value::Null));
        }
        let told = &items[4]["link"];
        assert_eq!((&told["id"], &told["kind"], &told["valid_to"]), (&link["id"], &json!("guardian"), &json!("2027-03-10")));
        assert!(!all.to_string().contains("manhãs") && !all.to_string().contains("Viagem"), "values stay in the audit");
        assert_eq!(kinds(&timeline(&office.staff, &patient, "?about=link").await), ["link_ended", "link_added"]);
        assert_eq!(kinds(&timeline(&office.staff, &patient, "?about=record,appointment").await).len(), 5);
        office.staff.get(&format!("{path}/timeline?about=weather")).await.expect(422);
    }

    async fn pt5_who_did_it_is_named_to_those_who_may_know_the_members(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Narrada").await;
        let me = office.staff.get("/api/v1/auth/me").await.expect(200);
        let by = timeline(&office.admin, &patient, "").await["items"][0]["by"].clone();
        assert!(by["membership_id"].is_string());
        assert_eq!((&by["name"], &by["api_key_id"]), (&me["name"], &Value::Null));
        let seen = timeline(&office.staff, &patient, "").await["items"][0]["by"].clone();
        assert_eq!((&seen["membership_id"], &seen["name"]), (&by["membership_id"], &Value::Null));
        let program = program(app, &["patients:read", "patients:write"]).await;
        let own = text(&program.post(PATIENTS, &json!({ "name": "Pelo Programa" })).await.expect(201)["id"]);
        let by = timeline(&office.admin, &own, "").await["items"][0]["by"].clone();
        assert!(by["api_key_id"].is_string() && by["membership_id"].is_null(), "{by:#}");
    }

    async fn pt5_pages_of_a_timeline_hold_everything_once_while_more_happens(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Narrada").await;
        let change = async |number: usize| {
            let change = json!({ "notes": format!("Observação {number}") });
            office.staff.patch(&format!("{PATIENTS}/{patient}"), "*", &change).await.expect(200);
        };
        for number in 0..9 {
            change(number).await;
        }
        let before = timeline(&office.staff, &patient, "").await["items"].clone();
        let (mut seen, mut cursor, mut arrived) = (Vec::new(), String::new(), 100);
        loop {
            let page = timeline(&office.staff, &patient, &format!("?limit=3{cursor}")).await;
            seen.extend(page["items"].as_array().unwrap().clone());
            change(arrived).await;
            arrived += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(json!(seen), before);
    }

    async fn pt5_each_part_is_as_far_as_its_own_permission(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Repartida").await;
        office.book(&patient, "2027-03-15T12:00:00Z").await.expect(201);
        let program = program(app, &["patients:read"]).await;
        let told = profile(&program, &patient).await;
        assert_eq!((&told["appointments"], &told["last_interactions"]), (&Value::Null, &json!([])));
        assert_eq!(kinds(&timeline(&program, &patient, "").await), ["registered"]);
        assert_eq!(timeline(&program, &patient, "?about=appointment&include=total").await["total"], 0);
    }

    async fn pt5_who_has_an_agenda_is_told_of_the_appointments_on_it(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Dividida").await;
        let hairdresser = app.member("hairdresser").await;
        let own = text(&hairdresser.get("/api/v1/auth/me").await.expect(200)["practitioner_id"]);
        hairdresser.get(&format!("{PATIENTS}/{patient}/profile")).await.refused(404, "not_found");
        hairdresser.get(&format!("{PATIENTS}/{patient}/timeline")).await.refused(404, "not_found");
        let first = office.book(&patient, "2027-03-15T12:00:00Z").await.expect(201);
        let second = office.book(&patient, "2027-03-16T12:00:00Z").await.expect(201);
        let sql = app.sql().await;
        let (id, own) = (sql.id(second["id"].as_str().unwrap()), sql.id(&own));
        assert_eq!(sql.run(&format!("UPDATE appointment SET practitioner_id = {own} WHERE id = {id}")).await, Ok(1));
        let told = profile(&hairdresser, &patient).await;
        assert_eq!(told["appointments"]["next"].as_array().unwrap().len(), 1);
        assert_eq!(told["appointments"]["next"][0]["id"], second["id"]);
        let seen = timeline(&hairdresser, &patient, "").await;
        assert_eq!(kinds(&seen), ["appointment_booked", "registered"]);
        assert!(!seen.to_string().contains(first["id"].as_str().unwrap()));
        assert_eq!(kinds(&timeline(&office.staff, &patient, "").await).len(), 3);
    }

    async fn pt5_the_patients_side_sees_no_changes_of_the_record(app) {
        let own = text(&app.member("patient").await.get("/api/v1/auth/me").await.expect(200)["patient_id"]);
        let staff = app.receptionist().await;
        let remarks = json!({ "notes": "Chega atrasado", "tags": ["difícil"] });
        staff.patch(&format!("{PATIENTS}/{own}"), "*", &remarks).await.expect(200);
        let of_staff = kinds(&timeline(&staff, &own, "?about=record").await);
        assert_eq!(of_staff, ["changed", "registered"]);
        for role in ["patient", "caregiver"] {
            let caller = app.member(role).await;
            let page = timeline(&caller, &own, "?about=record&include=total").await;
            assert_eq!((kinds(&page), &page["total"]), (vec!["registered".to_owned()], &json!(1)), "{role}");
            let told = profile(&caller, &own).await;
            assert_eq!((&told["patient"]["notes"], &told["patient"]["tags"]), (&Value::Null, &json!([])), "{role}");
            assert!(told["appointments"]["next"].as_array().is_some(), "{role}");
        }
    }

    async fn pt5_an_erasure_reaches_the_timeline(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Apagada").await;
        let change = json!({ "social_name": "Outra" });
        office.staff.patch(&format!("{PATIENTS}/{patient}"), "*", &change).await.expect(200);
        let tenant = text(&office.staff.get("/api/v1/auth/me").await.expect(200)["company_id"]);
        let permit = Permit::<Erasing>::system(TenantId::from_uuid(tenant.parse().unwrap()), "test", Origin::default());
        let tx = app.app.database.open(permit.scope()).await.unwrap();
        let subject = PatientId::from_uuid(patient.parse().unwrap());
        assert!(tx.subject_keys_destroy(subject.uuid()).await.unwrap() > 0);
        Box::new(tx).finish().await.unwrap();
        let page = timeline(&office.staff, &patient, "").await;
        assert_eq!(kinds(&page), ["changed", "registered"]);
        assert_eq!(page["items"][0]["record"], json!({ "fields": null, "stage": null }));
    }

    async fn pt5_who_is_not_there_has_no_story(app) {
        let staff = app.receptionist().await;
        let foreign = text(&app.other_admin().await.post(PATIENTS, &json!({ "name": "Alheia" })).await.expect(201)["id"]);
        for id in [foreign.as_str(), "01935b2e-7c00-7a10-8000-00000000dead", "none"] {
            staff.get(&format!("{PATIENTS}/{id}/profile")).await.refused(404, "not_found");
            staff.get(&format!("{PATIENTS}/{id}/timeline")).await.refused(404, "not_found");
        }
    }
}
