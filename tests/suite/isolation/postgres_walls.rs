//! Wall 3 from inside: what the application's own role can see and write on a raw connection.

use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::ids::TenantId;
use kernel::seal::Keyring;
use kernel::{Clock as _, Grants, ManualClock, Origin, Principal, Reach, Session, SystemIds};
use patients::Patients;
use patients::permission::PatientsRead;
use persistence::{Database, Settings};
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, PgConnection, Row};
use uuid::Uuid;

use crate::support::{Kind, TestApp, run};

/// The `(tenant, name)` of the two companies: the demo company first.
async fn companies(app: &TestApp) -> [Uuid; 2] {
    let (own, other) = (app.admin().await, app.other_admin().await);
    let company = async |caller: crate::support::Caller| {
        let me = caller.get("/api/v1/auth/me").await.expect(200);
        me["company_id"].as_str().unwrap().parse().unwrap()
    };
    [company(own).await, company(other).await]
}

/// Tables with a tenant.
async fn tables(app: &TestApp) -> Vec<String> {
    let sql = "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' \
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1";
    let tables = app.sql().await.texts(sql).await;
    assert!(tables.len() > 15, "{tables:?}");
    tables
}

/// A connection as the application's role.
async fn application(app: &TestApp) -> PgConnection {
    PgConnection::connect(&app.database().settings().url).await.unwrap()
}

async fn ask(connection: &mut PgConnection, sql: &str) -> Result<Vec<PgRow>, sqlx::Error> {
    sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await
}

fn refusal(result: Result<Vec<PgRow>, sqlx::Error>) -> String {
    let error = result.expect_err("it was not refused");
    error.as_database_error().and_then(DatabaseError::code).unwrap_or_default().into_owned()
}

async fn within(connection: &mut PgConnection, tenant: Uuid, sql: &str) -> Result<Vec<PgRow>, sqlx::Error> {
    ask(connection, "BEGIN").await?;
    ask(connection, &format!("SET LOCAL app.tenant_id = '{tenant}'")).await?;
    let found = ask(connection, sql).await;
    ask(connection, "ROLLBACK").await?;
    found
}

#[test]
fn i13_without_a_tenant_no_table_shows_a_row() {
    run(Kind::Postgres, async |app| {
        let mut connection = application(app).await;
        for table in tables(app).await {
            let seen = ask(&mut connection, &format!("SELECT count(*) FROM {table}")).await.unwrap();
            assert_eq!(seen[0].get::<i64, _>(0), 0, "{table}");
        }
    });
}

#[test]
fn a_tenant_sees_its_own_rows_alone() {
    run(Kind::Postgres, async |app| {
        let [own, other] = companies(app).await;
        let (mut connection, mut shown) = (application(app).await, BTreeSet::new());
        for table in tables(app).await {
            for tenant in [own, other] {
                let sql = format!("SELECT DISTINCT tenant_id FROM {table}");
                let seen = within(&mut connection, tenant, &sql).await.unwrap();
                assert!(seen.iter().all(|row| row.get::<Uuid, _>(0) == tenant), "{table}");
                if !seen.is_empty() {
                    shown.insert((table.clone(), tenant));
                }
            }
        }
        assert!(shown.len() > 20, "too few tables have rows: {shown:?}");
    });
}

#[test]
fn a_row_for_another_tenant_is_refused() {
    run(Kind::Postgres, async |app| {
        let [own, other] = companies(app).await;
        let (mut connection, mut tried) = (application(app).await, 0);
        for table in tables(app).await {
            let written = format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}' AND is_generated = 'NEVER'"
            );
            let columns = app.sql().await.texts(&written).await.join(", ");
            let smuggled = format!(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM (SELECT \
                 (jsonb_populate_record(t, jsonb_build_object('tenant_id', '{other}'))).* FROM {table} t LIMIT 1) t"
            );
            let has_rows =
                !within(&mut connection, own, &format!("SELECT 1 FROM {table} LIMIT 1")).await.unwrap().is_empty();
            if has_rows {
                let refused = refusal(within(&mut connection, own, &smuggled).await);
                assert_eq!(refused, "42501", "insert into {table}");
                let moved = format!("UPDATE {table} SET tenant_id = '{other}'");
                let refused = refusal(within(&mut connection, own, &moved).await);
                assert_eq!(refused, "42501", "update of {table}");
                tried += 1;
            }
        }
        assert!(tried > 10, "only {tried} tables have rows");
    });
}

