//! Starting: on an empty database, by several nodes at once.

use crate::support::{Kind, Sql, TestApp, TestDatabase};

async fn five_nodes(kind: Kind) {
    let database = TestDatabase::empty(kind);
    let connect = || TestApp::connect(&database);
    drop(tokio::join!(connect(), connect(), connect(), connect(), connect()));
    let applied = Sql::connect(&database).await.number("SELECT count(*) FROM seaql_migrations").await;
    assert!(applied >= 4, "{applied} migrations");
}

fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work);
}

#[test]
fn five_nodes_start_at_once_on_an_empty_sqlite_file() {
    block_on(five_nodes(Kind::Sqlite));
}

#[cfg(feature = "postgres")]
#[test]
fn five_nodes_start_at_once_on_an_empty_postgresql_database() {
    block_on(five_nodes(Kind::Postgres));
}
