//! The connection that sea-orm's queries run on: a transaction of ours, or single statements of a view.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use sea_orm::sea_query::Values;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{AssertSqlSafe, Database, Executor, PgPool, Postgres, Sqlite, Transaction, query_with};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Value, sqlx};
use sea_query_sqlx::SqlxValues;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::claims::Held;
use crate::gate::Pass;
use crate::meters::{Meters, timed};
use crate::readers::Readers;

/// A transaction, which remembers that a statement failed: PostgreSQL answers COMMIT to a failed transaction by rolling back
/// without an error, so such a transaction must not be committed.
#[derive(Debug)]
pub(crate) struct Connection {
    way: Way,
    failed: AtomicBool,
    meters: Arc<Meters>,
}

#[derive(Debug)]
pub(crate) enum Way {
    /// A transaction.
    Postgres(Mutex<PostgresTransaction>),
    /// A transaction.
    Sqlite(Mutex<Transaction<'static, Sqlite>>, Holding),
    /// Single statements, each of which carries its tenant.
    PostgresView(PgPool, Uuid),
    /// Single statements on a read-only connection.
    SqliteView(Arc<Readers>),
}

/// What a transaction keeps from others: its idempotency key, and its turns at agendas. They pass on when it has ended, not
/// when its owner lets go of it: until a ROLLBACK has been answered the database still has its locks.
#[derive(Debug, Default)]
pub(crate) struct Holding {
    key: Option<Held>,
    turns: Vec<Pass>,
}

impl Holding {
    pub(crate) fn new(key: Option<Held>, turns: Vec<Pass>) -> Self {
        Self { key, turns }
    }

    fn pass_on(self) {
        drop((self.turns, self.key));
    }
}

/// A transaction on PostgreSQL that opens with any number of statements in one message. sqlx's own would go back to the pool
/// still open when that message fails half-way or its caller goes away; this one always rolls back first.
#[derive(Debug)]
pub(crate) struct PostgresTransaction {
    connection: Option<PoolConnection<Postgres>>,
    holding: Holding,
}

impl PostgresTransaction {
    /// Sends `sql`, which begins with `BEGIN`, and gives the rows that its statements answered.
    pub(crate) async fn begin(pool: &PgPool, sql: String, holding: Holding) -> Result<(Self, Vec<PgRow>), sqlx::Error> {
        let mut tx = Self { connection: Some(pool.acquire().await?), holding };
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(tx.connection()?).await?;
        Ok((tx, rows))
    }

    fn connection(&mut self) -> Result<&mut sqlx::PgConnection, sqlx::Error> {
        self.connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.connection()?.execute("COMMIT").await?;
        self.connection = None;
        Ok(())
    }
}

impl Drop for PostgresTransaction {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let holding = std::mem::take(&mut self.holding);
        if let Some(key) = &holding.key {
            key.ending();
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(async move {
                    if connection.execute("ROLLBACK").await.is_err() {
                        connection.close_on_drop();
                    }
                    holding.pass_on();
                });
            }
            Err(_) => drop(connection.detach()),
        }
    }
}

impl Connection {
    pub(crate) fn new(way: Way, meters: Arc<Meters>) -> Self {
        Self { way, failed: AtomicBool::new(false), meters }
    }

    /// Commits, unless a statement had failed.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        if self.failed.load(Ordering::Acquire) {
            return Err(DbErr::Custom("a statement of the transaction had failed".to_owned()));
        }
        let commit = async {
            match self.way {
                Way::Postgres(tx) => tx.into_inner().commit().await,
                Way::Sqlite(tx, holding) => {
                    let done = tx.into_inner().commit().await;
                    holding.pass_on();
                    done
                }
                Way::PostgresView(..) | Way::SqliteView(_) => Ok(()),
            }
        };
        timed(&self.meters.commit, commit).await.map_err(exec)
    }

    async fn executed(&self, mut statement: Statement) -> Result<ExecResult, DbErr> {
        let values = values(&mut statement);
        let sql = AssertSqlSafe(statement.sql);
        match &self.way {
            Way::Postgres(tx) => {
                let mut tx = tx.lock().await;
                let connection = tx.connection().map_err(exec)?;
                self.seen(sqlx_query(sql, values).execute(connection).await.map(Into::into))
            }
            Way::Sqlite(tx, _) => {
                self.seen(sqlx_query(sql, values).execute(&mut **tx.lock().await).await.map(Into::into))
            }
            Way::PostgresView(..) | Way::SqliteView(_) => Err(DbErr::Custom("a view does not write".to_owned())),
        }
    }

    async fn queried(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut statement = with_literal_limit(statement);
        #[cfg(test)]
        crate::tests::registry::plans::heard(&statement);
        let (sql, values) = match &self.way {
            Way::PostgresView(_, tenant) => carrying(*tenant, statement),
            _ => (std::mem::take(&mut statement.sql), values(&mut statement)),
        };
        let sql = AssertSqlSafe(sql);
        match &self.way {
            Way::Postgres(tx) => {
                let mut tx = tx.lock().await;
                let rows = self.seen(sqlx_query(sql, values).fetch_all(tx.connection().map_err(exec)?).await)?;
                Ok(rows.into_iter().map(Into::into).collect())
            }
            Way::PostgresView(pool, _) => {
                let rows = self.seen(sqlx_query::<Postgres>(sql, values).fetch_all(pool).await)?;
                Ok(rows.into_iter().map(Into::into).collect())
            }
            Way::Sqlite(tx, _) => {
                let rows = self.seen(sqlx_query(sql, values).fetch_all(&mut **tx.lock().await).await)?;
                Ok(rows.into_iter().map(Into::into).collect())
            }
            Way::SqliteView(readers) => {
                let rows = self.seen(readers.rows(sqlx_query(sql, values)).await)?;
                Ok(rows.into_iter().map(Into::into).collect())
            }
        }
    }

    fn seen<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, DbErr> {
        result.map_err(|error| {
            self.failed.store(true, Ordering::Release);
            exec(error)
        })
    }
}

