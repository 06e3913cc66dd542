//! Every named constraint, provoked on both databases, is told by its name: a row is copied with a change that only this
//! constraint forbids. A constraint without a line here fails the test.

use kernel::ids::TenantId;
use kernel::{Origin, Permission, Permit, StoreError};
use persistence::SeaTx;
use persistence::constraints::{CONSTRAINTS, FOREIGN_KEY};

use crate::both;
use crate::support::{Kind, Sql, TestApp};

struct Testing;

impl Permission for Testing {
    const NAME: &'static str = "patients:write";
}

/// Columns and what they become, in SQL; `{new}` is a fresh id.
type Changes = &'static [(&'static str, &'static str)];

/// Provokes a constraint by a copy of a row of `table`.
struct Breach {
    name: &'static str,
    table: &'static str,
    changes: Changes,
}

const fn breach(name: &'static str, table: &'static str, changes: Changes) -> Breach {
    Breach { name, table, changes }
}

const NEW: (&str, &str) = ("id", "{new}");

const BREACHES: &[Breach] = &[
    breach("journal_entry_pkey", "journal_entry", &[]),
    breach("journal_change_pkey", "journal_change", &[]),
    breach("journal_link_pkey", "journal_link", &[("entry_id", "{new}")]),
    breach("journal_link_entry_once", "journal_link", &[("position", "position + 100000")]),
    breach("journal_link_position_check", "journal_link", &[("position", "0")]),
    breach("event_pkey", "event", &[]),
    breach("event_position_pkey", "event_position", &[("event_id", "{new}")]),
    breach("event_position_event_once", "event_position", &[("position", "position + 100000")]),
    breach("event_position_position_check", "event_position", &[("position", "0")]),
    breach("consumed_event_pkey", "consumed_event", &[]),
    breach("job_pkey", "job", &[]),
    breach("job_status_check", "job", &[NEW, ("status", "'asleep'")]),
    breach("job_lease_check", "job", &[NEW, ("lease_owner", "'me'")]),
    breach("idempotency_pkey", "idempotency", &[]),
    breach("sequencer_horizon_pkey", "sequencer_horizon", &[]),
    breach("sequencer_horizon_stream_check", "sequencer_horizon", &[("stream", "'mail'")]),
    breach("access_log_pkey", "access_log", &[]),
    breach("data_key_pkey", "data_key", &[]),
    breach("chain_key_pkey", "chain_key", &[]),
    breach("chain_key_is_its_tenants", "chain_key", &[NEW]),
    breach("company_tenant_once", "company", &[]),
    breach("company_is_its_tenant", "company", &[NEW]),
    breach("clinic_pkey", "clinic", &[]),
    breach("account_pkey", "account", &[("email", "'other@example.org'")]),
    breach("account_email_unique", "account", &[NEW]),
    breach("membership_pkey", "membership", &[("account_id", "{new}")]),
    breach("membership_account_unique", "membership", &[NEW]),
    breach("membership_status_check", "membership", &[NEW, ("status", "'gone'")]),
    breach("membership_clinic_pkey", "membership_clinic", &[]),
    breach("session_pkey", "session", &[]),
    breach("session_ending_check", "session", &[NEW, ("ended_at", "created_at"), ("ending", "NULL")]),
    breach("refresh_token_pkey", "refresh_token", &[("hash", "{bytes}")]),
    breach("refresh_token_hash_unique", "refresh_token", &[NEW]),
    breach(
        "refresh_token_successor_check",
        "refresh_token",
        &[NEW, ("hash", "{bytes}"), ("used_at", "NULL"), ("successor", "{bytes}")],
    ),
    breach("signed_token_pkey", "signed_token", &[("hash", "{bytes}")]),
    breach("signed_token_hash_unique", "signed_token", &[NEW]),
    breach("session_hold_check", "session", &[NEW, ("hold", "'forever'")]),
    breach("totp_pkey", "totp", &[("account_id", "{new}")]),
    breach("totp_account_unique", "totp", &[NEW]),
    breach("totp_step_check", "totp", &[NEW, ("confirmed_at", "created_at"), ("last_step", "NULL")]),
    breach("recovery_code_pkey", "recovery_code", &[]),
    breach("company_settings_pkey", "company_settings", &[]),
    breach("company_settings_idle_check", "company_settings", &[("session_idle_minutes", "0")]),
    breach("invitation_pkey", "invitation", &[("hash", "{bytes}"), ("email", "'other@example.org'")]),
    breach("invitation_hash_unique", "invitation", &[NEW, ("email", "'other@example.org'")]),
    breach("invitation_open_once", "invitation", &[NEW, ("hash", "{bytes}")]),
    breach(
        "invitation_ending_check",
        "invitation",
        &[
            NEW,
            ("hash", "{bytes}"),
            ("accepted_at", "created_at"),
            ("membership_id", "invited_by"),
            ("revoked_at", "created_at"),
        ],
    ),
    breach("invitation_accepted_check", "invitation", &[NEW, ("hash", "{bytes}"), ("accepted_at", "created_at")]),
    breach("sign_in_failure_pkey", "sign_in_failure", &[]),
    breach("signing_key_pkey", "signing_key", &[("number", "77")]),
    breach("signing_key_number_unique", "signing_key", &[NEW]),
    breach("mail_pkey", "mail", &[]),
    breach("api_key_pkey", "api_key", &[("hash", "{bytes}")]),
    breach("api_key_hash_unique", "api_key", &[NEW]),
    breach("api_key_scope_check", "api_key", &[NEW, ("hash", "{bytes}"), ("role", "NULL")]),
    breach("oidc_flow_pkey", "oidc_flow", &[("state_hash", "{bytes}")]),
    breach("oidc_flow_state_unique", "oidc_flow", &[NEW]),
    breach("oidc_grant_pkey", "oidc_grant", &[("hash", "{bytes}")]),
    breach("oidc_grant_hash_unique", "oidc_grant", &[NEW]),
    breach("oidc_grant_stage_check", "oidc_grant", &[NEW, ("hash", "{bytes}"), ("stage", "'gone'")]),
    breach("oidc_link_pkey", "oidc_link", &[("subject", "'2'"), ("provider", "'apple'")]),
    breach("oidc_link_subject_unique", "oidc_link", &[NEW, ("provider", "'apple'")]),
    breach("oidc_link_account_unique", "oidc_link", &[NEW, ("subject", "'2'")]),
    breach("patient_pkey", "patient", &[]),
    breach("patient_stage_check", "patient", &[NEW, ("stage", "'gone'")]),
    breach("patient_sex_check", "patient", &[NEW, ("sex", "'yes'")]),
    breach("patient_version_check", "patient", &[NEW, ("version", "0")]),
    breach("patient_identifier_pkey", "patient_identifier", &[("value", "'0'")]),
    breach("patient_identifier_unique", "patient_identifier", &[("ordinal", "ordinal + 100")]),
    breach("patient_identifier_kind_check", "patient_identifier", &[("ordinal", "99"), ("kind", "'ssn'")]),
    breach(
        "patient_identifier_status_check",
        "patient_identifier",
        &[("ordinal", "99"), ("value", "'0'"), ("status", "'sure'")],
    ),
    breach("patient_contact_pkey", "patient_contact", &[]),
    breach("patient_contact_kind_check", "patient_contact", &[("ordinal", "99"), ("kind", "'fax'")]),
    breach("patient_match_key_pkey", "patient_match_key", &[]),
    breach("patient_match_due_pkey", "patient_match_due", &[]),
    breach("patient_duplicate_pkey", "patient_duplicate", &[]),
    breach("patient_duplicate_order_check", "patient_duplicate", &[("second_id", "first_id")]),
    breach("patient_duplicate_grade_check", "patient_duplicate", &[("grade", "'perhaps'")]),
    breach("patient_statistic_pkey", "patient_statistic", &[]),
    breach("patient_statistic_delta_pkey", "patient_statistic_delta", &[]),
    breach("patient_statistic_delta_weight_check", "patient_statistic_delta", &[NEW, ("weight", "0")]),
    breach("patient_merged_check", "patient", &[NEW, ("stage", "'merged'")]),
    breach(
        "patient_identifier_standing_check",
        "patient_identifier",
        &[("ordinal", "99"), ("value", "'0'"), ("standing", "'?'")],
    ),
    breach("import_pkey", "import", &[("status", "'finished'")]),
    breach("import_running_once", "import", &[NEW, ("status", "'waiting'")]),
    breach("import_kind_check", "import", &[NEW, ("kind", "'people'")]),
    breach("import_status_check", "import", &[NEW, ("status", "'asleep'")]),
    breach("import_row_pkey", "import_row", &[("line", "99")]),
    breach("import_row_once", "import_row", &[NEW]),
    breach("import_row_outcome_check", "import_row", &[NEW, ("line", "99"), ("outcome", "'lost'")]),
    breach("external_reference_pkey", "external_reference", &[]),
    breach("external_reference_record_check", "external_reference", &[("value", "'2'"), ("kind", "'appointments'")]),
    breach("patient_merge_pkey", "patient_merge", &[("undone_at", "merged_at")]),
    breach("patient_merge_source_once", "patient_merge", &[NEW]),
    breach(
        "patient_merge_apart_check",
        "patient_merge",
        &[NEW, ("target_id", "source_id"), ("undone_at", "merged_at")],
    ),
    breach("patient_link_pkey", "patient_link", &[]),
    breach("patient_link_kind_check", "patient_link", &[NEW, ("kind", "'cousin'")]),
    breach("patient_link_period_check", "patient_link", &[NEW, ("valid_to", "'2000-01-01'")]),
    breach("patient_link_no_overlap", "patient_link", &[NEW]),
    breach("tag_pkey", "tag", &[("key", "'other'")]),
    breach("tag_key_unique", "tag", &[NEW]),
    breach("tag_colour_check", "tag", &[NEW, ("key", "'other'"), ("colour", "'red'")]),
    breach("patient_facet_pkey", "patient_facet", &[]),
    breach("patient_facet_kind_check", "patient_facet", &[("kind", "'colour'")]),
    breach("patient_place_pkey", "patient_place", &[]),
    breach("patient_attendance_pkey", "patient_attendance", &[]),
    breach("service_pkey", "service", &[]),
    breach("service_modality_check", "service", &[NEW, ("modality", "'by_post'")]),
    breach("service_duration_check", "service", &[NEW, ("duration_minutes", "0")]),
    breach("service_price_check", "service", &[NEW, ("price_amount", "1"), ("price_currency", "NULL")]),
    breach("practitioner_pkey", "practitioner", &[]),
    breach("practitioner_service_pkey", "practitioner_service", &[]),
    breach("practitioner_clinic_pkey", "practitioner_clinic", &[]),
    breach("schedule_pkey", "schedule", &[]),
    breach("schedule_period_check", "schedule", &[NEW, ("valid_from", "'2027-02-01'"), ("valid_to", "'2027-01-01'")]),
    breach("schedule_exception_pkey", "schedule_exception", &[]),
    breach("schedule_exception_kind_check", "schedule_exception", &[NEW, ("kind", "'whim'")]),
    breach("appointment_pkey", "appointment", &[]),
    breach("appointment_interval_check", "appointment", &[NEW, ("ends_at", "starts_at")]),
    breach("appointment_status_check", "appointment", &[NEW, ("status", "'maybe'")]),
    breach(
        "appointment_cancellation_check",
        "appointment",
        &[NEW, ("cancelled_for", "'clinic'"), ("cancelled_at", "NULL")],
    ),
    breach("busy_pkey", "busy", &[("seat", "seat + 1")]),
    breach("busy_seat_once", "busy", &[("appointment_id", "{new}")]),
    breach("busy_no_overlap", "busy", &[("appointment_id", "{new}"), ("session_id", "{new}")]),
    breach("busy_seat_check", "busy", &[("appointment_id", "{new}"), ("seat", "0")]),
    breach("busy_span_check", "busy", &[("appointment_id", "{new}"), ("ends_at", "starts_at"), ("active", "false")]),
    breach(
        "busy_length_check",
        "busy",
        &[("appointment_id", "{new}"), ("starts_at", "'2000-01-01T00:00:00+00:00'"), ("active", "false")],
    ),
    breach(FOREIGN_KEY, "patient_contact", &[("patient_id", "{new}")]),
];

