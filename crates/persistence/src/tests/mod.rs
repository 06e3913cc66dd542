//! What needs no server: the adapter on SQLite in a folder of its own. The shared suite drives both databases.

mod agenda;
mod idempotency;
mod isolation;
mod journal_entry;
mod people;
mod queue;
pub(crate) mod registry;
mod sequence;

use std::sync::Arc;

use chrono::{DateTime, TimeZone, Utc};
use kernel::ids::{PatientId, TenantId};
use kernel::seal::Keyring;
use kernel::{
    Change, Claim, Committed, Entity, EventPayload, Facts, ManualClock, NewJob, Origin, Permission, Permit, StoreError,
    StoredReply, SystemIds, commit,
};
use serde::Serialize;
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{Database, SeaTx, Settings};

struct Act;

impl Permission for Act {
    const NAME: &'static str = "patients:write";
}

#[derive(Serialize)]
struct Happened {
    patient: Uuid,
    version: i64,
}

impl EventPayload for Happened {
    const KIND: &'static str = "patients.happened";
    fn aggregate(&self) -> Entity {
        Entity::of(PatientId::from_uuid(self.patient))
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// A database of one test.
struct Own {
    db: Database,
    clock: Arc<ManualClock>,
    folder: TempDir,
}

impl Own {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(noon()));
        let url = format!("sqlite://{}/data/salus.db", folder.path().display());
        let settings = Settings { url, migration_url: None, max_connections: 4, development: true };
        let (keys, _) = Keyring::generate();
        let db = Database::connect(&settings, keys, clock.clone(), Arc::new(SystemIds)).await.unwrap();
        Self { db, clock, folder }
    }

    /// Runs SQL past the adapter, as somebody with the file in hands could.
    async fn tamper(&self, sql: &str) {
        let url = format!("sqlite://{}/data/salus.db", self.folder.path().display());
        let pool = sea_orm::sqlx::SqlitePool::connect(&url).await.unwrap();
        sea_orm::sqlx::raw_sql(sea_orm::sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 12, 0, 0).unwrap()
}

fn tenant(n: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(n))
}

fn permit(n: u128) -> Permit<Act> {
    Permit::system(tenant(n), "test", Origin::default())
}

fn claim(key: u8, body: u8) -> Claim {
    Claim { caller: Uuid::from_u128(77), route: "create_patient", key: [key; 32], body: [body; 32] }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "a reply takes what was committed by reference")]
fn created(value: &i64) -> StoredReply {
    StoredReply {
        status: 201,
        location: Some(format!("/patients/{value}")),
        etag: None,
        body: format!("{{\"value\":{value}}}").into_bytes(),
    }
}

/// Ends a transaction with an entry on one patient, an event and a job.
async fn end(tx: SeaTx, permit: &Permit<Act>, patient: u128, version: i64) -> Result<Committed<i64>, StoreError> {
    let id = PatientId::from_uuid(Uuid::from_u128(patient));
    let at = tx.now();
    let journal = permit
        .journal(id, at)
        .changed(Change::created(id, version, Facts::new().open("stage", "lead").personal("name", "Ana")))
        .with(&Happened { patient: Uuid::from_u128(patient), version })
        .job(NewJob { kind: "greet", payload: json!({ "patient": id }), run_at: at });
    commit(Box::new(tx), journal, version, created).await
}

async fn act(db: &Database, permit: &Permit<Act>, patient: u128, version: i64) -> Result<(), StoreError> {
    let tx = db.open(permit.scope()).await?;
    end(tx, permit, patient, version).await.map(drop)
}

async fn number(db: &Database, sql: &str) -> i64 {
    let tx = db.open_across("test").await.unwrap();
    let rows = tx.rows(sql, []).await.unwrap();
    rows[0].try_get_by_index(0).unwrap()
}
