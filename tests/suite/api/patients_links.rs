//! Caregivers and guardians: a link gives reach from the next request on, everywhere, and its end takes it at once (PT5).

use chrono::Duration;
use kernel::Clock as _;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, TestApp, at_once, text};

const PATIENTS: &str = "/api/v1/patients";

async fn register(app: &TestApp, name: &str) -> String {
    text(&app.receptionist().await.post(PATIENTS, &json!({ "name": name })).await.expect(201)["id"])
}

/// The membership of the only member with this role.
async fn member(app: &TestApp, role: &str) -> String {
    let users = app.admin().await.get(&format!("/api/v1/users?role={role}")).await.expect(200);
    text(&users["items"][0]["id"])
}

fn links(patient: &str) -> String {
    format!("{PATIENTS}/{patient}/links")
}

fn caregiver(membership: &str) -> Value {
    json!({ "membership_id": membership, "kind": "caregiver" })
}

async fn sees(caller: &Caller, patient: &str) -> bool {
    let read = caller.get(&format!("{PATIENTS}/{patient}")).await;
    let found = caller.get(&format!("{PATIENTS}?search=Alcancada&limit=200")).await.expect(200);
    let listed = found["items"].as_array().unwrap().iter().any(|one| one["id"] == patient);
    assert_eq!(read.status == 200, listed, "{}", read.text());
    listed
}

