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
