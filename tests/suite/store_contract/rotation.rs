//! Master keys change while everything goes on (I12): both versions read, what lies under the old one is sealed anew, and
//! afterwards the old one is not needed any more.

use std::collections::{BTreeMap, BTreeSet};

use kernel::ids::TenantId;
use kernel::seal::Keyring;
use persistence::Rotated;
use persistence::sealed::{Owner, SEALED, SealedColumn, Under};
use serde_json::json;
use uuid::Uuid;

use crate::both;
use crate::support::{ADDRESSEE, Authenticator, Caller, Kind, MASTER_KEY, Office, Sql, TestApp, hex, salus, text};

const SECOND: &str = "v2:CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";

/// Columns of bytes that hold no ciphertext.
const PLAIN: &[(&str, &str)] = &[
    ("api_key.hash", "a hash"),
    ("external_reference.file_sha256", "a hash of a file"),
    ("idempotency.body_hash", "a hash"),
    ("import.sha256", "a hash of a file"),
    ("invitation.hash", "a hash"),
    ("journal_entry.mac", "a mac"),
    ("journal_link.mac", "a mac"),
    ("journal_link.prev", "a mac"),
    ("oidc_flow.browser_hash", "a hash"),
    ("oidc_flow.state_hash", "a hash"),
    ("oidc_grant.browser_hash", "a hash"),
    ("oidc_grant.hash", "a hash"),
    ("recovery_code.hash", "a hash"),
    ("refresh_token.hash", "a hash"),
    ("sign_in_failure.key", "a hash"),
    ("signed_token.hash", "a hash"),
];

/// A sealed value and where it lies.
struct Lying {
    tenant: Uuid,
    row: Uuid,
    value: Vec<u8>,
}

async fn lying(sql: &Sql, column: &SealedColumn) -> Vec<Lying> {
    let SealedColumn { table, column: value, row, owner, .. } = column;
    let tenant = if *owner == Owner::Tenant { "tenant_id, " } else { "" };
    let rows = sql
        .rows(&format!("SELECT {tenant}{row} AS row_id, {value} AS value FROM {table} WHERE {value} IS NOT NULL"))
        .await;
    let read = |row: &sea_orm::QueryResult| Lying {
        tenant: row.try_get("", "tenant_id").unwrap_or_default(),
        row: row.try_get("", "row_id").unwrap(),
        value: row.try_get("", "value").unwrap(),
    };
    rows.iter().map(read).collect()
}

/// How many values of each column lie under each version of the master key.
async fn versions(sql: &Sql) -> BTreeMap<(&'static str, u8), usize> {
    let mut found = BTreeMap::new();
    for column in SEALED.iter().filter(|column| column.under == Under::MasterKey) {
        for lying in lying(sql, column).await {
            *found.entry((column.name, lying.value[0])).or_default() += 1;
        }
    }
    found
}

