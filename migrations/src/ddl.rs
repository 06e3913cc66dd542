//! One text of DDL for both databases, and the walls around each table on PostgreSQL.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, DbErr};

/// Placeholder, PostgreSQL's type, SQLite's type as sea-orm's schema helpers would declare it.
const TYPES: &[(&str, &str, &str)] = &[
    ("{uuid}", "uuid", "uuid_text"),
    ("{instant}", "timestamptz", "timestamp_with_timezone_text"),
    ("{date}", "date", "date_text"),
    ("{json}", "jsonb", "jsonb_text"),
    ("{bytes}", "bytea", "blob"),
    ("{text}", "text", "text"),
    ("{int}", "integer", "integer"),
    ("{bigint}", "bigint", "bigint"),
    ("{bool}", "boolean", "boolean"),
];

/// The tenant of the transaction, null when there is none. A sub-select, so that a statement evaluates it once; `nullif`,
/// because a setting that was once local to a transaction reads as empty afterwards.
const TENANT: &str = "tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)";

/// Who may see a table's rows on PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// The tenant of the transaction.
    Tenant,
    /// The same, and work that crosses tenants (`salus_across`).
    TenantAndAcross,
    /// Only work that crosses tenants: the table has no tenant.
    Global,
}

/// Replaces `{uuid} {instant} {date} {json} {bytes} {text} {int} {bigint} {bool}` by the backend's types.
pub fn ddl(backend: DbBackend, text: &str) -> String {
    TYPES.iter().fold(text.to_owned(), |text, (placeholder, postgres, sqlite)| {
        text.replace(placeholder, if backend == DbBackend::Postgres { postgres } else { sqlite })
    })
}

/// Runs DDL on both databases, several statements at once if need be.
pub async fn run(manager: &SchemaManager<'_>, text: &str) -> Result<(), DbErr> {
    let text = ddl(manager.get_database_backend(), text);
    manager.get_connection().execute_unprepared(&text).await.map(drop)
}

/// Runs DDL on one of the databases and does nothing on the other.
pub async fn run_on(manager: &SchemaManager<'_>, backend: DbBackend, text: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == backend { run(manager, text).await } else { Ok(()) }
}

/// Puts the wall around a table: forced row-level security, a maintenance policy for the owner, and the grants. Nothing on
/// SQLite.
pub async fn wall(manager: &SchemaManager<'_>, table: &str, wall: Wall) -> Result<(), DbErr> {
    run_on(manager, DbBackend::Postgres, &wall_sql(table, wall)).await
}

/// Lets a table only grow: no right to change or remove a row, and a trigger that refuses even the owner. It comes after
/// [`wall`].
pub async fn append_only(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let postgres = format!(
        "REVOKE UPDATE, DELETE ON {table} FROM salus_app, salus_across;
         CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
         FOR EACH STATEMENT EXECUTE FUNCTION salus_append_only();"
    );
    let sqlite = ["UPDATE", "DELETE"].map(|verb| {
        format!(
            "CREATE TRIGGER {table}_no_{} BEFORE {verb} ON {table}
             BEGIN SELECT RAISE(ABORT, 'append_only'); END;",
            verb.to_lowercase()
        )
    });
    run_on(manager, DbBackend::Postgres, &postgres).await?;
    run_on(manager, DbBackend::Sqlite, &sqlite.concat()).await
}

fn wall_sql(table: &str, wall: Wall) -> String {
    let within = format!(
        "CREATE POLICY tenant ON {table} USING ({TENANT}) WITH CHECK ({TENANT});
         GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO salus_app;"
    );
    let across = format!(
        "CREATE POLICY across ON {table} TO salus_across USING (true) WITH CHECK (true);
         GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO salus_across;"
    );
    let base = format!(
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
         ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
         CREATE POLICY maintenance ON {table} TO CURRENT_USER USING (true) WITH CHECK (true);"
    );
    match wall {
        Wall::Tenant => base + &within,
        Wall::TenantAndAcross => base + &within + &across,
        Wall::Global => base + &across,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_each_databases_types() {
        let text = "CREATE TABLE t (id {uuid}, at {instant}, body {bytes})";
        assert_eq!(ddl(DbBackend::Postgres, text), "CREATE TABLE t (id uuid, at timestamptz, body bytea)");
        assert_eq!(
            ddl(DbBackend::Sqlite, text),
            "CREATE TABLE t (id uuid_text, at timestamp_with_timezone_text, body blob)"
        );
    }

    #[test]
    fn a_tenant_wall_is_forced_and_opens_to_nobody_else() {
        let sql = wall_sql("patient", Wall::Tenant);
        assert!(sql.contains("FORCE ROW LEVEL SECURITY") && !sql.contains("salus_across"));
        assert!(!wall_sql("account", Wall::Global).contains("salus_app"));
    }
}
