//! The audit only grows, and whoever changes it all the same is found (I11).

use kernel::ids::TenantId;
use kernel::{Origin, Permission, Permit};
use persistence::{Broken, Head};
use serde_json::json;

use crate::both;
use crate::support::{Kind, Office, Sql, TestApp, eventually, text};

const GROWING: [&str; 6] =
    ["journal_entry", "journal_change", "journal_link", "event", "event_position", "consumed_event"];

struct Testing;

impl Permission for Testing {
    const NAME: &'static str = "patients:write";
}

async fn aurora(app: &TestApp) -> TenantId {
    let me = app.admin().await.get("/api/v1/auth/me").await.expect(200);
    TenantId::from_uuid(text(&me["company_id"]).parse().unwrap())
}

/// Runs statements as somebody who owns the database and has taken its guards away.
async fn tamper(app: &TestApp, sql: &Sql, table: &str, statement: &str) {
    let (off, on) = match app.kind() {
        Kind::Postgres => (
            format!("ALTER TABLE {table} DISABLE TRIGGER {table}_append_only"),
            format!("ALTER TABLE {table} ENABLE TRIGGER {table}_append_only"),
        ),
        Kind::Sqlite => {
            (format!("DROP TRIGGER {table}_no_update; DROP TRIGGER {table}_no_delete"), "SELECT 1".to_owned())
        }
    };
    sql.run(&off).await.unwrap();
    assert_eq!(sql.run(statement).await.unwrap(), 1, "{statement}");
    sql.run(&on).await.unwrap();
}

/// The row of the chain at a position, in a condition on another table.
fn at(sql: &Sql, tenant: TenantId, position: i64) -> String {
    let tenant = sql.id(&tenant.to_string());
    format!(
        "tenant_id = {tenant} AND id = (SELECT entry_id FROM journal_link WHERE tenant_id = {tenant} AND position = {position})"
    )
}

async fn broken(app: &TestApp, tenant: TenantId) -> Option<Broken> {
    app.app.database.verify_whole_journal(tenant, None).await.unwrap().broken
}

