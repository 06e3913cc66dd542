//! The database of one node: its pools, and the ways to open a transaction.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use kernel::seal::Keyring;
use kernel::{Clock, Ids, StoreError, TenantScope};
use sea_orm::sqlx::SqlitePool;
use sea_orm::{DbErr, QueryResult, RuntimeErr};
use thiserror::Error;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::chain::ChainKeys;
use crate::claims::{self, Claims};
use crate::connection::{Connection, Holding, PostgresTransaction, Way, plain};
use crate::data_keys::DataKeys;
use crate::errors::{driver, store};
use crate::gate::{Gate, Pass};
use crate::meters::{Meters, timed};
use crate::pools::PgPools;
use crate::readers::Readers;
use crate::session::{SeaTx, agenda_locks};
use crate::wake::Wake;
use crate::{postgres, sqlite};

/// Where the database is, and how it is used.
#[derive(Clone)]
pub struct Settings {
    /// `sqlite://path` or `postgres://…`, as the role that serves requests.
    pub url: String,
    /// `postgres://…` as the owner, who migrates. Without it PostgreSQL is not migrated, except in development.
    pub migration_url: Option<String>,
    /// Connections to PostgreSQL at most, of each runtime; SQLite has one writer and four readers.
    pub max_connections: u32,
    /// True lets a role that owns the PostgreSQL database serve requests as `salus_app`.
    pub development: bool,
}

/// Why a database cannot be used.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// It does not answer, or refuses.
    #[error("cannot connect to the database")]
    Unreachable(#[source] DbErr),
    /// The schema cannot be brought up to date.
    #[error("cannot migrate the database: {0}")]
    Migration(#[source] DbErr),
    /// The schema is older than the program, and this role may not change it.
    #[error("the database lacks migrations ({}); run `salus migrate up` with MIGRATION_DATABASE_URL", .0.join(", "))]
    Pending(Vec<String>),
    /// The role may not do what requests need, and no owner is there to give it the right.
    #[error(
        "the role {0} lacks rights; run `salus migrate up` with DATABASE_URL of that role and MIGRATION_DATABASE_URL"
    )]
    NoRights(String),
    /// The role could escape row-level security.
    #[error(
        "the role {0} owns tables, is a superuser or bypasses row-level security; \
         give DATABASE_URL a role of its own and MIGRATION_DATABASE_URL the owner"
    )]
    Privileged(String),
    /// The folder of the SQLite file cannot be made.
    #[error("cannot make the folder of the database file")]
    Folder(#[from] std::io::Error),
}

impl From<sea_orm::sqlx::Error> for ConnectError {
    fn from(error: sea_orm::sqlx::Error) -> Self {
        Self::Unreachable(DbErr::Conn(RuntimeErr::SqlxError(error.into())))
    }
}

/// A database: the adapter of every context's port. Clones share its pools.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    pool: Pool,
    keys: Keyring,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    gate: Gate,
    claims: Claims,
    wake: Wake,
    data_keys: DataKeys,
    chain_keys: ChainKeys,
    /// Whether a rotation of this process has named the values that do not open.
    has_named_unreadable: AtomicBool,
    meters: Arc<Meters>,
}

/// The pools of one database.
#[derive(Debug)]
pub(crate) enum Pool {
    /// One for each runtime.
    Postgres(Box<PgPools>),
    /// One writer, four readers.
    Sqlite {
        /// One connection, each transaction of which locks at once.
        writer: SqlitePool,
        /// Connections that cannot write.
        readers: Arc<Readers>,
    },
}

