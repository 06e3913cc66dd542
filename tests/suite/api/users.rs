//! Members: what admins change of them, and what they never do (I6).

use chrono::Duration;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, TestApp, at_once, text};

const USERS: &str = "/api/v1/users";
const ME: &str = "/api/v1/auth/me";

/// The path of the member of Clínica Aurora with this role.
async fn path_of(app: &TestApp, role: &str) -> String {
    let me = app.member(role).await.get(ME).await.expect(200);
    format!("{USERS}/{}", text(&me["id"]))
}

async fn set_role(admin: &Caller, path: &str, role: &str) -> Value {
    admin.patch(path, "*", &json!({ "role": role })).await.expect(200)
}

fn steps(path: &str) -> [String; 2] {
    ["deactivate", "activate"].map(|step| format!("{path}/{step}"))
}

async fn active_admins(app: &TestApp) -> i64 {
    let admin = app
        .sql()
        .await
        .texts(
            "SELECT CAST(count(*) AS text) FROM membership m JOIN company c ON c.tenant_id = m.tenant_id \
        WHERE c.name = 'Clínica Aurora' AND m.role = 'admin' AND m.status = 'active'",
        )
        .await;
    admin[0].parse().unwrap()
}

both! {
    async fn members_are_listed_and_found(app) {
        let admin = app.admin().await;
        let all = admin.get(&format!("{USERS}?limit=200&include=total")).await.expect(200);
        assert_eq!((all["total"].as_i64(), all["items"].as_array().unwrap().len()), (Some(16), 16));
        let nurses = admin.get(&format!("{USERS}?role=nurse,doctor&status=active")).await.expect(200);
        assert_eq!(nurses["items"].as_array().unwrap().len(), 2);
        let one = admin.get(&format!("{USERS}?email=Nurse%40Aurora.example")).await.expect(200);
        assert_eq!((&one["items"][0]["role"], one["items"].as_array().unwrap().len()), (&json!("nurse"), 1));
        assert_eq!(admin.get(&format!("{USERS}?status=inactive")).await.expect(200)["items"], json!([]));
        let nurse = &one["items"][0];
        assert_eq!(&app.member("supervisor").await.get(&format!("{USERS}/{}", text(&nurse["id"]))).await.expect(200), nurse);
        for (query, pointer) in [("role=boss", "role"), ("status=gone", "status"), ("email=x", "email"), ("search=x", "search")] {
            assert_eq!(admin.get(&format!("{USERS}?{query}")).await.faults()[0].0, pointer, "{query}");
        }
    }

    async fn members_of_a_clinic_are_those_who_name_it_or_none(app) {
        let admin = app.admin().await;
        let clinics = admin.get("/api/v1/clinics").await.expect(200);
        let [one, other] = [0, 1].map(|n| text(&clinics["items"][n]["id"]));
        let nurse = path_of(app, "nurse").await;
        let here = async |clinic: &str| {
            let found = admin.get(&format!("{USERS}?clinic_id={clinic}&role=nurse")).await.expect(200);
            found["items"].as_array().unwrap().len()
        };
        admin.patch(&nurse, "*", &json!({ "clinic_ids": [one] })).await.expect(200);
        assert_eq!((here(&one).await, here(&other).await), (1, 0));
        let nowhere = admin.patch(&nurse, "*", &json!({ "clinic_ids": [] })).await.faults();
        assert_eq!(nowhere, [("/clinic_ids".to_owned(), "required".to_owned())], "none is not all");
        assert_eq!((here(&one).await, here(&other).await), (1, 0));
        let cleared = admin.patch(&nurse, "*", &json!({ "clinic_ids": null })).await.expect(200);
        assert_eq!(cleared["clinic_ids"], json!([]));
        assert_eq!((here(&one).await, here(&other).await), (1, 1));
        let foreign = app.other_admin().await.get("/api/v1/clinics").await.expect(200);
        assert_eq!(here(&text(&foreign["items"][0]["id"])).await, 0);
    }

    async fn i3_professional_numbers_stand_in_the_sign_in_answer(app) {
        let admin = app.admin().await;
        let doctor = path_of(app, "doctor").await;
        let patch = json!({
            "registrations": [{ "council": "CRM", "region": "SP", "number": "123456" }, { "council": "crefito", "region": "3", "number": "12345-f" }],
            "rpps_number": "7992 7398 713", "adeli_number": "75 123456 7"
        });
        let changed = admin.patch(&doctor, "*", &patch).await.expect(200);
        let ask = json!({ "email": "doctor@aurora.example", "password": api::demo::PASSWORD });
        let user = app.anonymous().post("/api/v1/auth/sign-in", &ask).await.expect(200)["user"].clone();
        assert_eq!((&user["rpps_number"], &user["adeli_number"]), (&json!("79927398713"), &json!("751234567")));
        assert_eq!(user["registrations"][1], json!({ "council": "CREFITO", "region": "3", "number": "12345-F" }));
        assert_eq!(user["registrations"], changed["registrations"]);
        let wrong = json!({
            "registrations": [{ "council": "CRM", "region": "ZZ", "number": "1" }, { "council": "OAB", "region": "SP", "number": "1" }],
            "rpps_number": "79927398714", "adeli_number": "7"
        });
        let mut faults = admin.patch(&doctor, "*", &wrong).await.faults();
        faults.sort();
        let expected = [
            ("/adeli_number", "identity.invalid_registration_number"),
            ("/registrations/0/region", "identity.unknown_region"),
            ("/registrations/1/council", "identity.unknown_council"),
            ("/rpps_number", "identity.registration_check_digit"),
        ];
        assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    }

    async fn i6_a_changed_role_applies_at_once_here_and_within_a_minute_elsewhere(app) {
        let (admin, analyst) = (app.admin().await, app.member("analyst").await);
        let path = path_of(app, "analyst").await;
        let (_node, elsewhere, _server) = app.second_node().await;
        let elsewhere = Caller { token: analyst.token.clone(), ..elsewhere };
        analyst.get("/api/v1/patients").await.refused(403, "forbidden");
        elsewhere.get("/api/v1/patients").await.refused(403, "forbidden");
        set_role(&admin, &path, "receptionist").await;
        analyst.get("/api/v1/patients").await.expect(200);
        app.clock.advance(Duration::seconds(60));
        elsewhere.get("/api/v1/patients").await.expect(200);
        set_role(&admin, &path, "analyst").await;
        analyst.get("/api/v1/patients").await.refused(403, "forbidden");
    }

    async fn i6_deactivation_ends_the_sessions_at_once_here_and_within_a_minute_elsewhere(app) {
        let admin = app.admin().await;
        let path = path_of(app, "nurse").await;
        let [out, back] = steps(&path);
        let ask = json!({ "email": "nurse@aurora.example", "password": api::demo::PASSWORD });
        let session = app.anonymous().post("/api/v1/auth/sign-in", &ask).await.expect(200);
        let nurse = Caller { token: Some(text(&session["access_token"])), ..app.anonymous() };
        let (_node, elsewhere, _server) = app.second_node().await;
        let elsewhere = Caller { token: nurse.token.clone(), ..elsewhere };
        nurse.get(ME).await.expect(200);
        elsewhere.get(ME).await.expect(200);
        assert_eq!(admin.post(&out, &json!({})).await.expect(200)["status"], "inactive");
        nurse.get(ME).await.refused(401, "unauthenticated");
        app.clock.advance(Duration::seconds(60));
        elsewhere.get(ME).await.refused(401, "unauthenticated");
        let refresh = json!({ "refresh_token": session["refresh_token"] });
        app.anonymous().post("/api/v1/auth/refresh", &refresh).await.refused(401, "identity.refresh_token_invalid");
        app.anonymous().post("/api/v1/auth/sign-in", &ask).await.refused(403, "identity.not_a_member");
        let live = "SELECT count(*) FROM session s JOIN membership m ON m.tenant_id = s.tenant_id AND m.id = s.membership_id \
            WHERE m.role = 'nurse' AND s.ended_at IS NULL";
        assert_eq!(app.sql().await.number(live).await, 0);
        assert_eq!(admin.post(&back, &json!({})).await.expect(200)["status"], "active");
        nurse.get(ME).await.refused(401, "unauthenticated");
        app.anonymous().post("/api/v1/auth/refresh", &refresh).await.refused(401, "identity.refresh_token_invalid");
        app.anonymous().post("/api/v1/auth/sign-in", &ask).await.expect(200);
    }

    async fn i6_a_second_deactivation_has_no_effect(app) {
        let admin = app.admin().await;
        let [out, back] = steps(&path_of(app, "nurse").await);
        let first = admin.post(&out, &json!({})).await.expect(200);
        let entries = app.entries().await;
        assert_eq!(admin.post(&out, &json!({})).await.expect(200), first);
        assert_eq!(app.entries().await, entries);
        admin.post(&back, &json!({})).await.expect(200);
        assert_eq!(app.entries().await, entries + 1);
    }

    async fn i6_the_last_admin_cannot_be_demoted_or_removed(app) {
        let admin = app.admin().await;
        let path = path_of(app, "admin").await;
        let [out, _] = steps(&path);
        let before = app.entries().await;
        admin.patch(&path, "*", &json!({ "role": "doctor" })).await.refused(409, "identity.last_admin");
        admin.post(&out, &json!({})).await.refused(409, "identity.last_admin");
        assert_eq!(app.entries().await, before);
        admin.get(ME).await.expect(200);
        set_role(&admin, &path_of(app, "supervisor").await, "admin").await;
        let gone = admin.patch(&path, "*", &json!({ "role": "doctor" })).await.expect(200);
        assert_eq!(gone["role"], "doctor");
        admin.patch(&path, "*", &json!({ "role": "admin" })).await.refused(403, "forbidden");
    }

    async fn i6_of_two_admins_who_remove_each_other_at_once_one_stays(app) {
        let second = path_of(app, "supervisor").await;
        let first = path_of(app, "admin").await;
        set_role(&app.admin().await, &second, "admin").await;
        for round in 0..6 {
            let (one, other) = (app.admin().await, app.member("supervisor").await);
            let remove = |caller: Caller, path: String| async move {
                match round % 2 {
                    0 => caller.post(&format!("{path}/deactivate"), &json!({})).await,
                    _ => caller.patch(&path, "*", &json!({ "role": "nurse" })).await,
                }
            };
            let answers = at_once([remove(one.clone(), second.clone()), remove(other.clone(), first.clone())]).await;
            let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert!(statuses[0] == 200 && [401, 403, 409].contains(&statuses[1]), "{statuses:?}");
            assert_eq!(active_admins(app).await, 1);
            // Whoever removed the other; a session that was refused may still be answered for a moment.
            let done = answers.iter().find(|answer| answer.status == 200).unwrap();
            let left = if done.asked.contains(second.as_str()) { one } else { other };
            for path in [&first, &second] {
                left.post(&format!("{path}/activate"), &json!({})).await.expect(200);
                set_role(&left, path, "admin").await;
            }
        }
    }

    async fn i6_of_many_admins_who_step_down_at_once_one_stays(app) {
        let admin = app.admin().await;
        let roles = ["admin", "supervisor", "nurse", "doctor", "receptionist"];
        let mut leaving = Vec::new();
        for role in roles {
            let path = path_of(app, role).await;
            set_role(&admin, &path, "admin").await;
            leaving.push((app.member(role).await, path));
        }
        let answers = at_once(leaving.into_iter().map(|(caller, path)| async move {
            caller.patch(&path, "*", &json!({ "role": "driver" })).await
        })).await;
        let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 409).collect();
        assert_eq!((refused.len(), answers.iter().filter(|answer| answer.status == 200).count()), (1, 4), "{answers:?}");
        assert_eq!(active_admins(app).await, 1);
    }

    async fn i6_an_account_is_its_owners(app) {
        let admin = app.admin().await;
        let path = path_of(app, "nurse").await;
        let before = app.entries().await;
        for field in ["email", "password", "totp", "account_id", "status", "company_id", "version", "id", "permissions", "tenant_id", "account_name"] {
            let faults = admin.patch(&path, "*", &json!({ field: "x" })).await.faults();
            assert_eq!(faults, [(format!("/{field}"), "unknown_field".to_owned())]);
        }
        assert_eq!(app.entries().await, before);
        admin.patch(&path, "*", &json!({ "name": "Enfermeira Chefe" })).await.expect(200);
        let me = app.member("nurse").await.get(ME).await.expect(200);
        assert_eq!(me["name"], "Enfermeira Chefe");
        assert_ne!(me["account_name"], "Enfermeira Chefe");
    }

    async fn what_a_member_names_is_the_companys(app) {
        let (admin, other) = (app.admin().await, app.other_admin().await);
        let path = path_of(app, "nurse").await;
        let first = async |path: &str| text(&other.get(path).await.expect(200)["items"][0]["id"]);
        let foreign = json!({
            "clinic_ids": [first("/api/v1/clinics").await], "practitioner_id": first("/api/v1/practitioners").await,
            "patient_id": first("/api/v1/patients").await
        });
        let faults = admin.patch(&path, "*", &foreign).await.faults();
        let expected = ["/clinic_ids/0", "/practitioner_id", "/patient_id"];
        assert_eq!(faults, expected.map(|pointer| (pointer.to_owned(), "unknown_reference".to_owned())));
        let member = first(USERS).await;
        for path in [format!("{USERS}/{member}"), format!("{USERS}/nonsense")] {
            admin.get(&path).await.refused(404, "not_found");
            admin.patch(&path, "*", &json!({ "role": "nurse" })).await.refused(404, "not_found");
            for step in steps(&path) {
                admin.post(&step, &json!({})).await.refused(404, "not_found");
            }
        }
        other.get(ME).await.expect(200);
    }

    async fn i11_a_change_of_a_member_is_journalled_with_its_sessions(app) {
        let admin = app.admin().await;
        let path = path_of(app, "nurse").await;
        app.member("nurse").await;
        let before = app.entries().await;
        admin.post(&format!("{path}/deactivate"), &json!({})).await.expect(200);
        assert_eq!(app.entries().await, before + 1);
        let told = "SELECT c.entity_kind FROM journal_change c JOIN journal_entry e ON e.tenant_id = c.tenant_id AND e.id = c.entry_id \
            WHERE e.act = 'users:manage' AND e.at = (SELECT max(at) FROM journal_entry) ORDER BY 1";
        let kinds = app.sql().await.texts(told).await;
        assert!(kinds.contains(&"membership".to_owned()) && kinds.contains(&"session".to_owned()), "{kinds:?}");
    }
}
