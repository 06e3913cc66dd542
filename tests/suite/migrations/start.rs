//! Starting: on an empty database, by several nodes at once, and on one that a newer release has migrated.

use std::sync::Arc;

use kernel::seal::Keyring;
use kernel::{SystemClock, SystemIds};
use persistence::{ConnectError, Database};

use crate::support::{Kind, Sql, TestApp, TestDatabase};

async fn five_nodes(kind: Kind) {
    let database = TestDatabase::empty(kind);
    let connect = || TestApp::connect(&database);
    drop(tokio::join!(connect(), connect(), connect(), connect(), connect()));
    let applied = Sql::connect(&database).await.number("SELECT count(*) FROM seaql_migrations").await;
    assert!(applied >= 4, "{applied} migrations");
}

/// A node of the release before goes on while a newer one has migrated; a database of another line is refused.
async fn newer_database(kind: Kind) {
    let database = TestDatabase::copy_of_world(kind);
    let sql = Sql::connect(&database).await;
    sql.run("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_of_tomorrow', 0)").await.unwrap();
    let app = TestApp::serve(kind, database).await;
    app.receptionist().await.get("/api/v1/patients").await.expect(200);
    let settings = app.database().settings().clone();
    assert_eq!(persistence::migrate_up(&settings).await.unwrap(), Vec::<String>::new());
    let status = persistence::migrate_status(&settings).await.unwrap();
    assert!(status.iter().all(|(_, is_applied)| *is_applied), "{status:?}");
    assert_eq!(status.last().unwrap().0, "m9999_of_tomorrow");
    sql.run("DELETE FROM seaql_migrations WHERE version = 'm0004_scheduling'").await.unwrap();
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
    let refused = Database::connect(&settings, Keyring::single([7; 32]), clock, ids).await.unwrap_err();
    let ConnectError::Migration(why) = &refused else { panic!("{refused}") };
    assert!(why.to_string().contains("m9999_of_tomorrow") && why.to_string().contains("m0004_scheduling"), "{why}");
    app.app.database.close().await;
}

fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work);
}

#[test]
fn five_nodes_start_at_once_on_an_empty_sqlite_file() {
    block_on(five_nodes(Kind::Sqlite));
}

#[test]
fn a_server_older_than_its_sqlite_database_starts() {
    block_on(newer_database(Kind::Sqlite));
}

#[cfg(feature = "postgres")]
#[test]
fn a_server_older_than_its_postgresql_database_starts() {
    block_on(newer_database(Kind::Postgres));
}

#[cfg(feature = "postgres")]
#[test]
fn five_nodes_start_at_once_on_an_empty_postgresql_database() {
    block_on(five_nodes(Kind::Postgres));
}

#[cfg(feature = "postgres")]
mod roles {
    use super::*;

    /// A database that is current, its URL signing in as another role, which `with` makes.
    async fn served_by(role: &str) -> (TestDatabase, Sql) {
        let mut database = TestDatabase::copy_of_world(Kind::Postgres);
        let sql = Sql::connect(&database).await;
        sql.run(&format!("CREATE ROLE {role} LOGIN NOINHERIT")).await.unwrap();
        let TestDatabase::Postgres { settings, .. } = &mut database else { panic!("not PostgreSQL") };
        let (_, place) = settings.url.rsplit_once('@').unwrap();
        settings.url = format!("postgres://{role}@{place}");
        (database, sql)
    }

    fn fresh(name: &str) -> String {
        format!("salus_{name}_{}", std::process::id())
    }

    #[test]
    fn i13_another_role_gets_its_rights_on_a_database_that_is_current() {
        block_on(async {
            let role = fresh("second");
            let (database, sql) = served_by(&role).await;
            let app = TestApp::serve(Kind::Postgres, database).await;
            app.receptionist().await.get("/api/v1/patients").await.expect(200);
            let granted = format!("SELECT count(*) FROM information_schema.table_privileges WHERE grantee = '{role}'");
            assert!(sql.number(&granted).await > 20);
            let revoked = format!("REVOKE ALL ON patient FROM {role}");
            sql.run(&revoked).await.unwrap();
            let mut alone = app.database().settings().clone();
            alone.migration_url = None;
            let connect = async |settings| {
                let (clock, ids) = (Arc::new(SystemClock), Arc::new(SystemIds));
                Database::connect(settings, Keyring::single([7; 32]), clock, ids).await
            };
            let refused = connect(&alone).await.map(drop).unwrap_err();
            assert!(matches!(&refused, ConnectError::NoRights(named) if *named == role), "{refused}");
            assert_eq!(persistence::migrate_up(app.database().settings()).await.unwrap(), Vec::<String>::new());
            connect(&alone).await.unwrap().close().await;
            app.app.database.close().await;
        });
    }

    #[test]
    fn i13_a_database_that_came_without_its_grants_is_refused_in_words() {
        block_on(async {
            let role = fresh("bare");
            let (database, sql) = served_by(&role).await;
            sql.run("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM salus_app, salus_across").await.unwrap();
            let refused = persistence::migrate_up(database.settings()).await.unwrap_err();
            assert!(refused.to_string().contains("restore the database with its grants"), "{refused}");
        });
    }
}