impl Database {
    /// Connects, and brings the schema up to date where the settings allow it.
    pub async fn connect(
        settings: &Settings,
        keys: Keyring,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, ConnectError> {
        let (pool, wake) = if settings.is_postgres() {
            (Pool::Postgres(Box::new(postgres::connect(settings).await?)), Wake::shared(&settings.url))
        } else {
            (sqlite::connect(settings).await?, Wake::local())
        };
        Ok(Self(Arc::new(Inner {
            pool,
            keys,
            clock,
            ids,
            gate: Gate::default(),
            claims: Claims::default(),
            wake,
            data_keys: DataKeys::default(),
            chain_keys: ChainKeys::default(),
            has_named_unreadable: AtomicBool::new(false),
            meters: Arc::new(Meters::new()),
        })))
    }

    /// A transaction of the scope's tenant. With an idempotency claim it may answer [`StoreError::Replay`],
    /// [`StoreError::InProgress`] or [`StoreError::KeyReused`] instead.
    pub async fn open(&self, scope: &TenantScope) -> Result<SeaTx, StoreError> {
        self.open_holding(scope, &[], Vec::new()).await
    }

    /// The same, with the agenda locks of these ids. Callers of one process queue per id before they take a connection, so
    /// that one hot agenda cannot empty the pool.
    pub async fn open_agenda(&self, scope: &TenantScope, ids: &[Uuid]) -> Result<SeaTx, StoreError> {
        let turns = match self.0.pool {
            Pool::Postgres(_) => self.0.gate.enter(scope.tenant().uuid(), ids).await,
            Pool::Sqlite { .. } => Vec::new(),
        };
        self.open_holding(scope, ids, turns).await
    }

    /// Reads of the scope's tenant. Each statement stands alone: on PostgreSQL it carries its tenant and is one round trip.
    #[expect(clippy::unused_async, reason = "the ports' `view` is async, and another adapter may have to wait")]
    pub async fn look(&self, scope: &TenantScope) -> Result<SeaTx, StoreError> {
        let tenant = scope.tenant().uuid();
        let way = match &self.0.pool {
            Pool::Postgres(pools) => Way::PostgresView(pools.here(), tenant),
            Pool::Sqlite { readers, .. } => Way::SqliteView(readers.clone()),
        };
        Ok(self.transaction(way, Some(scope)))
    }

    /// A transaction over the listed tables of all tenants and the tables of none; `reason` says why, for the reader.
    pub async fn open_across(&self, reason: &'static str) -> Result<SeaTx, StoreError> {
        tracing::trace!(reason, "across tenants");
        let (way, _) = self.begin("BEGIN; SET LOCAL ROLE salus_across".to_owned(), Holding::default()).await?;
        Ok(self.transaction(way, None))
    }

    /// Reads over the same tables; on SQLite without waiting for the writer.
    pub async fn look_across(&self, reason: &'static str) -> Result<SeaTx, StoreError> {
        match &self.0.pool {
            Pool::Postgres(_) => self.open_across(reason).await,
            Pool::Sqlite { readers, .. } => Ok(self.transaction(Way::SqliteView(readers.clone()), None)),
        }
    }

    /// True when the database answers.
    pub async fn answers(&self) -> bool {
        let asked = match &self.0.pool {
            Pool::Postgres(pools) => sea_orm::sqlx::query("SELECT 1").execute(&pools.here()).await.map(drop),
            Pool::Sqlite { readers, .. } => readers.rows(plain("SELECT 1", [])).await.map(drop),
        };
        asked.is_ok()
    }

    /// What this node measures of it.
    pub fn meters(&self) -> &Meters {
        &self.0.meters
    }

    /// Open and idle connections, for the metrics.
    pub fn connections(&self) -> (u32, usize) {
        match &self.0.pool {
            Pool::Postgres(pools) => pools.connections(),
            Pool::Sqlite { writer, readers } => {
                let (open, idle) = readers.connections();
                (writer.size() + open, writer.num_idle() + idle)
            }
        }
    }

    /// Closes all connections; what is open finishes first.
    pub async fn close(&self) {
        match &self.0.pool {
            Pool::Postgres(pools) => pools.close().await,
            Pool::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }

    /// False when nothing was written since these places, which SQLite's readers can tell without disturbing the writer.
    pub(crate) async fn may_have_unnumbered(&self, journal: i64, events: i64) -> Result<bool, StoreError> {
        let Pool::Sqlite { readers, .. } = &self.0.pool else { return Ok(true) };
        let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM journal_entry WHERE rowid >= $1) \
                   OR EXISTS (SELECT 1 FROM event WHERE rowid >= $2)";
        let rows = readers.rows(plain(sql, [journal.into(), events.into()])).await.map_err(driver)?;
        Ok(!rows.is_empty())
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn keys(&self) -> &Keyring {
        &self.0.keys
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        &*self.0.ids
    }

    pub(crate) fn data_keys(&self) -> &DataKeys {
        &self.0.data_keys
    }

    pub(crate) fn chain_keys(&self) -> &ChainKeys {
        &self.0.chain_keys
    }

    pub(crate) fn has_named_unreadable(&self) -> &AtomicBool {
        &self.0.has_named_unreadable
    }

    pub(crate) fn wake(&self) -> &Wake {
        &self.0.wake
    }

    async fn open_holding(&self, scope: &TenantScope, ids: &[Uuid], turns: Vec<Pass>) -> Result<SeaTx, StoreError> {
        let tenant = scope.tenant().uuid();
        let key = match scope.claim() {
            Some(claim) => Some(self.0.claims.hold(tenant, claims::row_id(claim)).await?),
            None => None,
        };
        let mut message = vec![format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'")];
        if let Some(claim) = scope.claim() {
            message.push(claims::lookup(tenant, claims::row_id(claim), self.0.clock.now(), true));
        }
        if !ids.is_empty() {
            message.push(agenda_locks(tenant, ids));
        }
        let (way, rows) = self.begin(message.join("; "), Holding::new(key, turns)).await?;
        let tx = self.transaction(way, Some(scope));
        judge_claim(&tx, &rows).await?;
        Ok(tx)
    }

    async fn begin(&self, message: String, holding: Holding) -> Result<(Way, Vec<QueryResult>), StoreError> {
        timed(&self.0.meters.begin, self.begun(message, holding)).await
    }

    async fn begun(&self, message: String, holding: Holding) -> Result<(Way, Vec<QueryResult>), StoreError> {
        match &self.0.pool {
            Pool::Postgres(pools) => {
                let (tx, rows) = PostgresTransaction::begin(&pools.here(), message, holding).await.map_err(driver)?;
                Ok((Way::Postgres(Mutex::new(tx)), rows.into_iter().map(Into::into).collect()))
            }
            Pool::Sqlite { writer, .. } => {
                let tx = writer.begin_with("BEGIN IMMEDIATE").await.map_err(driver)?;
                Ok((Way::Sqlite(Mutex::new(tx), holding), Vec::new()))
            }
        }
    }

    fn transaction(&self, way: Way, scope: Option<&TenantScope>) -> SeaTx {
        SeaTx {
            connection: Connection::new(way, Arc::clone(&self.0.meters)),
            database: self.clone(),
            confined: scope.map(|scope| (scope.tenant().uuid(), scope.reach())),
            claim: scope.and_then(|scope| scope.claim().cloned()),
            appended: false.into(),
            queued: false.into(),
            made_keys: std::sync::Mutex::default(),
        }
    }
}

/// Whether the transaction may go on under its key; `rows` are what the opening message found on PostgreSQL.
async fn judge_claim(tx: &SeaTx, rows: &[QueryResult]) -> Result<(), StoreError> {
    let Some(claim) = &tx.claim else { return Ok(()) };
    let (tenant, id) = (tx.tenant(), claims::row_id(claim));
    if !tx.is_postgres() {
        let found = tx.rows(&claims::lookup(tenant, id, tx.now(), false), []).await?;
        return claims::judge(found.first(), claim, tenant, tx.keys());
    }
    let found = rows.first().ok_or_else(|| StoreError::broken("the claim was not answered"))?;
    if found.try_get::<Option<i32>>("", "status").map_err(store)?.is_some() {
        return claims::judge(Some(found), claim, tenant, tx.keys());
    }
    // Else a request of another node is at work under the key.
    if found.try_get::<bool>("", "mine").map_err(store)? { Ok(()) } else { Err(StoreError::InProgress) }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("pool", &self.0.pool).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("development", &self.development).finish_non_exhaustive()
    }
}

impl Settings {
    /// True for a URL of PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres://") || self.url.starts_with("postgresql://")
    }
}
