//! API keys (I9).

use chrono::Duration;
use kernel::ids::TenantId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Caller, Kind, TestApp, TestDatabase, hex, text};

const KEYS: &str = "/api/v1/api-keys";

async fn made(admin: &Caller, body: &Value) -> Value {
    admin.post(KEYS, body).await.expect(201)
}

fn holder(app: &TestApp, new: &Value) -> Caller {
    Caller { token: Some(text(&new["key"])), ..app.anonymous() }
}

/// A program with these permissions.
async fn program(app: &TestApp, permissions: &[&str]) -> Caller {
    let new = made(&app.admin().await, &json!({ "name": "Programa", "permissions": permissions })).await;
    holder(app, &new)
}

async fn listed(admin: &Caller, id: &Value) -> Value {
    let page = admin.get(KEYS).await.expect(200);
    page["items"].as_array().unwrap().iter().find(|key| key["id"] == *id).unwrap().clone()
}

async fn set_admin(app: &TestApp, change: &str) {
    let email = api::demo::address_of("admin");
    let change =
        format!("UPDATE membership SET {change} WHERE account_id = (SELECT id FROM account WHERE email = '{email}')");
    assert_eq!(app.sql().await.run(&change).await, Ok(1));
}

both! {
    async fn i9_a_key_is_shown_once_and_stored_as_a_hash(app) {
        let admin = app.admin().await;
        let new = made(&admin, &json!({ "name": " n8n ", "permissions": ["patients:write", "patients:read"] })).await;
        let key = text(&new["key"]);
        assert!(key.starts_with("salus_") && key.len() == 49, "{key}");
        let told = listed(&admin, &new["api_key"]["id"]).await;
        assert_eq!(told, new["api_key"]);
        assert_eq!((&told["name"], &told["role"]), (&json!("n8n"), &Value::Null));
        assert_eq!(told["permissions"], json!(["patients:read", "patients:write"]));
        assert_eq!(told["prefix"], *key.get(..14).unwrap());
        for nothing in ["expires_at", "last_used_at", "revoked_at"] {
            assert_eq!(told[nothing], Value::Null, "{nothing}");
        }
        assert!(!admin.get(KEYS).await.text().contains(&key));
        let sql = app.sql().await;
        let rows = match app.kind() {
            Kind::Sqlite => "SELECT lower(hex(hash)) FROM api_key",
            Kind::Postgres => "SELECT encode(hash, 'hex') FROM api_key",
        };
        let hash = identity::model::api_key::KeyText::read(&key).unwrap().hash();
        assert_eq!(sql.texts(rows).await, [hex(&hash)]);
        let journal = format!("SELECT count(*) FROM journal_change WHERE after LIKE '%{key}%'");
        assert_eq!(sql.number(&journal).await, 0);
    }

    async fn i9_a_key_does_what_its_permissions_say_and_nothing_else(app) {
        let key = program(app, &["patients:read", "patients:write"]).await;
        key.get("/api/v1/patients").await.expect(200);
        key.post("/api/v1/patients", &json!({ "name": "De fora" })).await.expect(201);
        key.get("/api/v1/services").await.refused(403, "forbidden");
        key.get("/api/v1/users").await.refused(403, "forbidden");
        key.get(KEYS).await.refused(403, "forbidden");
    }

    async fn i9_a_key_of_a_role_does_what_the_role_does_in_the_whole_company(app) {
        let admin = app.admin().await;
        let new = made(&admin, &json!({ "name": "Recepção", "role": "receptionist" })).await;
        let key = holder(app, &new);
        key.get("/api/v1/patients").await.expect(200);
        key.get("/api/v1/appointments").await.expect(200);
        key.get("/api/v1/users").await.refused(403, "forbidden");
        // A role that reaches its own agenda reaches nothing by a key, which has none.
        let new = made(&admin, &json!({ "name": "Cabelo", "role": "hairdresser" })).await;
        let key = holder(app, &new);
        key.get("/api/v1/services").await.expect(200);
        key.get("/api/v1/patients").await.refused(403, "forbidden");
    }

    async fn i9_operations_on_an_account_and_a_session_refuse_keys(app) {
        let new = made(&app.admin().await, &json!({ "name": "Tudo", "role": "admin" })).await;
        let key = holder(app, &new);
        for (method, path) in [
            (Method::GET, "/api/v1/auth/me"),
            (Method::PATCH, "/api/v1/auth/me"),
            (Method::POST, "/api/v1/auth/sign-out"),
            (Method::POST, "/api/v1/auth/switch-company"),
            (Method::POST, "/api/v1/auth/totp"),
            (Method::POST, "/api/v1/auth/password/change"),
            (Method::GET, "/api/v1/auth/sessions"),
            (Method::POST, "/api/v1/companies"),
            (Method::GET, "/api/v1/roles"),
        ] {
            key.send(method, path, Some(&json!({})), &[("if-match", "*")]).await.refused(403, "session_only");
        }
    }

    async fn i9_a_key_makes_no_keys(app) {
        let admin = app.admin().await;
        let new = made(&admin, &json!({ "name": "Tudo", "role": "admin" })).await;
        let key = holder(app, &new);
        key.post(KEYS, &json!({ "name": "Filha", "role": "admin" })).await.refused(403, "forbidden");
        key.get(KEYS).await.refused(403, "forbidden");
        let faults = admin.post(KEYS, &json!({ "name": "x", "permissions": ["api_keys:manage"] })).await.faults();
        assert_eq!(faults, [("/permissions/0".to_owned(), "identity.permission_kept_for_people".to_owned())]);
    }

    async fn i9_a_key_says_neither_who_may_what_nor_how_accounts_are_guarded(app) {
        let admin = app.admin().await;
        let key = holder(app, &made(&admin, &json!({ "name": "Tudo", "role": "admin" })).await);
        let me = app.member("nurse").await.get("/api/v1/auth/me").await.expect(200);
        let accomplice = format!("/api/v1/users/{}", text(&me["id"]));
        let before = app.entries().await;
        key.patch(&accomplice, "*", &json!({ "role": "admin" })).await.refused(403, "session_only");
        for verb in ["deactivate", "activate"] {
            key.post(&format!("{accomplice}/{verb}"), &json!({})).await.refused(403, "session_only");
        }
        for guard in [json!({ "totp_required_roles": ["admin"] }), json!({ "session_idle_minutes": 60 })] {
            key.patch("/api/v1/settings", "*", &guard).await.refused(403, "session_only");
        }
        assert_eq!(app.entries().await, before);
        // The rest of both is a program's business, and naming what is there changes nothing.
        key.patch(&accomplice, "*", &json!({ "role": "nurse", "name": "Outra" })).await.expect(200);
        key.patch("/api/v1/settings", "*", &json!({ "cancel_reason_required": true })).await.expect(200);
        admin.patch(&accomplice, "*", &json!({ "role": "receptionist" })).await.expect(200);
    }

    async fn i9_what_a_key_cannot_be_is_refused_at_its_place(app) {
        let admin = app.admin().await;
        let refused = async |body: Value, pointer: &str, code: &str| {
            let faults = admin.post(KEYS, &body).await.faults();
            assert_eq!(faults, [(pointer.to_owned(), code.to_owned())], "{body}");
        };
        refused(json!({ "name": "x" }), "/role", "identity.role_or_permissions").await;
        let both = json!({ "name": "x", "role": "admin", "permissions": ["patients:read"] });
        refused(both, "/role", "identity.role_or_permissions").await;
        refused(json!({ "name": "x", "permissions": [] }), "/permissions", "required").await;
        let unknown = json!({ "name": "x", "permissions": ["patients:read", "patients:fly"] });
        refused(unknown, "/permissions/1", "identity.unknown_permission").await;
        refused(json!({ "name": "x", "role": "boss" }), "/role", "unknown_value").await;
        refused(json!({ "name": " ", "role": "admin" }), "/name", "required").await;
        let past = json!({ "name": "x", "role": "admin", "expires_at": "2027-03-10T12:00:00Z" });
        refused(past, "/expires_at", "out_of_range").await;
        app.receptionist().await.post(KEYS, &json!({ "name": "x", "role": "receptionist" })).await.refused(403, "forbidden");
    }

    async fn i9_a_key_expires(app) {
        let body = json!({ "name": "Curta", "permissions": ["patients:read"], "expires_at": "2027-03-10T12:00:20Z" });
        let key = holder(app, &made(&app.admin().await, &body).await);
        key.get("/api/v1/patients").await.expect(200);
        app.clock.advance(Duration::seconds(19));
        key.get("/api/v1/patients").await.expect(200);
        app.clock.advance(Duration::seconds(1));
        key.get("/api/v1/patients").await.refused(401, "unauthenticated");
    }

    async fn i9_a_revoked_key_ends_at_once_here_and_within_a_minute_elsewhere(app) {
        let admin = app.admin().await;
        let new = made(&admin, &json!({ "name": "Perdida", "permissions": ["patients:read"] })).await;
        let (key, id) = (holder(app, &new), text(&new["api_key"]["id"]));
        let (node, elsewhere, _server) = app.second_node().await;
        let there = Caller { token: key.token.clone(), ..elsewhere };
        key.get("/api/v1/patients").await.expect(200);
        there.get("/api/v1/patients").await.expect(200);
        let before = app.entries().await;
        admin.delete(&format!("{KEYS}/{id}")).await.expect(204);
        assert_eq!(app.entries().await, before + 1);
        key.get("/api/v1/patients").await.refused(401, "unauthenticated");
        app.clock.advance(Duration::seconds(31));
        there.get("/api/v1/patients").await.refused(401, "unauthenticated");
        // It stays in the list; to revoke it again has no effect.
        assert_eq!(listed(&admin, &new["api_key"]["id"]).await["revoked_at"], "2027-03-10T12:00:00Z");
        let before = app.entries().await;
        admin.delete(&format!("{KEYS}/{id}")).await.expect(204);
        assert_eq!(app.entries().await, before);
        node.database.close().await;
    }

    async fn i9_its_last_use_is_known_without_a_write_per_request(app) {
        let admin = app.admin().await;
        let new = made(&admin, &json!({ "name": "Ativa", "permissions": ["patients:read"] })).await;
        let (key, id) = (holder(app, &new), &new["api_key"]["id"]);
        let used = async || text(&listed(&app.admin().await, id).await["last_used_at"]);
        app.clock.advance(Duration::minutes(1));
        key.get("/api/v1/patients").await.expect(200);
        assert_eq!(used().await, "2027-03-10T12:01:00Z");
        app.clock.advance(Duration::minutes(4));
        key.get("/api/v1/patients").await.expect(200);
        assert_eq!(used().await, "2027-03-10T12:01:00Z", "within five minutes nothing is written");
        app.clock.advance(Duration::minutes(1));
        let entries = app.entries().await;
        key.get("/api/v1/patients").await.expect(200);
        assert_eq!(app.entries().await, entries);
        assert_eq!(used().await, "2027-03-10T12:06:00Z");
    }

    async fn i9_a_key_never_may_more_than_its_maker_may_now(app) {
        let new = made(&app.admin().await, &json!({ "name": "Tudo", "role": "admin" })).await;
        let key = holder(app, &new);
        key.get("/api/v1/audit").await.expect(200);
        set_admin(app, "role = 'receptionist'").await;
        app.clock.advance(Duration::seconds(31));
        key.get("/api/v1/audit").await.refused(403, "forbidden");
        key.get("/api/v1/patients").await.expect(200);
        set_admin(app, "status = 'inactive'").await;
        app.clock.advance(Duration::seconds(31));
        key.get("/api/v1/patients").await.refused(401, "unauthenticated");
    }

    async fn i9_a_key_may_less_at_once_when_its_maker_may_less(app) {
        let admin = app.admin().await;
        let me = app.member("supervisor").await.get("/api/v1/auth/me").await.expect(200);
        let path = format!("/api/v1/users/{}", text(&me["id"]));
        admin.patch(&path, "*", &json!({ "role": "admin" })).await.expect(200);
        let maker = app.member("supervisor").await;
        let key = holder(app, &made(&maker, &json!({ "name": "Tudo", "role": "admin" })).await);
        let own = holder(app, &made(&admin, &json!({ "name": "Outra", "role": "admin" })).await);
        key.get("/api/v1/audit").await.expect(200);
        admin.patch(&path, "*", &json!({ "role": "receptionist" })).await.expect(200);
        key.get("/api/v1/audit").await.refused(403, "forbidden");
        key.get("/api/v1/patients").await.expect(200);
        admin.post(&format!("{path}/deactivate"), &json!({})).await.expect(200);
        key.get("/api/v1/patients").await.refused(401, "unauthenticated");
        own.get("/api/v1/audit").await.expect(200);
    }

    async fn i11_a_key_stands_in_the_journal_as_itself(app) {
        let new = made(&app.admin().await, &json!({ "name": "Importador", "permissions": ["patients:write"] })).await;
        let made = holder(app, &new).post("/api/v1/patients", &json!({ "name": "De fora" })).await.expect(201);
        holder(app, &new).get("/api/v1/services").await.refused(403, "forbidden");
        app.settle().await;
        let sql = app.sql().await;
        let id = sql.id(&text(&new["api_key"]["id"]));
        let of = |table: &str| format!("SELECT count(*) FROM {table} WHERE api_key_id = {id} AND membership_id IS NULL");
        assert_eq!(sql.number(&of("journal_entry")).await, 1);
        assert_eq!(sql.number(&of("access_log")).await, 1);
        let entity = format!("{} AND entity_id = {}", of("journal_entry"), sql.id(&text(&made["id"])));
        assert_eq!(sql.number(&entity).await, 1);
        // The chain vouches for who it was.
        let me = app.admin().await.get("/api/v1/auth/me").await.expect(200);
        let tenant = TenantId::from_uuid(text(&me["company_id"]).parse().unwrap());
        app.settle().await;
        let whole = app.app.database.verify_whole_journal(tenant, None).await.unwrap();
        assert_eq!(whole.broken, None);
    }

    async fn c10_an_idempotency_key_is_of_its_api_key(app) {
        let admin = app.admin().await;
        let permissions = json!({ "name": "Programa", "permissions": ["patients:write"] });
        let (one, other) = (holder(app, &made(&admin, &permissions).await), holder(app, &made(&admin, &permissions).await));
        let body = json!({ "name": "Repetida" });
        let first = one.post_once("/api/v1/patients", "k", &body).await.expect(201);
        let again = one.post_once("/api/v1/patients", "k", &body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.expect(201), first);
        for caller in [&other, &admin] {
            assert_ne!(caller.post_once("/api/v1/patients", "k", &body).await.expect(201)["id"], first["id"]);
        }
        // The key's own text is in no stored answer.
        let twice = [admin.post_once(KEYS, "k", &permissions).await, admin.post_once(KEYS, "k", &permissions).await];
        let [one, two] = twice.map(|answer| answer.expect(201)["key"].clone());
        assert_ne!(one, two);
    }

    async fn i9_what_looks_like_a_key_and_is_none_is_refused(app) {
        let key = text(&made(&app.admin().await, &json!({ "name": "x", "role": "analyst" })).await["key"]);
        let (mut wrong, last) = (key.clone(), if key.ends_with('A') { "E" } else { "A" });
        wrong.replace_range(48.., last);
        let shorter = key.get(..48).unwrap().to_owned();
        for token in [wrong, shorter, key.get(6..).unwrap().to_owned(), key.to_uppercase(), "salus_".to_owned(), format!("{key}.a.b")] {
            let stranger = Caller { token: Some(token.clone()), ..app.anonymous() };
            stranger.get("/api/v1/patients").await.refused(401, "unauthenticated");
        }
        // A key is no session: it travels in no cookie.
        let cookie = format!("__Host-salus_access={key}");
        let answer = app.anonymous().send(Method::GET, "/api/v1/services", None, &[("cookie", &cookie)]).await;
        answer.refused(401, "unauthenticated");
    }
}

/// Each key has a bucket of its own, beside that of the member who made it.
async fn limits(kind: Kind) {
    let settings = [("RATE_LIMITS", "signed-in=4/h")];
    let app = TestApp::serve_with(kind, TestDatabase::copy_of_world(kind), &settings).await;
    let admin = app.admin().await;
    let body = json!({ "name": "Programa", "permissions": ["patients:read"] });
    let keys = [holder(&app, &made(&admin, &body).await), holder(&app, &made(&admin, &body).await)];
    let status = |answer: Answer| answer.status;
    for key in &keys {
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push(status(key.get("/api/v1/patients").await));
        }
        assert_eq!(seen, [200, 200, 200, 200, 429]);
    }
    assert_eq!(status(admin.get(KEYS).await), 200);
    app.app.database.close().await;
}

#[test]
fn c11_each_key_has_a_bucket_of_its_own() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(limits(Kind::Sqlite));
}
