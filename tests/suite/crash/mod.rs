//! `kill -9` at any moment of a booking storm: no acknowledged booking is lost, none is half there, the journal verifies.

mod server;
mod storm;

use std::collections::BTreeSet;

use sea_orm::QueryResult;

use crate::support::{Caller, Kind, Sql, TestDatabase};
use server::Server;
use storm::Storm;

/// After how many acknowledged bookings of each round the server dies.
const DEATHS: [usize; 4] = [3, 17, 29, 8];

/// Appointments that are not wholly there.
const HALF: &str = "SELECT count(*) FROM appointment a WHERE \
    (SELECT count(*) FROM busy b WHERE b.tenant_id = a.tenant_id AND b.appointment_id = a.id AND b.active) <> 2 \
    OR (SELECT count(*) FROM journal_entry e WHERE e.tenant_id = a.tenant_id AND e.entity_id = a.id) <> 1 \
    OR (SELECT count(*) FROM journal_change c WHERE c.tenant_id = a.tenant_id AND c.entity_id = a.id) <> 1 \
    OR (SELECT count(*) FROM event e WHERE e.tenant_id = a.tenant_id AND e.aggregate_id = a.id) <> 1";

/// Traces of appointments that are not there.
const ORPHANS: &str = "SELECT \
    (SELECT count(*) FROM event e WHERE e.aggregate_kind = 'appointment' AND NOT EXISTS (SELECT 1 FROM appointment a WHERE a.id = e.aggregate_id)) \
    + (SELECT count(*) FROM journal_entry e WHERE e.entity_kind = 'appointment' AND NOT EXISTS (SELECT 1 FROM appointment a WHERE a.id = e.entity_id))";

fn run(kind: Kind) {
    let database = TestDatabase::empty(kind);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(survive(&database));
}

async fn survive(database: &TestDatabase) {
    let mut server = Server::start(database).await;
    let mut storm = Storm::gather(&server.caller()).await;
    let mut acknowledged = BTreeSet::new();
    for (round, deaths) in DEATHS.into_iter().enumerate() {
        let booked = storm.rage(&server.caller(), round, deaths, || server.kill()).await;
        assert!(booked.len() >= deaths, "round {round}: {} acknowledged", booked.len());
        acknowledged.extend(booked);
        Server::verify_audit(database);
        server = Server::start(database).await;
        storm.sign_in(&server.caller()).await;
        whole(database, &acknowledged, storm.caller()).await;
    }
    server.kill();
    Server::verify_audit(database);
}

/// Every acknowledged booking is there, and nothing is half there.
async fn whole(database: &TestDatabase, acknowledged: &BTreeSet<String>, staff: &Caller) {
    let sql = Sql::connect(database).await;
    assert_eq!(sql.number(HALF).await, 0, "half bookings");
    assert_eq!(sql.number(ORPHANS).await, 0, "traces of bookings that are not there");
    let rows = sql.rows("SELECT id FROM appointment").await;
    let read = |row: &QueryResult| row.try_get_by_index::<uuid::Uuid>(0).unwrap().to_string();
    let there: BTreeSet<String> = rows.iter().map(read).collect();
    let lost: Vec<_> = acknowledged.difference(&there).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let newest = acknowledged.last().unwrap();
    staff.get(&format!("/api/v1/appointments/{newest}")).await.expect(200);
}

#[test]
fn killed_on_sqlite_it_loses_nothing() {
    run(Kind::Sqlite);
}

#[cfg(feature = "postgres")]
#[test]
fn killed_on_postgresql_it_loses_nothing() {
    run(Kind::Postgres);
}
