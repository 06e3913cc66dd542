//! The settings of a company.

use serde_json::{Value, json};

use crate::both;
use crate::support::{TestApp, text};

const SETTINGS: &str = "/api/v1/settings";

/// Act and changed fields of the last entry of the journal, before and after.
async fn last_change(app: &TestApp) -> (String, Value, Value) {
    app.settle().await;
    let sql = app.sql().await;
    let text = |column: &str| {
        format!(
            "SELECT CAST({column} AS text) FROM journal_change c JOIN journal_entry e ON e.tenant_id = c.tenant_id AND e.id = c.entry_id \
             WHERE c.entity_kind = 'settings' ORDER BY c.version DESC LIMIT 1"
        )
    };
    let act = sql.texts(&text("e.act")).await.remove(0);
    let json = async |column: &str| serde_json::from_str(&sql.texts(&text(column)).await.remove(0)).unwrap();
    (act, json("c.before").await, json("c.after").await)
}

both! {
    async fn a_company_begins_with_the_usual_settings(app) {
        let answer = app.member("driver").await.get(SETTINGS).await;
        assert_eq!(answer.header("etag"), Some("\"1\""));
        let settings = answer.expect(200);
        let day = json!([{ "start": "08:00", "end": "18:00" }]);
        assert_eq!((&settings["working_hours"]["friday"], &settings["working_hours"]["sunday"]), (&day, &json!([])));
        assert_eq!((&settings["locale"], &settings["time_zone"]), (&json!("pt-BR"), &json!("America/Sao_Paulo")));
        assert_eq!(settings["session_idle_minutes"], Value::Null);
        assert_eq!(settings["totp_required_roles"], json!([]));
        assert_eq!(settings["cancel_reason_required"], false);
        let rules = [2_880, 120].map(|minutes| json!({ "minutes_before": minutes, "channel": "preferred" }));
        assert_eq!(settings["reminders"]["rules"], json!(rules));
    }

    async fn c6_settings_stay_as_their_tag_says(app) {
        let admin = app.admin().await;
        let before = admin.get(SETTINGS).await.expect(200);
        let clinic = text(&admin.get("/api/v1/clinics").await.expect(200)["items"][0]["id"]);
        let moved = json!({ "time_zone": "America/Manaus" });
        admin.patch(&format!("/api/v1/clinics/{clinic}"), "*", &moved).await.expect(200);
        let answer = admin.get(SETTINGS).await;
        assert_eq!(answer.header("etag"), Some("\"1\""));
        assert_eq!(answer.expect(200), before);
    }

    async fn a_founded_company_has_its_settings_in_its_journal(app) {
        let rows = "SELECT CAST(count(*) AS text) FROM company_settings s JOIN journal_change c \
            ON c.tenant_id = s.tenant_id AND c.entity_kind = 'settings' AND c.entity_id = s.tenant_id AND c.version = 1";
        let admin = app.admin().await;
        let before: i64 = app.sql().await.texts(rows).await[0].parse().unwrap();
        let ask = json!({ "company_name": "Aurore Paris", "country": "FR" });
        admin.post("/api/v1/companies", &ask).await.expect(201);
        let after: i64 = app.sql().await.texts(rows).await[0].parse().unwrap();
        assert_eq!(after, before + 1);
    }

    async fn companies_from_before_begin_with_the_usual_settings(app) {
        let admin = app.admin().await;
        let before = admin.get(SETTINGS).await.expect(200);
        let sql = app.sql().await;
        assert!(sql.run("DELETE FROM company_settings").await.unwrap() >= 2);
        sql.run(migrations::USUAL_SETTINGS).await.unwrap();
        assert_eq!(admin.get(SETTINGS).await.expect(200), before);
    }

    async fn c3_settings_change_by_merge_patch(app) {
        let admin = app.admin().await;
        let patch = json!({
            "working_hours": { "friday": null, "saturday": [{ "start": "20:00", "end": "24:00" }, { "start": "08:00", "end": "12:00" }] },
            "time_zone": "America/Manaus", "contact_email": "Contato@Aurora.example", "contact_phone": "0800 123 4567",
            "logo_url": "https://aurora.example/logo.png", "session_idle_minutes": 30,
            "totp_required_roles": ["doctor", "admin"], "cancel_reason_required": true,
            "reminders": { "rules": [{ "minutes_before": 60, "channel": "sms" }], "quiet_hours": null },
            "conversation": { "reopen_hours": 48 }
        });
        let answer = admin.patch(SETTINGS, "\"1\"", &patch).await;
        assert_eq!(answer.header("etag"), Some("\"2\""));
        let settings = answer.expect(200);
        assert_eq!(settings["working_hours"]["monday"], json!([{ "start": "08:00", "end": "18:00" }]));
        assert_eq!(settings["working_hours"]["friday"], json!([]));
        let saturday = json!([{ "start": "08:00", "end": "12:00" }, { "start": "20:00", "end": "24:00" }]);
        assert_eq!(settings["working_hours"]["saturday"], saturday);
        assert_eq!(settings["contact_email"], "contato@aurora.example");
        assert_eq!(settings["totp_required_roles"], json!(["admin", "doctor"]));
        assert_eq!(settings["reminders"], json!({ "rules": [{ "minutes_before": 60, "channel": "sms" }], "quiet_hours": null }));
        assert_eq!(settings["conversation"], json!({ "reopen_hours": 48, "reply_hours": 24 }));
        assert_eq!(admin.get(SETTINGS).await.expect(200), settings);
        let cleared = json!({ "contact_email": null, "session_idle_minutes": null, "totp_required_roles": null });
        let settings = admin.patch(SETTINGS, "\"2\"", &cleared).await.expect(200);
        assert_eq!((&settings["contact_email"], &settings["totp_required_roles"]), (&Value::Null, &json!([])));
        assert_eq!((&settings["version"], &settings["contact_phone"]), (&json!(3), &json!("0800 123 4567")));
    }

    async fn i11_a_change_of_settings_is_journalled_with_before_and_after(app) {
        let admin = app.admin().await;
        let before = app.entries().await;
        admin.patch(SETTINGS, "*", &json!({ "cancel_reason_required": true })).await.expect(200);
        let told = (json!({ "cancel_reason_required": false }), json!({ "cancel_reason_required": true }));
        let (act, was, is) = last_change(app).await;
        assert_eq!((act.as_str(), was, is), ("settings:manage", told.0, told.1));
        admin.patch(SETTINGS, "*", &json!({ "cancel_reason_required": true })).await.expect(200);
        assert_eq!(app.entries().await, before + 1, "what changes nothing leaves no entry");
    }

    async fn the_language_is_the_companys(app) {
        let admin = app.admin().await;
        let company = admin.get("/api/v1/company").await.expect(200);
        admin.patch(SETTINGS, "*", &json!({ "locale": "fr-FR" })).await.expect(200);
        let renamed = admin.get("/api/v1/company").await.expect(200);
        assert_eq!((&renamed["locale"], renamed["version"].as_i64()), (&json!("fr"), company["version"].as_i64().map(|v| v + 1)));
        assert_eq!(app.other_admin().await.get(SETTINGS).await.expect(200)["locale"], "pt-BR");
    }

    async fn c7_bad_settings_are_told_all_at_once(app) {
        let admin = app.admin().await;
        let before = app.entries().await;
        let patch = json!({
            "working_hours": { "monday": [{ "start": "25:00", "end": "26:00" }], "someday": [] },
            "logo_url": "http://aurora.example/logo.png", "contact_email": "nobody", "contact_phone": "call me",
            "session_idle_minutes": 5, "totp_required_roles": ["boss"], "locale": "de", "time_zone": "Brasilia",
            "reminders": { "rules": [{ "minutes_before": 1, "channel": "pigeon" }] }, "version": 7
        });
        let mut faults = admin.patch(SETTINGS, "*", &patch).await.faults();
        faults.sort();
        let expected = [
            ("/contact_email", "identity.invalid_email"),
            ("/contact_phone", "invalid_phone"),
            ("/locale", "identity.unknown_locale"),
            ("/logo_url", "identity.invalid_logo_url"),
            ("/reminders/rules/0/channel", "unknown_value"),
            ("/reminders/rules/0/minutes_before", "out_of_range"),
            ("/session_idle_minutes", "out_of_range"),
            ("/time_zone", "unknown_time_zone"),
            ("/totp_required_roles/0", "unknown_value"),
            ("/version", "unknown_field"),
            ("/working_hours/monday/0/end", "invalid_time_of_day"),
            ("/working_hours/monday/0/start", "invalid_time_of_day"),
            ("/working_hours/someday", "unknown_field"),
        ];
        assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
        let windows = json!([{ "start": "08:00", "end": "12:00" }, { "start": "11:00", "end": "18:00" }]);
        let overlap = admin.patch(SETTINGS, "*", &json!({ "working_hours": { "monday": windows } })).await.faults();
        assert_eq!(overlap, [("/working_hours/monday/1/start".to_owned(), "identity.hours_overlap".to_owned())]);
        assert_eq!(app.entries().await, before);
    }

    async fn settings_of_one_company_are_not_anothers(app) {
        app.admin().await.patch(SETTINGS, "*", &json!({ "contact_phone": "0800 123 4567" })).await.expect(200);
        let other = app.other_admin().await.get(SETTINGS).await.expect(200);
        assert_eq!((&other["contact_phone"], &other["version"]), (&Value::Null, &json!(1)));
    }

    async fn two_first_changes_side_by_side_are_both_kept(app) {
        let admin = app.admin().await;
        for round in 0..4 {
            let (email, phone) = (json!({ "contact_email": format!("c{round}@aurora.example") }), json!({ "contact_phone": format!("0800 123 456{round}") }));
            let (one, other) = tokio::join!(admin.patch(SETTINGS, "*", &email), admin.patch(SETTINGS, "*", &phone));
            assert_eq!((one.status, other.status), (200, 200), "{} {}", one.text(), other.text());
            let settings = admin.get(SETTINGS).await.expect(200);
            assert_eq!((&settings["contact_email"], &settings["contact_phone"]), (&email["contact_email"], &phone["contact_phone"]));
        }
    }
}