/// Rows of tables that the two companies leave empty.
const SEEDS: &[(&str, &str)] = &[
    (
        "consumed_event",
        "INSERT INTO consumed_event (tenant_id, consumer, event_id, at) SELECT tenant_id, 'test', id, at FROM event LIMIT 1",
    ),
    (
        "job",
        "INSERT INTO job (tenant_id, id, kind, payload, status, created_at, run_at, tries) \
         SELECT tenant_id, {new}, 'test', {bytes}, 'dead', at, at, 0 FROM event LIMIT 1",
    ),
    (
        "idempotency",
        "INSERT INTO idempotency (tenant_id, id, caller_id, route, body_hash, status, body, expires_at) \
         SELECT tenant_id, {new}, {new}, 'test', {bytes}, 201, {bytes}, at FROM event LIMIT 1",
    ),
    (
        "access_log",
        "INSERT INTO access_log (tenant_id, id, at, method, route, status, code) \
         SELECT tenant_id, {new}, at, 'GET', '/', 403, 'forbidden' FROM event LIMIT 1",
    ),
    (
        "membership_clinic",
        "INSERT INTO membership_clinic (tenant_id, membership_id, clinic_id) \
         SELECT m.tenant_id, m.id, c.id FROM membership m JOIN clinic c ON c.tenant_id = m.tenant_id LIMIT 1",
    ),
    (
        "signed_token",
        "INSERT INTO signed_token (tenant_id, id, account_id, purpose, hash, expires_at) \
         SELECT tenant_id, {new}, account_id, 'test', {bytes}, created_at FROM membership LIMIT 1",
    ),
    (
        "totp",
        "INSERT INTO totp (id, account_id, sealed, created_at, version) SELECT {new}, id, {bytes}, created_at, 1 FROM account LIMIT 1",
    ),
    ("recovery_code", "INSERT INTO recovery_code (account_id, hash) SELECT id, {bytes} FROM account LIMIT 1"),
    (
        "invitation",
        "INSERT INTO invitation (tenant_id, id, email, role, clinic_ids, invited_by, hash, created_at, expires_at, version) \
         SELECT tenant_id, {new}, 'open@example.org', 'nurse', '[]', id, {bytes}, created_at, created_at, 1 FROM membership LIMIT 1",
    ),
    (
        "sign_in_failure",
        "INSERT INTO sign_in_failure (key, count, last_at) SELECT {bytes}, 1, created_at FROM account LIMIT 1",
    ),
    (
        "mail",
        "INSERT INTO mail (tenant_id, id, sealed, created_at) SELECT tenant_id, {new}, {bytes}, created_at FROM membership LIMIT 1",
    ),
    (
        "api_key",
        "INSERT INTO api_key (tenant_id, id, name, prefix, hash, role, made_by, created_at, version) \
         SELECT tenant_id, {new}, 'n8n', 'salus_', {bytes}, 'admin', id, created_at, 1 FROM membership LIMIT 1",
    ),
    (
        "oidc_flow",
        "INSERT INTO oidc_flow (id, provider, state_hash, browser_hash, sealed, return_to, expires_at) \
         SELECT {new}, 'google', {bytes}, {bytes}, {bytes}, '/', created_at FROM account LIMIT 1",
    ),
    (
        "oidc_grant",
        "INSERT INTO oidc_grant (id, provider, hash, sealed, browser_hash, stage, wrong_answers, expires_at) \
         SELECT {new}, 'google', {bytes}, {bytes}, {bytes}, 'code', 0, created_at FROM account LIMIT 1",
    ),
    (
        "oidc_link",
        "INSERT INTO oidc_link (id, account_id, provider, issuer, subject, created_at) \
         SELECT {new}, id, 'google', 'https://id.example', '1', created_at FROM account LIMIT 1",
    ),
    (
        "patient_statistic",
        "INSERT INTO patient_statistic (tenant_id, facet, total) SELECT tenant_id, 'test:', 1 FROM membership LIMIT 1",
    ),
    (
        "patient_statistic_delta",
        "INSERT INTO patient_statistic_delta (tenant_id, id, facets, weight) SELECT tenant_id, {new}, '[]', 1 FROM patient LIMIT 1",
    ),
    (
        "patient_link",
        "INSERT INTO patient_link (tenant_id, id, membership_id, patient_id, kind, valid_from) \
         SELECT m.tenant_id, {new}, m.id, p.id, 'caregiver', '2027-01-01' FROM membership m JOIN patient p ON p.tenant_id = m.tenant_id LIMIT 1",
    ),
    (
        "patient_match_due",
        "INSERT INTO patient_match_due (tenant_id, id, patient_id) SELECT tenant_id, {new}, id FROM patient LIMIT 1",
    ),
    (
        "patient_duplicate",
        "INSERT INTO patient_duplicate (tenant_id, first_id, second_id, grade, score, findings, found_at) \
         SELECT p.tenant_id, p.id, q.id, 'possible', 150, '', p.created_at FROM patient p JOIN patient q \
         ON q.tenant_id = p.tenant_id AND q.id > p.id ORDER BY p.id, q.id LIMIT 1",
    ),
    (
        "tag",
        "INSERT INTO tag (tenant_id, id, name, key, version, created_at) \
         SELECT tenant_id, {new}, 'VIP', 'vip', 1, created_at FROM membership LIMIT 1",
    ),
    (
        "import",
        "INSERT INTO import (tenant_id, id, kind, file_name, size, sha256, dry_run, options, sheet, mapping, status, position, rows_read, \
         rows_created, rows_updated, rows_skipped, rows_failed, rows_removed, rows_kept, version, created_at, updated_at) \
         SELECT tenant_id, {new}, kind, file_name, size, sha256, dry_run, options, sheet, mapping, 'waiting', 0, 0, 0, 0, 0, 0, 0, 0, 1, \
         created_at, created_at FROM import LIMIT 1",
    ),
    (
        "patient_merge",
        "INSERT INTO patient_merge (tenant_id, id, source_id, target_id, snapshot, merged_at, version) \
         SELECT p.tenant_id, {new}, p.id, q.id, {bytes}, p.created_at, 1 FROM patient p JOIN patient q \
         ON q.tenant_id = p.tenant_id AND q.id > p.id ORDER BY p.id, q.id LIMIT 1",
    ),
    (
        "patient_facet",
        "INSERT INTO patient_facet (tenant_id, patient_id, kind, value, sort_text) SELECT tenant_id, id, 'tag', 'test', sort_text FROM patient LIMIT 1",
    ),
    (
        "patient_place",
        "INSERT INTO patient_place (tenant_id, patient_id, ordinal, band, longitude, x, y, z) SELECT tenant_id, id, 99, 0, 0, 1, 0, 0 FROM patient LIMIT 1",
    ),
    (
        "patient_attendance",
        "INSERT INTO patient_attendance (tenant_id, patient_id, visits, no_shows) SELECT tenant_id, id, 0, 0 FROM patient p \
         WHERE NOT EXISTS (SELECT 1 FROM patient_attendance a WHERE a.tenant_id = p.tenant_id AND a.patient_id = p.id) LIMIT 1",
    ),
    (
        "schedule_exception",
        "INSERT INTO schedule_exception (tenant_id, id, practitioner_id, kind, starts_at, ends_at) \
         SELECT tenant_id, {new}, practitioner_id, 'leave', starts_at, ends_at FROM appointment LIMIT 1",
    ),
];