fn all_are(found: &BTreeMap<(&'static str, u8), usize>, version: u8) -> bool {
    found.keys().all(|(_, found)| *found == version)
}

fn quiet(_: Rotated) {}

/// What was left in the sealed columns.
struct Filled {
    office: Office,
    /// The demo company.
    tenant: Uuid,
    /// Another, with two mails.
    founded: Uuid,
}

async fn company(caller: &Caller) -> Uuid {
    text(&caller.get("/api/v1/auth/me").await.expect(200)["company_id"]).parse().unwrap()
}

/// Leaves values in every sealed column that can be written from outside.
async fn fill(app: &TestApp) -> Filled {
    let office = Office::open(app).await;
    let (email, password) = ("clara@chaves.example", "três tigres e um trigal");
    let ask = json!({ "company_name": "Chaves", "name": "Clara Chaveira", "email": email, "password": password });
    let session = app.anonymous().post("/api/v1/auth/sign-up", &ask).await.expect(201);
    app.anonymous().post("/api/v1/auth/password/forgot", &json!({ "email": email })).await.expect(202);
    app.settle().await;
    let chaves = Caller { token: Some(text(&session["access_token"])), ..app.anonymous() };
    Authenticator::begun(&chaves).await;
    let mut patients = Vec::new();
    for patient in ["Uma", "Duas"] {
        let made = office.staff.post_once("/api/v1/patients", patient, &json!({ "name": patient })).await.expect(201);
        patients.push(text(&made["id"]));
    }
    let [one, other] = patients.as_slice() else { panic!("{patients:?}") };
    office.admin.post(&format!("/api/v1/patients/{one}/merge"), &json!({ "source_id": other })).await.expect(200);
    let file = "Nome;CPF\nUma Pessoa;111.111.111-11\nOutra Pessoa;222.222.222-22\n";
    office.admin.upload("/api/v1/imports", &[("kind", "patients")], "a.csv", file.as_bytes()).await.expect(201);
    app.settle().await;
    let (tenant, founded) = (company(&office.admin).await, company(&chaves).await);
    for company in [tenant, founded] {
        app.dead_letter(company).await;
    }
    Filled { office, tenant, founded }
}

/// Puts everything back under the first key, which the test's own node knows alone.
async fn put_back(app: &TestApp) {
    let (node, _, server) = app.second_node_with(&[("MASTER_KEY", &format!("{MASTER_KEY},{SECOND}"))]).await;
    node.database.rotate_keys(&quiet).await.unwrap();
    node.sequencer().run_dry().await.unwrap();
    server.stop(false).await;
    assert!(all_are(&versions(&app.sql().await).await, 1));
}

/// Writes a value over another, as somebody with the database in hands could.
async fn put(app: &TestApp, sql: &Sql, (table, column): (&str, &str), row: Uuid, value: &[u8]) {
    let digits = hex(value);
    let value = if app.kind() == Kind::Sqlite { format!("x'{digits}'") } else { format!("'\\x{digits}'::bytea") };
    let statement = format!("UPDATE {table} SET {column} = {value} WHERE id = {}", sql.id(&row.to_string()));
    assert_eq!(sql.run(&statement).await.unwrap(), 1);
}

fn registered(name: &str) -> &'static SealedColumn {
    SEALED.iter().find(|sealed| sealed.name == name).unwrap()
}

/// Swaps the first two values of a column that belong together by `of`.
async fn swap(app: &TestApp, sql: &Sql, name: &str, of: impl Fn(&Lying) -> bool) {
    let column = registered(name);
    let all: Vec<Lying> = lying(sql, column).await.into_iter().filter(of).collect();
    let [one, other, ..] = all.as_slice() else { panic!("{} values in {name}", all.len()) };
    put(app, sql, (column.table, column.column), one.row, &other.value).await;
    put(app, sql, (column.table, column.column), other.row, &one.value).await;
}

