//! The roles of a PostgreSQL database: `salus_app` (what a request may do), `salus_across` (what work across tenants may
//! do), and the role that the server signs in as, which gets the rights of the first and may switch to the second.

/// SQL that makes the two roles and lets `app_role` (or, when absent, the migrating role itself) switch to them. A role that
/// may not do so gets one error that holds the SQL for an administrator. Roles belong to the whole server: where another
/// database of it does the same at this moment, its work counts.
pub fn prepare(app_role: Option<&str>) -> String {
    let member = app_role.map_or_else(|| "current_user::text".to_owned(), literal);
    let login = app_role.is_some();
    format!(
        "DO $salus$
DECLARE
  member text := {member};
  role_name text;
  option text := '';
BEGIN
  IF current_setting('server_version_num')::int >= 160000 AND {login} THEN option := ' WITH INHERIT FALSE'; END IF;
  FOREACH role_name IN ARRAY ARRAY['salus_app', 'salus_across'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT NOBYPASSRLS', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
  END LOOP;
  IF {login} AND (SELECT rolinherit FROM pg_roles WHERE rolname = member) THEN
    BEGIN
      EXECUTE format('ALTER ROLE %I NOINHERIT', member);
    EXCEPTION WHEN internal_error THEN NULL;
    END;
  END IF;
  FOREACH role_name IN ARRAY ARRAY['salus_app', 'salus_across'] LOOP
    IF (role_name = 'salus_across' OR NOT {login}) AND member <> role_name AND NOT pg_has_role(member, role_name, 'member') THEN
      BEGIN
        EXECUTE format('GRANT %I TO %I', role_name, member) || option;
      EXCEPTION WHEN unique_violation OR internal_error THEN NULL;
      END;
    END IF;
  END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE EXCEPTION USING MESSAGE = format(
    'role %I may not set up the roles; run as an administrator: CREATE ROLE salus_app NOLOGIN NOINHERIT; '
    'CREATE ROLE salus_across NOLOGIN NOINHERIT; ALTER ROLE %I NOINHERIT; GRANT salus_across TO %I; GRANT salus_app TO %I;',
    current_user, member, member, current_user);
END $salus$;"
    )
}

/// SQL that gives `app_role` every right that `salus_app` has on the tables and functions of the schema, and no other.
pub fn give_rights(app_role: Option<&str>) -> String {
    let usage = "GRANT USAGE ON SCHEMA public TO salus_app, salus_across;
         GRANT SELECT ON seaql_migrations TO salus_app, salus_across;
DO $salus$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'seaql_migrations'
    AND a.grantee = 'salus_app'::regrole
  ) THEN
    RAISE EXCEPTION 'role salus_app has no right on any table: restore the database with its grants, not with --no-acl';
  END IF;
END $salus$;";
    let Some(role) = app_role else { return usage.to_owned() };
    let member = literal(role);
    format!(
        "{usage}
DO $salus$
DECLARE
  member text := {member};
  item record;
BEGIN
  IF member = 'salus_app' THEN RETURN; END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', member);
  EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', member);
  EXECUTE format('GRANT SELECT ON seaql_migrations TO %I', member);
  FOR item IN
    SELECT c.oid::regclass AS name, string_agg(a.privilege_type, ', ') AS rights
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = 'salus_app'::regrole
    GROUP BY c.oid
  LOOP
    EXECUTE format('GRANT %s ON %s TO %I', item.rights, item.name, member);
  END LOOP;
  FOR item IN
    SELECT p.oid::regprocedure AS name FROM pg_proc p, aclexplode(p.proacl) a
    WHERE p.pronamespace = 'public'::regnamespace AND a.grantee = 'salus_app'::regrole AND a.privilege_type = 'EXECUTE'
  LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', item.name, member);
  END LOOP;
END $salus$;"
    )
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_name_cannot_end_its_literal() {
        assert!(prepare(Some("o'brien")).contains("member text := 'o''brien'"));
    }
}