/// Tables that only work across tenants may touch.
const GLOBAL: &[&str] = &[
    "account",
    "chain_key",
    "oidc_flow",
    "oidc_grant",
    "oidc_link",
    "patient_statistic",
    "recovery_code",
    "sequencer_horizon",
    "sign_in_failure",
    "signing_key",
    "totp",
];

/// A company's id is its tenant, so that its two keys are only ever met together, and either may be told.
const TWINS: [&str; 2] = ["company_pkey", "company_tenant_once"];

/// Met in `audit.rs`.
const APPEND_ONLY: &str = "append_only";

async fn columns(app: &TestApp, sql: &Sql, table: &str) -> Vec<String> {
    let query = match app.kind() {
        Kind::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
        Kind::Postgres => format!(
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}' \
             AND is_generated = 'NEVER' ORDER BY ordinal_position"
        ),
    };
    sql.texts(&query).await
}

fn said_by(kind: Kind, sql: &str) -> String {
    let (new, bytes) = match kind {
        Kind::Sqlite => ("randomblob(16)", "randomblob(32)"),
        Kind::Postgres => ("gen_random_uuid()", "decode(md5(random()::text), 'hex')"),
    };
    sql.replace("{new}", new).replace("{bytes}", bytes)
}

/// The statement that copies a row with changes.
async fn copy(app: &TestApp, sql: &Sql, breach: &Breach) -> String {
    let columns = columns(app, sql, breach.table).await;
    let changed = |column: &String| breach.changes.iter().find(|(name, _)| name == column).map(|(_, to)| *to);
    for (name, _) in breach.changes {
        assert!(columns.iter().any(|column| column == name), "{}.{name}", breach.table);
    }
    let postgres = app.kind() == Kind::Postgres;
    let values = columns.iter().map(|column| match changed(column) {
        // An unknown literal has no type in a select list of its own.
        Some(to) if postgres && column.starts_with("valid_") && to.starts_with('\'') => format!("{to}::date"),
        Some(to) if postgres && column.ends_with("_at") && to.starts_with('\'') => format!("{to}::timestamptz"),
        Some(to) => to.to_owned(),
        None => column.clone(),
    });
    let values: Vec<String> = values.collect();
    let which = match breach.table {
        "patient_identifier" => " WHERE kind IN ('cpf', 'ins')",
        "busy" => " WHERE active",
        _ => "",
    };
    let (table, columns, values) = (breach.table, columns.join(", "), values.join(", "));
    said_by(app.kind(), &format!("INSERT INTO {table} ({columns}) SELECT {values} FROM {table}{which} LIMIT 1"))
}

