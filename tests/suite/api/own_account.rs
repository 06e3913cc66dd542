//! What is one's own in every company: name, language, preferences, address (I1).

use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, TestApp, text};

const ME: &str = "/api/v1/auth/me";

async fn patch(caller: &Caller, change: &Value) -> crate::support::Answer {
    caller.send(reqwest::Method::PATCH, ME, Some(change), &[]).await
}

async fn verify(app: &TestApp, token: &str) -> crate::support::Answer {
    app.anonymous().post("/api/v1/auth/email/verify", &json!({ "token": token })).await
}

both! {
    async fn i1_name_language_and_preferences_are_ones_own(app) {
        let nurse = app.member("nurse").await;
        let before = app.entries().await;
        let change = json!({ "name": "  Nara   Nova ", "locale": "fr-FR", "preferences": { "theme": "dark", "agenda": { "days": 5 } } });
        let changed = patch(&nurse, &change).await;
        assert_eq!(changed.header("etag"), None, "the profile has no version");
        let changed = changed.expect(200);
        assert_eq!((&changed["name"], &changed["account_name"], &changed["locale"]), (&json!("Nara Nova"), &json!("Nara Nova"), &json!("fr")));
        assert_eq!(changed["preferences"], json!({ "theme": "dark", "agenda": { "days": 5 } }));
        assert_eq!(nurse.get(ME).await.expect(200), changed);
        assert_eq!(app.entries().await, before + 1);
        patch(&nurse, &change).await.expect(200);
        patch(&nurse, &json!({})).await.expect(200);
        assert_eq!(app.entries().await, before + 1, "what changes nothing leaves no entry");
        let merged = patch(&nurse, &json!({ "preferences": { "theme": null, "agenda": { "view": "week" } } })).await.expect(200);
        assert_eq!(merged["preferences"], json!({ "agenda": { "days": 5, "view": "week" } }));
        let cleared = patch(&nurse, &json!({ "preferences": null })).await.expect(200);
        assert_eq!((&cleared["preferences"], &cleared["name"]), (&json!({}), &json!("Nara Nova")));
    }

    async fn i1_what_the_company_calls_its_member_stays(app) {
        let sql = app.sql().await;
        sql.run("UPDATE membership SET display_name = 'Enfermeira Chefe' WHERE role = 'nurse'").await.unwrap();
        let changed = patch(&app.member("nurse").await, &json!({ "name": "Nara" })).await.expect(200);
        assert_eq!((&changed["name"], &changed["account_name"]), (&json!("Enfermeira Chefe"), &json!("Nara")));
    }

    async fn i1_nothing_else_can_be_assigned(app) {
        let nurse = app.member("nurse").await;
        let (me, before) = (nurse.get(ME).await.expect(200), app.entries().await);
        for (field, value) in [
            ("role", json!("admin")),
            ("email", json!("other@aurora.example")),
            ("email_verified", json!(true)),
            ("password", json!("três tigres e um trigal")),
            ("id", me["account_id"].clone()),
            ("account_id", me["id"].clone()),
            ("company_id", me["id"].clone()),
            ("practitioner_id", me["id"].clone()),
            ("patient_id", Value::Null),
            ("clinics", json!([])),
            ("clinic_ids", json!([])),
            ("permissions", json!({ "users": { "manage": true } })),
            ("registrations", json!([])),
            ("rpps_number", json!("10101010101")),
            ("status", json!("active")),
            ("version", json!(1)),
        ] {
            let change = json!({ "name": "Nara", field: value });
            assert_eq!(patch(&nurse, &change).await.faults(), [(format!("/{field}"), "unknown_field".to_owned())]);
        }
        assert_eq!(nurse.get(ME).await.expect(200), me);
        assert_eq!(app.entries().await, before);
    }

    async fn i1_bad_values_are_told_all_at_once(app) {
        let nurse = app.member("nurse").await;
        let faults = |change: Value| {
            let nurse = nurse.clone();
            async move { patch(&nurse, &change).await.faults() }
        };
        let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        assert_eq!(
            faults(json!({ "name": " ", "locale": "de", "preferences": [] })).await,
            [fault("/name", "required"), fault("/locale", "identity.unknown_locale"), fault("/preferences", "wrong_type")]
        );
        assert_eq!(faults(json!({ "name": null })).await, [fault("/name", "not_nullable")]);
        assert_eq!(faults(json!({ "preferences": { "a": ["\u{0}"] } })).await, [fault("/preferences", "control_character")]);
        assert_eq!(faults(json!({ "preferences": { "a": "x".repeat(9_000) } })).await, [fault("/preferences", "out_of_range")]);
    }

    async fn i1_the_verification_link_is_sent_again_until_the_address_is_verified(app) {
        let founder = json!({ "company_name": "Nova", "name": "Nina", "email": "nina@nova.example", "password": "três tigres e um trigal" });
        let session = app.anonymous().post("/api/v1/auth/sign-up", &founder).await.expect(201);
        let company = text(&session["user"]["company_id"]).parse().unwrap();
        let caller = Caller { token: Some(text(&session["access_token"])), ..app.anonymous() };
        let first = app.mailed_token(company).await;
        let before = app.entries().await;
        let asked = caller.send(reqwest::Method::POST, "/api/v1/auth/email/verification", None, &[]).await;
        assert_eq!(asked.expect(202), json!({ "expires_in": 259_200 }));
        assert_eq!(app.entries().await, before + 1);
        let second = app.mailed_token(company).await;
        assert_ne!(first, second);
        verify(app, &second).await.expect(204);
        assert_eq!(caller.get(ME).await.expect(200)["email_verified"], true);
        verify(app, &first).await.expect(204);
        verify(app, &second).await.refused(422, "identity.link_invalid");
        let again = caller.send(reqwest::Method::POST, "/api/v1/auth/email/verification", None, &[]).await;
        again.refused(409, "identity.email_verified");
    }
}