both! {
    async fn pt5_a_link_gives_reach_at_once_and_its_end_takes_it_at_once(app) {
        let patient = register(app, "Alcancada").await;
        let membership = member(app, "caregiver").await;
        let (staff, carer) = (app.receptionist().await, app.member("caregiver").await);
        assert!(!sees(&carer, &patient).await);
        let before = app.entries().await;
        let link = staff.post(&links(&patient), &caregiver(&membership)).await.expect(201);
        let told = [&link["membership_id"], &link["kind"], &link["valid_from"], &link["valid_to"], &link["standing"]];
        assert_eq!(told, [&json!(membership), &json!("caregiver"), &json!("2027-03-10"), &Value::Null, &json!("current")]);
        assert!(sees(&carer, &patient).await);
        let path = format!("{}/{}", links(&patient), text(&link["id"]));
        assert_eq!(staff.delete(&path).await.status, 204);
        assert!(!sees(&carer, &patient).await);
        assert_eq!(app.entries().await, before + 2);
        // Whoever sends it again has lost the answer, and harms nothing.
        assert_eq!(staff.delete(&path).await.status, 204);
        assert_eq!(app.entries().await, before + 2);
        let listed = staff.get(&links(&patient)).await.expect(200);
        assert_eq!((&listed["items"][0]["standing"], &listed["items"][0]["valid_to"]), (&json!("ended"), &json!("2027-03-10")));
        // Ended today, linked again today.
        staff.post(&links(&patient), &caregiver(&membership)).await.expect(201);
        assert!(sees(&carer, &patient).await);
    }

    async fn pt5_another_node_knows_of_a_link_and_of_its_end_at_once(app) {
        let patient = register(app, "Alcancada").await;
        let membership = member(app, "caregiver").await;
        let (staff, carer) = (app.receptionist().await, app.member("caregiver").await);
        let (node, anonymous, server) = app.second_node().await;
        let there = Caller { token: carer.token.clone(), ..anonymous.clone() };
        let staff_there = Caller { token: staff.token.clone(), ..anonymous };
        assert!(!sees(&there, &patient).await && !sees(&carer, &patient).await);
        let link = staff.post(&links(&patient), &caregiver(&membership)).await.expect(201);
        assert!(sees(&there, &patient).await && sees(&carer, &patient).await);
        assert_eq!(staff_there.delete(&format!("{}/{}", links(&patient), text(&link["id"]))).await.status, 204);
        assert!(!sees(&there, &patient).await && !sees(&carer, &patient).await);
        drop(server.stop(false));
        node.database.close().await;
    }

    async fn pt5_a_link_is_valid_from_its_first_day_until_before_its_last(app) {
        let patient = register(app, "Alcancada").await;
        let membership = member(app, "caregiver").await;
        let ask = json!({ "membership_id": membership, "kind": "guardian", "valid_from": "2027-03-11", "valid_to": "2027-03-13" });
        let link = app.receptionist().await.post(&links(&patient), &ask).await.expect(201);
        assert_eq!(link["standing"], "upcoming");
        for (reached, standing) in [(false, "upcoming"), (true, "current"), (true, "current"), (false, "ended")] {
            let (carer, staff) = (app.member("caregiver").await, app.receptionist().await);
            assert_eq!(sees(&carer, &patient).await, reached, "{}", app.clock.now());
            let all = staff.get(&links(&patient)).await.expect(200);
            assert_eq!(all["items"][0]["standing"], standing);
            let today = app.clock.now().date_naive();
            let valid = staff.get(&format!("{}?valid_on={today}", links(&patient))).await.expect(200);
            assert_eq!(valid["items"].as_array().unwrap().len(), usize::from(reached));
            app.clock.advance(Duration::days(1));
        }
    }

    async fn pt5_a_link_to_come_is_withdrawn_whole(app) {
        let patient = register(app, "Alcancada").await;
        let (staff, membership) = (app.receptionist().await, member(app, "caregiver").await);
        let ask = json!({ "membership_id": membership, "kind": "caregiver", "valid_from": "2027-03-11" });
        let link = staff.post(&links(&patient), &ask).await.expect(201);
        assert_eq!(staff.delete(&format!("{}/{}", links(&patient), text(&link["id"]))).await.status, 204);
        app.clock.advance(Duration::days(1));
        let staff = app.receptionist().await;
        assert!(!sees(&app.member("caregiver").await, &patient).await);
        let listed = staff.get(&links(&patient)).await.expect(200);
        assert_eq!((&listed["items"][0]["standing"], &listed["items"][0]["valid_to"]), (&json!("ended"), &json!("2027-03-11")));
        staff.post(&links(&patient), &ask).await.expect(201);
    }

    async fn pt5_the_same_link_twice_for_one_day_is_refused(app) {
        let patient = register(app, "Alcancada").await;
        let (staff, membership) = (app.receptionist().await, member(app, "caregiver").await);
        let ask = |kind: &str, from: &str, to: Option<&str>| {
            json!({ "membership_id": membership, "kind": kind, "valid_from": from, "valid_to": to })
        };
        let first = staff.post(&links(&patient), &ask("caregiver", "2027-03-10", Some("2027-04-01"))).await.expect(201);
        for (from, to) in [("2027-03-10", Some("2027-04-01")), ("2027-03-01", Some("2027-03-11")), ("2027-03-31", None), ("2027-03-01", None)] {
            let refused = staff.post(&links(&patient), &ask("caregiver", from, to)).await.refused(409, "patients.linked_already");
            assert_eq!(refused["existing_id"], first["id"], "{from} {to:?}");
        }
        for (kind, from, to) in [("guardian", "2027-03-10", None), ("caregiver", "2027-03-01", Some("2027-03-10")), ("caregiver", "2027-04-01", None)] {
            staff.post(&links(&patient), &ask(kind, from, to)).await.expect(201);
        }
        let other = register(app, "Outra").await;
        staff.post(&links(&other), &ask("caregiver", "2027-03-10", None)).await.expect(201);
    }

    async fn pt5_of_equal_links_that_come_at_once_one_is_made(app) {
        let patient = register(app, "Alcancada").await;
        let (staff, membership) = (app.receptionist().await, member(app, "caregiver").await);
        let send = |staff: Caller, path: String, ask: Value| async move { staff.post(&path, &ask).await };
        let answers = at_once((0..6).map(|_| send(staff.clone(), links(&patient), caregiver(&membership)))).await;
        let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!((made.len(), refused.len()), (1, 5));
        let made = made.into_iter().next().unwrap().json();
        for answer in refused {
            assert_eq!(answer.refused(409, "patients.linked_already")["existing_id"], made["id"]);
        }
        let path = format!("{}/{}", links(&patient), text(&made["id"]));
        let before = app.entries().await;
        let end = |staff: Caller, path: String| async move { staff.delete(&path).await };
        let ended = at_once((0..6).map(|_| end(staff.clone(), path.clone()))).await;
        assert!(ended.iter().all(|answer| answer.status == 204));
        assert_eq!(app.entries().await, before + 1, "it ended once");
    }

    async fn pt5_a_link_that_cannot_be_is_refused_with_its_reason(app) {
        let patient = register(app, "Alcancada").await;
        let (staff, membership) = (app.receptionist().await, member(app, "caregiver").await);
        let ends_first = json!({ "membership_id": membership, "kind": "caregiver", "valid_from": "2027-03-10", "valid_to": "2027-03-10" });
        let foreign = app.other_admin().await.get("/api/v1/users").await.expect(200);
        let before = app.entries().await;
        let fault = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
        assert_eq!(staff.post(&links(&patient), &ends_first).await.faults(), fault("/valid_to", "ends_before_start"));
        let nobody = caregiver("01935b2e-7c00-7a10-8000-00000000dead");
        assert_eq!(staff.post(&links(&patient), &nobody).await.faults(), fault("/membership_id", "unknown_reference"));
        let foreign = caregiver(foreign["items"][0]["id"].as_str().unwrap());
        assert_eq!(staff.post(&links(&patient), &foreign).await.faults(), fault("/membership_id", "unknown_reference"));
        let driver = json!({ "membership_id": membership, "kind": "driver", "valid_from": "10/03/2027" });
        let mut faults = staff.post(&links(&patient), &driver).await.faults();
        faults.sort();
        assert_eq!(faults, [fault("/kind", "unknown_value"), fault("/valid_from", "invalid_date")].concat());
        let unknown = "01935b2e-7c00-7a10-8000-00000000beef";
        staff.post(&links(unknown), &caregiver(&membership)).await.refused(404, "not_found");
        staff.get(&links(unknown)).await.refused(404, "not_found");
        staff.delete(&format!("{}/{unknown}", links(&patient))).await.refused(404, "not_found");
        assert_eq!(app.entries().await, before);
    }

    async fn pt5_a_link_is_ended_under_its_own_patient_alone(app) {
        let (patient, other) = (register(app, "Alcancada").await, register(app, "Outra").await);
        let (staff, membership) = (app.receptionist().await, member(app, "caregiver").await);
        let link = text(&staff.post(&links(&patient), &caregiver(&membership)).await.expect(201)["id"]);
        staff.delete(&format!("{}/{link}", links(&other))).await.refused(404, "not_found");
        assert!(sees(&app.member("caregiver").await, &patient).await);
    }

    async fn pt5_who_does_not_reach_the_company_links_nobody(app) {
        let own = text(&app.member("patient").await.get("/api/v1/auth/me").await.expect(200)["patient_id"]);
        let membership = member(app, "caregiver").await;
        let listed = app.receptionist().await.get(&links(&own)).await.expect(200);
        let link = format!("{}/{}", links(&own), text(&listed["items"][0]["id"]));
        let callers = [app.member("patient").await, app.member("hairdresser").await, app.member("caregiver").await];
        let codes = ["patients.out_of_reach", "patients.out_of_reach", "forbidden"];
        let before = app.entries().await;
        for (caller, code) in callers.iter().zip(codes) {
            caller.post(&links(&own), &caregiver(&membership)).await.refused(403, code);
            caller.delete(&link).await.refused(403, code);
        }
        assert_eq!(app.entries().await, before);
    }

    async fn pt5_a_caregiver_sees_its_own_links_and_a_patient_all(app) {
        let own = text(&app.member("patient").await.get("/api/v1/auth/me").await.expect(200)["patient_id"]);
        let (staff, nurse, carer) = (app.receptionist().await, member(app, "nurse").await, member(app, "caregiver").await);
        let guardian = json!({ "membership_id": nurse, "kind": "guardian" });
        staff.post(&links(&own), &guardian).await.expect(201);
        let of = async |caller: &Caller, query: &str| {
            let page = caller.get(&format!("{}{query}", links(&own))).await.expect(200);
            page["items"].as_array().unwrap().iter().map(|link| text(&link["membership_id"])).collect::<Vec<_>>()
        };
        assert_eq!(of(&staff, "").await, [carer.clone(), nurse.clone()]);
        assert_eq!(of(&app.member("patient").await, "").await, [carer.clone(), nurse.clone()]);
        assert_eq!(of(&app.member("caregiver").await, "").await, std::slice::from_ref(&carer));
        assert_eq!(of(&staff, "?kind=guardian").await, [nurse]);
    }

    async fn pt5_nobody_is_linked_to_a_record_that_was_merged(app) {
        let patient = register(app, "Alcancada").await;
        let (sql, membership) = (app.sql().await, member(app, "caregiver").await);
        let (id, into) = (sql.id(&patient), sql.id(&register(app, "Outra").await));
        sql.run(&format!("UPDATE patient SET stage = 'merged', merged_into = {into} WHERE id = {id}")).await.unwrap();
        app.receptionist().await.post(&links(&patient), &caregiver(&membership)).await.refused(409, "record_is_merged");
    }
}