async fn open(app: &TestApp, tenant: TenantId, table: &str) -> SeaTx {
    if GLOBAL.contains(&table) {
        return app.app.database.open_across("test").await.unwrap();
    }
    let permit = Permit::<Testing>::system(tenant, "test", Origin::default());
    app.app.database.open(permit.scope()).await.unwrap()
}

/// The tenant of the demo company.
async fn aurora(app: &TestApp) -> TenantId {
    let me = app.admin().await.get("/api/v1/auth/me").await.expect(200);
    TenantId::from_uuid(me["company_id"].as_str().unwrap().parse().unwrap())
}

both! {
    async fn every_named_constraint_is_told_by_its_name(app) {
        let (sql, tenant) = (app.sql().await, aurora(app).await);
        let admin = app.admin().await;
        admin.upload("/api/v1/imports", &[("kind", "patients")], "a.csv", b"Nome\nImportada\n").await.expect(201);
        app.settle().await;
        let mut wrong = Vec::new();
        for breach in BREACHES {
            let statement = copy(app, &sql, breach).await;
            let tx = open(app, tenant, breach.table).await;
            if let Some((_, seed)) = SEEDS.iter().find(|(table, _)| *table == breach.table) {
                let added = tx.run(&said_by(app.kind(), seed), []).await;
                assert_eq!(added.unwrap_or_else(|error| panic!("{seed}: {error:?}")), 1, "{seed}");
            }
            match tx.run(&statement, []).await {
                Err(StoreError::Constraint(name)) if name == breach.name => {}
                Err(StoreError::Constraint(name)) if TWINS.contains(&name) && TWINS.contains(&breach.name) => {}
                other => wrong.push(format!("{}: {other:?}", breach.name)),
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    async fn the_table_of_constraints_is_whole(_app) {
        for constraint in CONSTRAINTS {
            let provoked = BREACHES.iter().any(|breach| breach.name == constraint.name);
            let elsewhere = TWINS.contains(&constraint.name) || constraint.name == APPEND_ONLY;
            assert!(provoked || elsewhere, "{} is provoked nowhere", constraint.name);
        }
    }

    async fn what_is_dropped_is_rolled_back(app) {
        let (sql, tenant) = (app.sql().await, aurora(app).await);
        let patients = "SELECT count(*) FROM patient";
        let before = sql.number(patients).await;
        let breach = Breach { name: "", table: "patient", changes: &[NEW] };
        let statement = copy(app, &sql, &breach).await;
        let tx = open(app, tenant, "patient").await;
        assert_eq!(tx.run(&statement, []).await.unwrap(), 1);
        drop(tx);
        assert_eq!(sql.number(patients).await, before);
        // The connection is given back clean: the next transaction sees and writes as if nothing had been.
        let tx = open(app, tenant, "patient").await;
        assert_eq!(tx.run(&statement, []).await.unwrap(), 1);
    }
}