both! {
    async fn i12_every_column_of_bytes_is_sealed_or_plain_for_a_reason(app) {
        let columns = match app.kind() {
            Kind::Sqlite => "SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND lower(c.type) = 'blob'",
            Kind::Postgres => "SELECT table_name || '.' || column_name FROM information_schema.columns \
                 WHERE table_schema = 'public' AND data_type = 'bytea'",
        };
        let found: BTreeSet<String> = app.sql().await.texts(columns).await.into_iter().collect();
        assert!(PLAIN.is_sorted() && PLAIN.iter().all(|(_, reason)| !reason.is_empty()));
        let known = SEALED.iter().map(|sealed| sealed.name).chain(PLAIN.iter().map(|(name, _)| *name));
        assert_eq!(found, known.map(str::to_owned).collect::<BTreeSet<_>>());
    }

    async fn i12_a_value_opens_in_its_own_place_and_in_no_other(app) {
        fill(app).await;
        let (sql, keys) = (app.sql().await, Keyring::parse(MASTER_KEY).unwrap());
        for column in SEALED.iter().filter(|column| column.under == Under::MasterKey) {
            let all = lying(&sql, column).await;
            // A sign-in at another provider lasts a moment; its own tests leave none behind.
            assert!(!all.is_empty() || column.table.starts_with("oidc_"), "{} is empty", column.name);
            for one in &all {
                assert!(keys.open(column.place(one.tenant, one.row), &one.value).is_ok(), "{}", column.name);
            }
            for (one, other) in all.iter().zip(all.iter().skip(1)) {
                assert!(keys.open(column.place(other.tenant, other.row), &one.value).is_err(), "{} moved", column.name);
                let elsewhere = column.place(Uuid::from_u128(7), one.row);
                assert!(keys.open(elsewhere, &one.value).is_err(), "{} moved to another company", column.name);
            }
        }
    }

    async fn i12_swapped_secrets_are_refused_where_they_are_used(app) {
        let filled = fill(app).await;
        let (sql, admin) = (app.sql().await, &filled.office.admin);
        swap(app, &sql, "idempotency.body", |_| true).await;
        swap(app, &sql, "mail.sealed", |mail| mail.tenant == filled.founded).await;
        swap(app, &sql, "job.payload", |_| true).await;
        for name in ["Uma", "Duas"] {
            let again = filled.office.staff.post_once("/api/v1/patients", name, &json!({ "name": name })).await;
            again.refused(500, "internal");
        }
        assert!(app.app.database.caught_mails(TenantId::from_uuid(filled.founded)).await.is_err());
        let job = text(&admin.get("/api/v1/jobs/dead").await.expect(200)["items"][0]["id"]);
        admin.post(&format!("/api/v1/jobs/{job}/replay"), &json!({})).await.expect(202);
        app.settle().await;
        let dead = admin.get("/api/v1/jobs/dead").await.expect(200);
        let dead = (&dead["items"][0]["id"], &dead["items"][0]["reason"]);
        assert_eq!(dead, (&json!(job), &json!("payload does not open")));
        sql.run("DELETE FROM job").await.unwrap();
    }

    async fn i12_keys_change_while_both_versions_read_and_then_the_old_one_goes(app) {
        let Filled { office, tenant, .. } = fill(app).await;
        let sql = app.sql().await;
        let before = versions(&sql).await;
        assert!(all_are(&before, 1) && before.len() >= 7, "{before:?}");
        let patient = office.patient("Rosa Rodada").await;
        // The second node seals under the newer key, and reads both.
        let both_keys = format!("{SECOND},{MASTER_KEY}");
        let (node, there, server) = app.second_node_with(&[("MASTER_KEY", &both_keys)]).await;
        let there = Caller { token: office.admin.token.clone(), ..there };
        let staff = Caller { token: office.staff.token.clone(), ..there.clone() };
        assert!(node.database.has_older_keys());
        staff.patch(&format!("/api/v1/patients/{patient}"), "\"1\"", &json!({ "social_name": "Rosinha" })).await.expect(200);
        node.sequencer().run_dry().await.unwrap();
        let page = there.get(&format!("/api/v1/audit?entity_id={patient}")).await.expect(200);
        assert_eq!(page["items"][1]["changes"][0]["after"]["name"], "Rosa Rodada");
        assert_eq!(page["items"][0]["changes"][0]["after"]["social_name"], "Rosinha");
        let rotated = node.database.rotate_keys(&quiet).await.unwrap();
        assert!(rotated.iter().all(|seen| seen.complete && seen.unreadable == 0), "{rotated:?}");
        assert!(all_are(&versions(&sql).await, 2));
        assert_eq!(node.database.rotate_keys(&quiet).await.unwrap().iter().map(|seen| seen.renewed).sum::<u64>(), 0);
        server.stop(false).await;
        // The third knows only the newer one.
        let (last, there, server) = app.second_node_with(&[("MASTER_KEY", SECOND)]).await;
        let staff = Caller { token: office.staff.token.clone(), ..there.clone() };
        let admin = Caller { token: office.admin.token.clone(), ..there.clone() };
        let replayed = staff.post_once("/api/v1/patients", "Uma", &json!({ "name": "Uma" })).await;
        assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
        replayed.expect(201);
        let page = admin.get(&format!("/api/v1/audit?entity_id={patient}")).await.expect(200);
        assert_eq!(page["items"][1]["changes"][0]["after"]["name"], "Rosa Rodada");
        let proof = admin.get("/api/v1/audit/verify?limit=5000").await.expect(200);
        assert_eq!((&proof["whole"], &proof["complete"]), (&json!(true), &json!(true)), "{proof:#}");
        let job = text(&admin.get("/api/v1/jobs/dead").await.expect(200)["items"][0]["id"]);
        admin.post(&format!("/api/v1/jobs/{job}/replay"), &json!({})).await.expect(202);
        last.worker(api::worker::Pace::default()).run_due().await.unwrap();
        let mails = last.database.caught_mails(TenantId::from_uuid(tenant)).await.unwrap();
        assert!(mails.iter().any(|mail| mail.to == ADDRESSEE));
        server.stop(false).await;
        put_back(app).await;
    }

    async fn i11_an_entry_under_a_key_that_is_not_known_yet_keeps_its_place(app) {
        let office = Office::open(app).await;
        let (sql, both_keys) = (app.sql().await, format!("{SECOND},{MASTER_KEY}"));
        app.settle().await;
        let (node, there, server) = app.second_node_with(&[("MASTER_KEY", &both_keys)]).await;
        let staff = Caller { token: office.staff.token.clone(), ..there };
        let newer = text(&staff.post("/api/v1/patients", &json!({ "name": "Nova" })).await.expect(201)["id"]);
        // The sequencer that knows the older key alone goes on with what it knows.
        let older = office.patient("Velha").await;
        app.app.sequencer().run_dry().await.unwrap();
        let linked = |patient: &str| {
            format!(
                "SELECT count(*) FROM journal_link l JOIN journal_entry e ON e.tenant_id = l.tenant_id AND e.id = l.entry_id \
                 WHERE e.entity_id = {}",
                sql.id(patient)
            )
        };
        assert_eq!((sql.number(&linked(&newer)).await, sql.number(&linked(&older)).await), (0, 1));
        node.sequencer().run_dry().await.unwrap();
        assert_eq!(sql.number(&linked(&newer)).await, 1);
        let tenant = TenantId::from_uuid(company(&office.admin).await);
        assert_eq!(node.database.verify_whole_journal(tenant, None).await.unwrap().broken, None);
        server.stop(false).await;
        put_back(app).await;
    }

    async fn i12_rotations_at_once_beside_a_writer_leave_nothing_under_the_old_key(app) {
        let filled = fill(app).await;
        let sql = app.sql().await;
        for n in 0..120 {
            let name = format!("Muita{n}");
            filled.office.staff.post_once("/api/v1/patients", &name, &json!({ "name": name })).await.expect(201);
        }
        let replies = versions(&sql).await[&("idempotency.body", 1)];
        assert!(replies > 100, "{replies}");
        let both_keys = format!("{SECOND},{MASTER_KEY}");
        let (left, there, first) = app.second_node_with(&[("MASTER_KEY", &both_keys)]).await;
        let (right, _, second) = app.second_node_with(&[("MASTER_KEY", &both_keys)]).await;
        let staff = Caller { token: filled.office.staff.token.clone(), ..there };
        let writer = async {
            for n in 0..20 {
                let name = format!("Beside{n}");
                staff.post_once("/api/v1/patients", &name, &json!({ "name": name })).await.expect(201);
            }
        };
        let (mine, yours, ()) = tokio::join!(left.database.rotate_keys(&quiet), right.database.rotate_keys(&quiet), writer);
        let renewed = |all: &[Rotated]| all.iter().find(|seen| seen.column == "idempotency.body").unwrap().renewed;
        let (mine, yours) = (mine.unwrap(), yours.unwrap());
        assert_eq!(renewed(&mine) + renewed(&yours), u64::try_from(replies).unwrap(), "each value once");
        assert!(mine.iter().chain(&yours).all(|seen| seen.unreadable == 0), "{mine:?} {yours:?}");
        let last = left.database.rotate_keys(&quiet).await.unwrap();
        assert!(last.iter().all(|seen| seen.left == 0 && seen.renewed == 0), "{last:?}");
        assert!(all_are(&versions(&sql).await, 2));
        for name in ["Muita0", "Muita119", "Beside19"] {
            let again = staff.post_once("/api/v1/patients", name, &json!({ "name": name })).await;
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{name}");
        }
        first.stop(false).await;
        second.stop(false).await;
        put_back(app).await;
    }

    async fn i12_what_the_journal_told_under_the_master_key_withholds_the_success(app) {
        let filled = fill(app).await;
        let sql = app.sql().await;
        let digits = "01".repeat(40);
        let value = if app.kind() == Kind::Sqlite { format!("x'{digits}'") } else { format!("'\\x{digits}'::bytea") };
        let entry = "SELECT entry_id FROM journal_link WHERE position = 1 LIMIT 1";
        let insert = format!(
            "INSERT INTO journal_change (tenant_id, id, entry_id, ordinal, entity_kind, entity_id, version, before, after, sealed) \
             SELECT tenant_id, {}, entry_id, 99, entity_kind, entity_id, version, before, after, {value} FROM journal_change \
             WHERE entry_id = ({entry}) ORDER BY ordinal LIMIT 1",
            sql.id("01900000-0000-7000-8000-0000000000fd")
        );
        assert_eq!(sql.run(&insert).await.unwrap(), 1);
        let both_keys = format!("{SECOND},{MASTER_KEY}");
        let done = salus(app.database()).env("MASTER_KEY", &both_keys).args(["keys", "rotate"]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(!done.status.success() && said.contains("journal_change.sealed 0 sealed anew, 0 do not open, 1 under older keys"), "{said}");
        assert!(!said.contains("everything lies under the newest key"), "{said}");
        drop(filled);
        put_back(app).await;
    }

    async fn i12_a_rotation_that_was_cut_short_goes_on_where_it_ended(app) {
        fill(app).await;
        let sql = app.sql().await;
        let all: usize = versions(&sql).await.values().sum();
        let both_keys = format!("{SECOND},{MASTER_KEY}");
        let (node, _, server) = app.second_node_with(&[("MASTER_KEY", &both_keys)]).await;
        let enough = tokio::sync::Notify::new();
        let progress = |seen: Rotated| {
            if seen.column == "idempotency.body" {
                enough.notify_one();
            }
        };
        tokio::select! {
            biased;
            () = enough.notified() => {}
            _ = node.database.rotate_keys(&progress) => {}
        }
        let half = versions(&sql).await;
        assert!(half.keys().any(|(_, version)| *version == 1) && half.keys().any(|(_, version)| *version == 2), "{half:?}");
        // By another process, as an operator does it.
        let done = salus(app.database()).env("MASTER_KEY", &both_keys).args(["keys", "rotate"]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success() && said.contains("everything lies under the newest key"), "{said}");
        assert!(said.contains("idempotency.body 0 sealed anew"), "{said}");
        let after = versions(&sql).await;
        assert!(all_are(&after, 2) && after.values().sum::<usize>() >= all, "{after:?}");
        server.stop(false).await;
        put_back(app).await;
    }

    async fn i12_what_no_key_opens_is_left_alone_and_told(app) {
        fill(app).await;
        let sql = app.sql().await;
        let mails = lying(&sql, registered("mail.sealed")).await;
        let (one, other) = (mails.first().unwrap(), mails.last().unwrap());
        put(app, &sql, ("mail", "sealed"), one.row, &other.value).await;
        let both_keys = format!("{SECOND},{MASTER_KEY}");
        let done = salus(app.database()).env("MASTER_KEY", &both_keys).args(["keys", "rotate"]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(!done.status.success() && said.contains("1 do not open"), "{said}");
        let left = versions(&sql).await;
        assert_eq!(left.get(&("mail.sealed", 1)), Some(&1));
        assert_eq!(left.keys().filter(|(_, version)| *version == 1).count(), 1, "{left:?}");
        put_back(app).await;
    }
}