both! {
    async fn i11_what_was_written_cannot_be_changed_or_removed(app) {
        let (sql, tenant) = (app.sql().await, aurora(app).await);
        for table in GROWING {
            for statement in [format!("UPDATE {table} SET tenant_id = tenant_id"), format!("DELETE FROM {table}")] {
                let permit = Permit::<Testing>::system(tenant, "test", Origin::default());
                let tx = app.app.database.open(permit.scope()).await.unwrap();
                let before = sql.number(&format!("SELECT count(*) FROM {table}")).await;
                if app.kind() == Kind::Postgres || before > 0 {
                    assert!(tx.run(&statement, []).await.is_err(), "{statement} by the application");
                }
                drop(tx);
                if app.kind() == Kind::Postgres || before > 0 {
                    let refused = sql.run(&statement).await.unwrap_err();
                    assert!(refused.contains("append_only"), "{statement} by the owner: {refused}");
                }
                assert_eq!(sql.number(&format!("SELECT count(*) FROM {table}")).await, before);
            }
        }
    }

    async fn i11_every_committed_act_has_one_entry(app) {
        let office = Office::open(app).await;
        let patient = office.patient("Observada").await;
        let before = app.entries().await;
        let booked = office.book(&patient, "2027-03-15T12:00:00Z").await.expect(201);
        assert_eq!(app.entries().await, before + 1);
        office.step(&booked, "cancel", &json!({ "reason": "Chuva" })).await.expect(200);
        assert_eq!(app.entries().await, before + 2);
        office.staff.get(&format!("/api/v1/patients/{patient}")).await.expect(200);
        office.book(&patient, "2027-03-09T12:00:00Z").await.expect(409);
        assert_eq!(app.entries().await, before + 2);
    }

    async fn i11_a_changed_entry_is_found(app) {
        let (sql, tenant) = (app.sql().await, aurora(app).await);
        app.settle().await;
        assert_eq!(broken(app, tenant).await, None);
        let whole = app.app.database.verify_whole_journal(tenant, None).await.unwrap().head;
        assert!(whole.position > 10);
        let place = at(&sql, tenant, 7);
        tamper(app, &sql, "journal_entry", &format!("UPDATE journal_entry SET ip = '192.0.2.66' WHERE {place}")).await;
        assert_eq!(broken(app, tenant).await, Some(Broken::Altered(7)));
    }

    async fn i11_a_changed_value_is_found(app) {
        let (sql, tenant) = (app.sql().await, aurora(app).await);
        app.settle().await;
        let place = at(&sql, tenant, 5).replace("id =", "entry_id =").replace("tenant_entry_id", "tenant_id");
        let ids = sql.rows(&format!("SELECT id FROM journal_change WHERE {place} ORDER BY ordinal LIMIT 1")).await;
        assert_eq!(ids.len(), 1, "the fifth entry has a change");
        let first = format!("{place} AND ordinal = 0");
        tamper(app, &sql, "journal_change", &format!("UPDATE journal_change SET after = '{{}}' WHERE {first}")).await;
        assert_eq!(broken(app, tenant).await, Some(Broken::Altered(5)));
    }

    async fn i11_any_number_of_foreign_entries_of_one_transaction_keeps_nobody_waiting(app) {
        let (admin, sql, tenant) = (app.admin().await, app.sql().await, aurora(app).await);
        app.settle().await;
        let own = sql.id(&tenant.to_string());
        let (numbers, id) = match app.kind() {
            Kind::Postgres => ("generate_series(1, 1200) AS n", "gen_random_uuid()"),
            Kind::Sqlite => (
                "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1200) SELECT n FROM c) AS n",
                "randomblob(16)",
            ),
        };
        let insert = format!(
            "INSERT INTO journal_entry (tenant_id, id, at, act, entity_kind, entity_id, version) \
             SELECT tenant_id, {id}, at, act, entity_kind, entity_id, version FROM journal_entry e, {numbers} \
             WHERE tenant_id = {own} AND e.id = (SELECT entry_id FROM journal_link WHERE tenant_id = {own} AND position = 1)"
        );
        assert_eq!(sql.run(&insert).await.unwrap(), 1_200);
        let patient = text(&admin.post("/api/v1/patients", &json!({ "name": "Depois" })).await.expect(201)["id"]);
        app.settle().await;
        let page = admin.get(&format!("/api/v1/audit?entity_id={patient}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        assert!(matches!(broken(app, tenant).await, Some(Broken::Foreign(_))));
    }

    async fn i11_a_chain_whose_key_is_gone_is_broken(app) {
        let (sql, tenant) = (app.sql().await, aurora(app).await);
        app.settle().await;
        let own = format!("tenant_id = {}", sql.id(&tenant.to_string()));
        let refused = sql.run(&format!("DELETE FROM chain_key WHERE {own}")).await.unwrap_err();
        assert!(refused.contains("append_only"), "{refused}");
        tamper(app, &sql, "chain_key", &format!("DELETE FROM chain_key WHERE {own}")).await;
        assert_eq!(broken(app, tenant).await, Some(Broken::Keyless));
    }

    async fn i11_a_removed_link_is_found_in_the_middle_and_at_the_end(app) {
        let (sql, tenant) = (app.sql().await, aurora(app).await);
        app.settle().await;
        let database = &app.app.database;
        let head = database.verify_whole_journal(tenant, None).await.unwrap().head;
        let forged = Head { position: head.position - 1, mac: vec![0; 32] };
        let forged = database.verify_whole_journal(tenant, Some(&forged)).await.unwrap();
        assert_eq!(forged.broken, Some(Broken::Altered(head.position - 1)));
        let known = Head { position: head.position + 1, mac: vec![0; 32] };
        let known = database.verify_whole_journal(tenant, Some(&known)).await.unwrap();
        assert_eq!(known.broken, Some(Broken::Missing(head.position + 1)));
        let own = format!("tenant_id = {}", sql.id(&tenant.to_string()));
        tamper(app, &sql, "journal_link", &format!("DELETE FROM journal_link WHERE {own} AND position = {}", head.position)).await;
        // On PostgreSQL a transaction of any other database, open a moment longer, keeps the remembered place behind.
        let missing = Some(Broken::Missing(head.position));
        let sequencer = app.app.sequencer();
        eventually("its entry had a link once", async || {
            sequencer.run_dry().await.unwrap();
            broken(app, tenant).await == missing
        })
        .await;
        if app.kind() == Kind::Postgres {
            tamper(app, &sql, "journal_link", &format!("DELETE FROM journal_link WHERE {own} AND position = 9")).await;
        } else {
            assert_eq!(sql.run(&format!("DELETE FROM journal_link WHERE {own} AND position = 9")).await.unwrap(), 1);
        }
        assert_eq!(broken(app, tenant).await, Some(Broken::Missing(9)));
    }
}