fn exec(error: sqlx::Error) -> DbErr {
    match error {
        sqlx::Error::PoolTimedOut => DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout),
        error => DbErr::Exec(RuntimeErr::SqlxError(error.into())),
    }
}

/// Statements with many parameters differ by their number of rows and are not worth a place among the prepared ones.
const PREPARED_UP_TO: usize = 100;

fn sqlx_query<'q, DB>(sql: AssertSqlSafe<String>, values: SqlxValues) -> Query<'q, DB, SqlxValues>
where
    DB: Database + sqlx::database::HasStatementCache,
    SqlxValues: sqlx::IntoArguments<DB>,
{
    let prepared = values.0.0.len() <= PREPARED_UP_TO;
    query_with(sql, values).persistent(prepared)
}

/// A query of ours, past sea-orm.
pub(crate) fn plain<const N: usize>(sql: &str, values: [Value; N]) -> Query<'static, Sqlite, SqlxValues> {
    sqlx_query(AssertSqlSafe(sql.to_owned()), SqlxValues(Values(values.into())))
}

fn values(statement: &mut Statement) -> SqlxValues {
    SqlxValues(statement.values.take().unwrap_or(Values(Vec::new())))
}

/// Writes a LIMIT that ends the statement into its text. As a parameter it would have either database plan the statement anew each
/// time: to PostgreSQL the plan for any limit looks too dear to be kept, and SQLite plans for the limit's value.
fn with_literal_limit(mut statement: Statement) -> Statement {
    let Some(Values(values)) = &mut statement.values else { return statement };
    let numbered = format!(" LIMIT ${}", values.len());
    let head = statement.sql.strip_suffix(&numbered).or_else(|| statement.sql.strip_suffix(" LIMIT ?"));
    if let (Some(head), Some(Value::BigUnsigned(Some(limit)))) = (head, values.last()) {
        statement.sql = format!("{head} LIMIT {limit}");
        values.pop();
    }
    statement
}

/// A select that sets its own tenant first, in one round trip. The tenant is one more parameter; `OFFSET 0` keeps the inner
/// select whole and its dependence on the first row makes it run after `set_config`. Were it not so, the policies would let
/// nothing through.
fn carrying(tenant: Uuid, mut statement: Statement) -> (String, SqlxValues) {
    let SqlxValues(Values(mut all)) = values(&mut statement);
    all.push(tenant.to_string().into());
    let sql = format!(
        "WITH salus_tenant AS MATERIALIZED (SELECT set_config('app.tenant_id', ${}, true)::uuid AS id) \
         SELECT salus_rows.* FROM salus_tenant CROSS JOIN LATERAL \
         (SELECT salus_inner.* FROM ({}) AS salus_inner WHERE salus_tenant.id IS NOT NULL OFFSET 0) AS salus_rows",
        all.len(),
        statement.sql
    );
    (sql, SqlxValues(Values(all)))
}

#[async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        match self.way {
            Way::Postgres(_) | Way::PostgresView(..) => DbBackend::Postgres,
            Way::Sqlite(..) | Way::SqliteView(_) => DbBackend::Sqlite,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        timed(&self.meters.execute, self.executed(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.way {
            Way::Postgres(tx) => {
                let mut tx = tx.lock().await;
                self.seen(tx.connection().map_err(exec)?.execute(sql).await.map(Into::into))
            }
            Way::Sqlite(tx, _) => self.seen((&mut **tx.lock().await).execute(sql).await.map(Into::into)),
            Way::PostgresView(..) | Way::SqliteView(_) => Err(DbErr::Custom("a view does not write".to_owned())),
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        timed(&self.meters.query, self.queried(statement)).await
    }
}
