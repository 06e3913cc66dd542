//! The audit as an administrator reads it, and whoever changes it behind the application is found (I11).

use chrono::Duration;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, Kind, Sql, TestApp, salus, text};

async fn audit(caller: &Caller, query: &str) -> Vec<Value> {
    let page = caller.get(&format!("/api/v1/audit?{query}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

async fn id(caller: &Caller) -> String {
    text(&caller.get("/api/v1/auth/me").await.expect(200)["id"])
}

async fn company(caller: &Caller) -> String {
    text(&caller.get("/api/v1/auth/me").await.expect(200)["company_id"])
}

async fn patient(caller: &Caller, name: &str) -> String {
    text(&caller.post("/api/v1/patients", &json!({ "name": name })).await.expect(201)["id"])
}

/// A patient with a social name, given later; their entries have their places.
async fn renamed(app: &TestApp, staff: &Caller) -> String {
    let patient = patient(staff, "Zilda Observada").await;
    let path = format!("/api/v1/patients/{patient}");
    staff.patch(&path, "\"1\"", &json!({ "social_name": "Zizi" })).await.expect(200);
    app.settle().await;
    patient
}

async fn verified(caller: &Caller, query: &str) -> Value {
    caller.get(&format!("/api/v1/audit/verify?{query}")).await.expect(200)
}

/// What the owner of the database does with its guards away.
async fn tamper(app: &TestApp, sql: &Sql, table: &str, statement: &str) {
    let off = match app.kind() {
        Kind::Postgres => format!("ALTER TABLE {table} DISABLE TRIGGER USER"),
        Kind::Sqlite => format!("DROP TRIGGER IF EXISTS {table}_no_update; DROP TRIGGER IF EXISTS {table}_no_delete"),
    };
    sql.run(&off).await.unwrap();
    assert_eq!(sql.run(statement).await.unwrap(), 1, "{statement}");
}

/// `salus audit verify` of everything: whether it found all whole, and what it said.
fn command_line(app: &TestApp) -> (bool, String) {
    let done = salus(app.database()).args(["audit", "verify"]).output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned())
}

/// That the walk over HTTP and the command line find the same.
async fn is_broken(app: &TestApp, admin: &Caller, at: Value, said: &str) {
    let proof = verified(admin, "").await;
    assert_eq!((&proof["whole"], &proof["broken"]), (&json!(false), &at), "{proof:#}");
    let (whole, lines) = command_line(app);
    assert!(!whole && lines.contains(said), "{said}: {lines}");
}

both! {
    async fn i11_the_audit_tells_who_did_what_with_the_values_before_and_after(app) {
        let (admin, staff) = (app.admin().await, app.receptionist().await);
        let patient = renamed(app, &staff).await;
        let entries = audit(&admin, &format!("entity_id={patient}")).await;
        let [renamed, created] = entries.as_slice() else { panic!("{entries:#?}") };
        assert!(renamed["position"].as_i64() > created["position"].as_i64());
        assert_eq!(renamed["permission"], "patients:write");
        assert_eq!(renamed["actor"]["membership_id"], id(&staff).await);
        assert!(renamed["actor"]["name"].is_string() && renamed["actor"]["api_key_id"].is_null());
        assert_eq!(renamed["entity"], json!({ "kind": "patient", "id": patient, "version": 2 }));
        let change = &renamed["changes"][0];
        assert_eq!((&change["before"]["social_name"], &change["after"]["social_name"]), (&Value::Null, &json!("Zizi")));
        assert_eq!(change["personal_fields"], "shown");
        assert!(change["after"].get("name").is_none(), "only what changed: {change:#}");
        assert_eq!(created["changes"][0]["after"]["name"], "Zilda Observada");
        assert!(renamed["request_id"].is_string() && renamed["ip"].is_string());
    }

    async fn i11_the_audit_is_filtered_by_actor_entity_permission_and_time(app) {
        let (admin, staff) = (app.admin().await, app.receptionist().await);
        renamed(app, &staff).await;
        app.clock.advance(Duration::minutes(2));
        let later = app.app.clock().now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let of_admin = patient(&admin, "Vista pela chefe").await;
        app.settle().await;
        let (me, her) = (id(&admin).await, id(&staff).await);
        let hers = audit(&admin, &format!("actor_id={her}&permission=patients:write&limit=200")).await;
        assert_eq!(hers.len(), 2);
        assert!(hers.iter().all(|entry| entry["actor"]["membership_id"] == her));
        let since = audit(&admin, &format!("from={later}&permission=patients:write")).await;
        assert_eq!(since.len(), 1);
        assert_eq!((&since[0]["entity"]["id"], &since[0]["actor"]["membership_id"]), (&json!(of_admin), &json!(me)));
        assert_eq!(audit(&admin, &format!("to={later}&actor_id={her}&permission=patients:write")).await.len(), 2);
        let of_patients = audit(&admin, "entity_kind=patient&limit=200").await;
        assert!(of_patients.len() >= 3);
        assert!(of_patients.iter().all(|entry| entry.to_string().contains("\"kind\":\"patient\"")));
        assert!(audit(&admin, "permission=patients:merge").await.is_empty());
    }

    async fn i11_another_companys_acts_are_nowhere_in_the_audit(app) {
        let (admin, other) = (app.admin().await, app.other_admin().await);
        let theirs = patient(&other, "Paciente deles").await;
        app.settle().await;
        assert!(audit(&admin, &format!("entity_id={theirs}")).await.is_empty());
        assert!(audit(&admin, &format!("actor_id={}", id(&other).await)).await.is_empty());
        assert_eq!(audit(&other, &format!("entity_id={theirs}")).await.len(), 1);
    }

    async fn i11_reading_the_audit_is_in_the_audit(app) {
        let admin = app.admin().await;
        app.settle().await;
        let before = app.entries().await;
        let seen = audit(&admin, "limit=3&permission=auth:sign_in").await;
        assert_eq!(app.entries().await, before + 1);
        app.settle().await;
        let newest = audit(&admin, "limit=1").await;
        assert_eq!((&newest[0]["permission"], &newest[0]["entity"]["kind"]), (&json!("audit:read"), &json!("company")));
        let told = &newest[0]["changes"][0]["after"];
        assert_eq!(told["audit_to_position"], seen[0]["position"]);
        assert_eq!(told["audit_from_position"], seen[seen.len() - 1]["position"]);
        assert_eq!(told["audit_filter"]["permission"], "auth:sign_in");
    }

    async fn i11_what_is_asked_of_the_audit_leaves_no_free_text_in_it(app) {
        let admin = app.admin().await;
        let before = app.entries().await;
        for query in ["entity_kind=Ana%20Souza", "entity_kind=", "permission=Ana%20Souza", "permission=ana:souza"] {
            let (field, _) = query.split_once('=').unwrap();
            let faults = admin.get(&format!("/api/v1/audit?{query}")).await.faults();
            assert_eq!(faults, [(field.to_owned(), "unknown_value".to_owned())], "{query}");
        }
        assert_eq!(app.entries().await, before);
        let acts = app.sql().await.texts("SELECT DISTINCT act FROM journal_entry").await;
        for act in acts {
            admin.get(&format!("/api/v1/audit?permission={act}")).await.expect(200);
        }
    }

    async fn c4_the_pages_of_the_audit_follow_the_positions_without_a_gap(app) {
        let admin = app.admin().await;
        app.settle().await;
        let (mut positions, mut cursor) = (Vec::new(), String::new());
        let first = admin.get("/api/v1/audit?limit=1&include=total").await.expect(200);
        let newest = first["items"][0]["position"].as_i64().unwrap();
        assert_eq!(first["total"], newest);
        loop {
            let page = admin.get(&format!("/api/v1/audit?limit=200{cursor}")).await.expect(200);
            positions.extend(page["items"].as_array().unwrap().iter().map(|entry| entry["position"].as_i64().unwrap()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(positions, (1..=newest).rev().collect::<Vec<_>>());
        let second = admin.get("/api/v1/audit?limit=10&page=2").await.expect(200);
        assert_eq!(second["items"][0]["position"], newest - 10);
        assert_eq!(admin.get("/api/v1/audit?cursor=abc").await.faults(), [("cursor".to_owned(), "invalid_cursor".to_owned())]);
    }

    async fn i11_only_who_may_read_the_audit_reads_it(app) {
        for path in ["/api/v1/audit", "/api/v1/audit/verify", "/api/v1/access-log"] {
            app.receptionist().await.get(path).await.refused(403, "forbidden");
            app.member("supervisor").await.get(path).await.expect(200);
        }
        app.settle().await;
    }

    async fn i11_verifying_walks_the_chain_in_parts_and_tells_the_head(app) {
        let admin = app.admin().await;
        app.settle().await;
        let all = verified(&admin, "limit=5000").await;
        assert_eq!((&all["whole"], &all["complete"], &all["broken"]), (&json!(true), &json!(true), &Value::Null));
        let head = all["position"].as_i64().unwrap();
        assert!(head > 20 && all["mac"].as_str().unwrap().len() == 64);
        let part = verified(&admin, "limit=7").await;
        assert_eq!((&part["whole"], &part["complete"], &part["position"]), (&json!(true), &json!(false), &json!(7)));
        let rest = verified(&admin, "after_position=7&limit=5000").await;
        assert_eq!((&rest["position"], &rest["mac"]), (&all["position"], &all["mac"]));
        assert_eq!(verified(&admin, &format!("after_position={head}")).await["mac"], all["mac"]);
        let beyond = verified(&admin, &format!("after_position={}", head + 1)).await;
        assert_eq!(beyond["broken"], json!({ "position": head + 1, "entry_id": null, "fault": "missing" }));
        assert!(command_line(app).1.contains(&format!("whole, head {head}:{}", text(&all["mac"]))));
        for bad in ["after_position=-1", "limit=0", "limit=5001", "limit=many"] {
            assert_eq!(admin.get(&format!("/api/v1/audit/verify?{bad}")).await.faults().len(), 1, "{bad}");
        }
    }

    async fn i11_a_changed_row_is_found_over_http_and_by_the_command_line(app) {
        let (admin, sql) = (app.admin().await, app.sql().await);
        app.settle().await;
        let tenant = sql.id(&company(&admin).await);
        let at = format!("tenant_id = {tenant} AND entry_id = (SELECT entry_id FROM journal_link WHERE tenant_id = {tenant} AND position = 6)");
        let change = format!("UPDATE journal_change SET after = '{{\"status\":\"forged\"}}' WHERE {at} AND ordinal = 0");
        tamper(app, &sql, "journal_change", &change).await;
        is_broken(app, &admin, json!({ "position": 6, "entry_id": null, "fault": "altered" }), "position 6 was altered").await;
    }

    async fn i11_a_removed_row_is_found_over_http_and_by_the_command_line(app) {
        let (admin, sql) = (app.admin().await, app.sql().await);
        app.settle().await;
        let tenant = sql.id(&company(&admin).await);
        tamper(app, &sql, "journal_link", &format!("DELETE FROM journal_link WHERE tenant_id = {tenant} AND position = 8")).await;
        is_broken(app, &admin, json!({ "position": 8, "entry_id": null, "fault": "missing" }), "nothing at position 8").await;
    }

    async fn i11_an_inserted_row_is_found_over_http_and_by_the_command_line(app) {
        let (admin, sql) = (app.admin().await, app.sql().await);
        app.settle().await;
        let (tenant, forged) = (sql.id(&company(&admin).await), "01900000-0000-7000-8000-0000000000ff");
        let insert = format!(
            "INSERT INTO journal_entry (tenant_id, id, at, act, entity_kind, entity_id, version, mac) \
             SELECT tenant_id, {}, at, act, entity_kind, entity_id, version, mac FROM journal_entry \
             WHERE tenant_id = {tenant} ORDER BY id LIMIT 1",
            sql.id(forged)
        );
        assert_eq!(sql.run(&insert).await.unwrap(), 1);
        // The sequencer gives it no place, and goes on with what is Salus's own.
        let later = patient(&admin, "Depois").await;
        app.settle().await;
        assert_eq!(audit(&admin, &format!("entity_id={later}")).await.len(), 1);
        assert_eq!(sql.number(&format!("SELECT count(*) FROM journal_link WHERE entry_id = {}", sql.id(forged))).await, 0);
        is_broken(
            app,
            &admin,
            json!({ "position": null, "entry_id": forged, "fault": "foreign" }),
            &format!("entry {forged} was put there"),
        )
        .await;
    }

    async fn i11_a_row_inserted_into_the_chain_is_found(app) {
        let (admin, sql) = (app.admin().await, app.sql().await);
        app.settle().await;
        let head = verified(&admin, "limit=5000").await["position"].as_i64().unwrap();
        let tenant = sql.id(&company(&admin).await);
        let (entry, next) = (sql.id("01900000-0000-7000-8000-0000000000fe"), head + 1);
        let copy = format!(
            "INSERT INTO journal_entry (tenant_id, id, at, act, entity_kind, entity_id, version, mac) \
             SELECT tenant_id, {entry}, at, act, entity_kind, entity_id, version, mac FROM journal_entry \
             WHERE tenant_id = {tenant} ORDER BY id LIMIT 1"
        );
        assert_eq!(sql.run(&copy).await.unwrap(), 1);
        let link = format!(
            "INSERT INTO journal_link (tenant_id, position, entry_id, prev, mac) \
             SELECT tenant_id, {next}, {entry}, mac, mac FROM journal_link WHERE tenant_id = {tenant} AND position = {head}"
        );
        assert_eq!(sql.run(&link).await.unwrap(), 1);
        let at = json!({ "position": next, "entry_id": null, "fault": "altered" });
        is_broken(app, &admin, at, &format!("position {next} was altered")).await;
    }

    async fn i11_what_was_refused_is_in_the_access_log(app) {
        let (admin, staff) = (app.admin().await, app.receptionist().await);
        staff.get("/api/v1/audit").await.refused(403, "forbidden");
        app.other_admin().await.get("/api/v1/patients/01900000-0000-7000-8000-000000000001").await.refused(404, "not_found");
        app.settle().await;
        let her = id(&staff).await;
        let page = admin.get(&format!("/api/v1/access-log?actor_id={her}&include=total")).await.expect(200);
        assert_eq!(page["total"], 1, "{page:#}");
        let refused = &page["items"][0];
        let told = (&refused["status"], &refused["code"], &refused["method"], &refused["route"]);
        assert_eq!(told, (&json!(403), &json!("forbidden"), &json!("GET"), &json!("/api/v1/audit")));
        assert!(refused["request_id"].is_string() && refused["ip"].is_string());
        let by_code = admin.get("/api/v1/access-log?code=forbidden&status=403&limit=1").await.expect(200);
        assert_eq!(by_code["items"][0]["id"], refused["id"]);
        assert_eq!(admin.get("/api/v1/access-log?code=nothing").await.expect(200)["items"], json!([]));
        let all = admin.get("/api/v1/access-log?limit=200").await.expect(200);
        assert!(!all.to_string().contains("not_found"), "another company's: {all:#}");
    }
}
