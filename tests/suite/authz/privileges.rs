//! Nobody becomes more than an admin made them: every role against every operation of identity, with targets and bodies that
//! would be worth something.

use identity::model::policy;
use identity::model::role::Role;
use reqwest::Method;
use rest::access::Access;
use serde_json::{Value, json};

use super::ids::Ids;
use super::table::{Line, lines};
use crate::both;
use crate::support::{Caller, TestApp, text};

/// What is worth attacking: who is what, and what the company has decided.
async fn standing(app: &TestApp) -> Vec<String> {
    let sql = app.sql().await;
    let mut rows = Vec::new();
    for query in [
        "SELECT role || ' ' || status || ' ' || display_name FROM membership",
        "SELECT email || ' ' || role || ' ' || CAST(version AS text) FROM invitation",
        "SELECT name || ' ' || country FROM company",
        "SELECT name || ' ' || CAST(version AS text) FROM clinic",
        "SELECT CAST(version AS text) FROM company_settings",
        "SELECT name FROM api_key",
    ] {
        rows.extend(sql.texts(&format!("{query} ORDER BY 1")).await);
    }
    rows
}

/// Ways to get more than one has, as a member with this id.
fn attempts(own: &str, admin: &str, ids: &Ids) -> Vec<(Method, String, Value)> {
    let user = |id: &str, step: &str| format!("/api/v1/users/{id}{step}");
    vec![
        (Method::PATCH, user(own, ""), json!({ "role": "admin" })),
        (Method::PATCH, user(own, ""), json!({ "practitioner_id": ids.practitioner, "patient_id": ids.patient })),
        (Method::PATCH, user(own, ""), json!({ "clinic_ids": null })),
        (Method::PATCH, user(admin, ""), json!({ "role": "driver" })),
        (Method::POST, user(admin, "/deactivate"), json!({})),
        (Method::POST, user(own, "/activate"), json!({})),
        (Method::POST, "/api/v1/invitations".to_owned(), json!({ "email": "second@me.example", "role": "admin" })),
        (Method::DELETE, format!("/api/v1/invitations/{}", ids.invitation), Value::Null),
        (Method::POST, "/api/v1/api-keys".to_owned(), json!({ "name": "mine", "role": "admin" })),
        (
            Method::PATCH,
            "/api/v1/settings".to_owned(),
            json!({ "totp_required_roles": null, "session_idle_minutes": null }),
        ),
        (Method::PATCH, "/api/v1/company".to_owned(), json!({ "name": "Minha" })),
        (Method::POST, "/api/v1/clinics".to_owned(), json!({ "name": "Minha" })),
        (Method::PATCH, format!("/api/v1/clinics/{}", ids.clinic), json!({ "name": "Minha" })),
    ]
}

async fn tried(caller: &Caller, (method, path, body): (Method, String, Value)) {
    let body = (!body.is_null()).then_some(body);
    caller.send(method, &path, body.as_ref(), &[("if-match", "*")]).await.refused(403, "forbidden");
}

/// The operations of identity that ask for a permission.
fn guarded(ids: &Ids) -> Vec<(Line, &'static str)> {
    let asking = |line: Line| match line.entry.access() {
        Access::Permission(name) if line.entry.tag() == "identity" => Some((line, name)),
        _ => None,
    };
    lines(ids).into_iter().filter_map(asking).collect()
}

both! {
    async fn i6_no_role_makes_itself_more_than_it_is(app) {
        let ids = Ids::of_demo(app).await;
        let admin = text(&app.admin().await.get("/api/v1/auth/me").await.expect(200)["id"]);
        let before = standing(app).await;
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
            let caller = app.member(role.name()).await;
            let own = text(&caller.get("/api/v1/auth/me").await.expect(200)["id"]);
            let entries = app.entries().await;
            for attempt in attempts(&own, &admin, &ids) {
                tried(&caller, attempt).await;
            }
            assert_eq!(app.entries().await, entries, "{}", role.name());
            assert_eq!(caller.get("/api/v1/auth/me").await.expect(200)["role"], role.name());
        }
        assert_eq!(standing(app).await, before);
    }

    async fn every_role_does_of_identity_what_the_policy_says(app) {
        let ids = Ids::of_demo(app).await;
        let guarded = guarded(&ids);
        assert!(guarded.len() >= 20, "{guarded:?}");
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
            let caller = app.member(role.name()).await;
            let before = standing(app).await;
            for (line, permission) in &guarded {
                let answer = line.send(&caller).await;
                match policy::extent(role, permission) {
                    None => drop(answer.refused(403, "forbidden")),
                    Some(_) => assert_eq!(answer.status, line.status, "{} {line:?}: {}", role.name(), answer.text()),
                }
            }
            assert_eq!(standing(app).await, before, "{}: only admins change what the company is", role.name());
        }
    }

    async fn what_opens_to_the_public_gives_nobody_a_role(app) {
        let ids = Ids::of_demo(app).await;
        let before = standing(app).await;
        let session = json!({ "role": "admin", "company_id": text(&app.admin().await.get("/api/v1/auth/me").await.expect(200)["company_id"]) });
        for path in ["/api/v1/auth/sign-in", "/api/v1/auth/sign-up", "/api/v1/auth/refresh", "/api/v1/invitations/accept"] {
            let mut ask = session.clone();
            ask["token"] = json!(ids.invitation_token);
            ask["password"] = json!(api::demo::PASSWORD);
            let faults = app.anonymous().post(path, &ask).await.faults();
            assert!(faults.contains(&("/role".to_owned(), "unknown_field".to_owned())), "{path}: {faults:?}");
        }
        assert_eq!(standing(app).await, before);
    }
}
