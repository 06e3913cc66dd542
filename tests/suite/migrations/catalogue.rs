//! Wall 2 and wall 3, read from the database's own catalogue: every table has its tenant in its key and in each of its foreign
//! keys, and on PostgreSQL forced row-level security. An exception is a line here, with its reason.

use crate::both;
use crate::support::Kind;

/// Tables that belong to no tenant.
const GLOBAL: &[(&str, &str)] = &[
    ("account", "a person signs in before a company is known, and may work in several"),
    ("oidc_flow", "a sign-in at a provider begins before anybody is known"),
    ("oidc_grant", "and ends before a company is known"),
    ("oidc_link", "of an account, wherever the person works"),
    ("recovery_code", "of an account, wherever the person works"),
    ("seaql_migrations", "the list of applied migrations"),
    ("sequencer_horizon", "how far the journals of all companies are numbered"),
    ("sign_in_failure", "counts failed attempts by address, known or not, before a company is known"),
    ("signing_key", "one issuer for all companies"),
    ("totp", "of an account, wherever the person works"),
];

fn is_global(table: &str) -> bool {
    GLOBAL.iter().any(|(name, _)| *name == table)
}

both! {
    async fn every_table_has_its_tenant_in_its_primary_key(app) {
        let sql = app.sql().await;
        let tables = match app.kind() {
            Kind::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            Kind::Postgres => "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
        };
        let tables = sql.texts(tables).await;
        assert!(tables.len() > 15, "{tables:?}");
        for table in tables.iter().filter(|table| !is_global(table)) {
            let key = match app.kind() {
                Kind::Sqlite => format!("SELECT name FROM pragma_table_info('{table}') WHERE pk = 1"),
                Kind::Postgres => format!(
                    "SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
                     WHERE i.indrelid = '{table}'::regclass AND i.indisprimary"
                ),
            };
            assert_eq!(sql.texts(&key).await, ["tenant_id"], "primary key of {table}");
        }
    }

    async fn every_foreign_key_carries_the_tenant(app) {
        let sql = app.sql().await;
        let loose = match app.kind() {
            Kind::Sqlite => "SELECT m.name || '.' || group_concat(f.\"from\") FROM sqlite_master m, pragma_foreign_key_list(m.name) f \
                 WHERE m.type = 'table' GROUP BY m.name, f.id HAVING sum(f.\"from\" = 'tenant_id' AND f.\"to\" = 'tenant_id') = 0 ORDER BY 1",
            Kind::Postgres => "SELECT conname::text FROM pg_constraint WHERE contype = 'f' AND NOT EXISTS \
                 (SELECT FROM pg_attribute a WHERE a.attrelid = conrelid AND a.attnum = conkey[1] AND a.attname = 'tenant_id') ORDER BY 1",
        };
        let loose = sql.texts(loose).await;
        let to_global: Vec<&String> = loose.iter().filter(|name| !name.contains("account")).collect();
        assert!(to_global.is_empty(), "foreign keys without the tenant: {to_global:?}");
    }
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use super::*;
    use crate::support::run;

    #[test]
    fn every_tenant_table_has_forced_row_level_security() {
        run(Kind::Postgres, async |app| {
            let open = "SELECT relname::text FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
                 AND NOT (relrowsecurity AND relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)) ORDER BY 1";
            let open = app.sql().await.texts(open).await;
            let unwalled: Vec<&String> = open.iter().filter(|table| *table != "seaql_migrations").collect();
            assert!(unwalled.is_empty(), "without forced policies: {unwalled:?}");
        });
    }

    #[test]
    fn the_application_owns_nothing_and_inherits_nothing() {
        run(Kind::Postgres, async |app| {
            let sql = app.sql().await;
            let roles = "SELECT rolname::text FROM pg_roles WHERE rolname IN ('salus_app', 'salus_across') \
                 AND (rolinherit OR rolsuper OR rolbypassrls)";
            assert_eq!(sql.texts(roles).await, Vec::<String>::new());
            let owned = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relowner = 'salus_app'::regrole";
            assert_eq!(sql.texts(owned).await, Vec::<String>::new());
        });
    }

    /// Tables that work across tenants may see, each for a reason: sign-in knows no company yet, and names those of an account with
    /// their clinics; the worker, the sequencer and the chores serve all companies.
    const ACROSS: &[&str] = &[
        "access_log",
        "account",
        "api_key",
        "chain_key",
        "clinic",
        "company",
        "company_settings",
        "consumed_event",
        "data_key",
        "event",
        "event_position",
        "idempotency",
        "import_row",
        "invitation",
        "job",
        "journal_change",
        "journal_entry",
        "journal_link",
        "mail",
        "membership",
        "membership_clinic",
        "oidc_flow",
        "oidc_grant",
        "oidc_link",
        "patient_match_due",
        "patient_merge",
        "patient_statistic",
        "patient_statistic_delta",
        "recovery_code",
        "refresh_token",
        "sequencer_horizon",
        "session",
        "sign_in_failure",
        "signed_token",
        "signing_key",
        "totp",
    ];

    #[test]
    fn only_the_listed_tables_open_across_tenants() {
        run(Kind::Postgres, async |app| {
            let open = "SELECT DISTINCT tablename::text FROM pg_policies WHERE schemaname = 'public' AND 'salus_across' = ANY (roles) ORDER BY 1";
            assert_eq!(app.sql().await.texts(open).await, ACROSS);
        });
    }
}