#[test]
fn tables_of_no_tenant_are_closed() {
    run(Kind::Postgres, async |app| {
        let mut connection = application(app).await;
        for table in ["account", "signing_key"] {
            let refused = refusal(ask(&mut connection, &format!("SELECT * FROM {table}")).await);
            assert_eq!(refused, "42501", "{table}");
        }
    });
}

/// A statement that carries its tenant, as reads do, and then one that does not, on the same connection.
#[test]
fn i13_a_statement_takes_its_tenant_with_it() {
    run(Kind::Postgres, async |app| {
        let [own, other] = companies(app).await;
        let mut connection = application(app).await;
        for tenant in [own, other] {
            let carrying = format!(
                "WITH salus_tenant AS MATERIALIZED (SELECT set_config('app.tenant_id', '{tenant}', true)::uuid AS id) \
                 SELECT salus_rows.* FROM salus_tenant CROSS JOIN LATERAL (SELECT salus_inner.* FROM \
                 (SELECT DISTINCT tenant_id FROM patient) AS salus_inner WHERE salus_tenant.id IS NOT NULL OFFSET 0) AS salus_rows"
            );
            let seen = ask(&mut connection, &carrying).await.unwrap();
            assert_eq!(seen.iter().map(|row| row.get::<Uuid, _>(0)).collect::<Vec<_>>(), [tenant]);
            let bare = ask(&mut connection, "SELECT id FROM patient").await.unwrap();
            assert!(bare.is_empty(), "the tenant stayed on the connection");
        }
    });
}

fn session(tenant: Uuid) -> Session {
    let nil = Uuid::nil();
    let principal = Principal {
        tenant: TenantId::from_uuid(tenant),
        holder: kernel::Holder::Member {
            membership: kernel::ids::MembershipId::from_uuid(nil),
            account: kernel::ids::AccountId::from_uuid(nil),
            session: kernel::ids::SessionId::from_uuid(nil),
        },
        role: "admin",
        country: "BR".to_owned(),
        grants: Grants::new([("patients:read", Reach::Company)]),
        hold: None,
    };
    Session::new(Arc::new(principal), Origin::default())
}

/// The names that the first page of a tenant's patients shows.
async fn names(patients: &Patients, tenant: Uuid) -> Vec<String> {
    use patients::ports::{PatientList, PatientSort};
    let ask = PatientList {
        selection: patients::model::PatientSelection::default(),
        sort: PatientSort::default(),
        page: kernel::PageAsk::first(5),
    };
    let permit = session(tenant).permit::<PatientsRead>().unwrap();
    let page = patients::usecase::list_patients(
        patients,
        &permit,
        &ask,
        &patients::permission::Sight { appointments: None, members: None },
    )
    .await
    .unwrap();
    page.items.iter().map(|patient| patient.name.as_str().to_owned()).collect()
}

/// One connection serves two companies in turn, by single statements and by transactions, and is bare in between.
#[test]
fn i13_a_pool_of_one_never_carries_a_tenant_over() {
    run(Kind::Postgres, async |app| {
        let [own, other] = companies(app).await;
        let settings = Settings { max_connections: 1, ..app.database().settings().clone() };
        let clock = Arc::new(ManualClock::new(app.clock.now()));
        let (keys, _) = Keyring::generate();
        let database = Database::connect(&settings, keys, clock.clone(), Arc::new(SystemIds)).await.unwrap();
        let patients = Patients { db: Arc::new(database.clone()), clock, ids: Arc::new(SystemIds) };
        for _ in 0..3 {
            assert!(!names(&patients, own).await.iter().any(|name| name.contains(crate::support::MARKER)));
            assert!(names(&patients, other).await.iter().all(|name| name.contains(crate::support::MARKER)));
            for tenant in [own, other] {
                let scope = session(tenant).permit::<PatientsRead>().unwrap();
                drop(patients.db.begin(scope.scope()).await.unwrap());
                let view = database.look(scope.scope()).await.unwrap();
                let seen = view.rows("SELECT DISTINCT tenant_id FROM patient", []).await.unwrap();
                assert_eq!(seen.iter().map(|row| row.try_get_by_index(0).unwrap()).collect::<Vec<Uuid>>(), [tenant]);
            }
            // The next user of the connection finds no tenant on it.
            let across = database.look_across("test").await.unwrap();
            let setting = "SELECT coalesce(nullif(current_setting('app.tenant_id', true), ''), 'none')";
            let left = across.rows(setting, []).await.unwrap();
            assert_eq!(left[0].try_get_by_index::<String>(0).unwrap(), "none");
        }
        database.close().await;
    });
}
