//! Empty + all migrations = the checked-in schema, which is what people read. `SNAPSHOTS=write` rewrites it.

use std::path::PathBuf;

use crate::support::{Kind, Sql, TestApp, TestDatabase};

const SQLITE: &str = "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' \
     AND tbl_name <> 'seaql_migrations' ORDER BY tbl_name, type = 'table' DESC, type, name";

const POSTGRES: &str = "
WITH own AS (SELECT c.* FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'seaql_migrations'),
lines AS (
  SELECT relname::text AS place, 0 AS rank, '' AS name, 'TABLE ' || relname || CASE WHEN relrowsecurity THEN ' (row security' ||
    CASE WHEN relforcerowsecurity THEN ', forced)' ELSE ')' END ELSE '' END AS line FROM own
  UNION ALL SELECT o.relname, 1, lpad(a.attnum::text, 3, '0'), '  ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ||
    CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
    FROM own o JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = o.oid AND d.adnum = a.attnum
  UNION ALL SELECT o.relname, 2, conname, '  CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(k.oid) FROM own o JOIN pg_constraint k ON k.conrelid = o.oid AND k.contype <> 'n'
  UNION ALL SELECT tablename, 3, indexname, '  ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename IN (SELECT relname FROM own)
  UNION ALL SELECT tablename, 4, policyname, '  POLICY ' || policyname || ' FOR ' || cmd || ' TO ' || array_to_string(roles, ', ') || ' USING (' ||
    coalesce(qual, '') || ') WITH CHECK (' || coalesce(with_check, '') || ')' FROM pg_policies WHERE schemaname = 'public' AND policyname <> 'maintenance'
  UNION ALL SELECT tablename, 4, policyname, '  POLICY maintenance TO the owner' FROM pg_policies WHERE schemaname = 'public' AND policyname = 'maintenance'
  UNION ALL SELECT o.relname, 5, g.grantee::text, '  GRANT ' || string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type) || ' TO ' || g.grantee
    FROM own o JOIN information_schema.role_table_grants g ON g.table_schema = 'public' AND g.table_name = o.relname AND g.grantee LIKE 'salus_a%' GROUP BY o.relname, g.grantee
  UNION ALL SELECT o.relname, 6, tgname, '  ' || pg_get_triggerdef(t.oid) FROM own o JOIN pg_trigger t ON t.tgrelid = o.oid AND NOT t.tgisinternal
  UNION ALL SELECT '~ functions', 7, p.proname, pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e'))
SELECT line FROM lines ORDER BY place COLLATE \"C\", rank, name COLLATE \"C\"";

async fn schema(kind: Kind) -> String {
    let database = TestDatabase::empty(kind);
    let app = TestApp::connect(&database).await;
    drop(app);
    let query = if kind == Kind::Sqlite { SQLITE } else { POSTGRES };
    let mut text = Sql::connect(&database).await.texts(query).await.join("\n");
    text.push('\n');
    text
}

fn compare(kind: Kind, name: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let built = runtime.block_on(schema(kind));
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "suite", "migrations", name].iter().collect();
    if std::env::var("SNAPSHOTS").is_ok_and(|s| s == "write") {
        std::fs::write(&file, &built).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(built == kept, "the schema differs from {name}; `SNAPSHOTS=write cargo test` rewrites it");
}

#[test]
fn the_schema_on_sqlite_is_the_one_in_the_snapshot() {
    compare(Kind::Sqlite, "schema.sqlite.sql");
}

#[cfg(feature = "postgres")]
#[test]
fn the_schema_on_postgresql_is_the_one_in_the_snapshot() {
    compare(Kind::Postgres, "schema.postgres.txt");
}
