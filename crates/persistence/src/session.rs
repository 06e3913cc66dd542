//! The scoped transaction: the one file that may call sea-orm's own entry points. Everything that starts here has its tenant,
//! and what is read has the caller's reach.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use kernel::seal::Keyring;
use kernel::{Claim, Reach, StoreError};
use sea_orm::sea_query::Values;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, DeleteMany, EntityTrait, FromQueryResult,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryResult, QueryTrait, Select, Statement, UpdateMany, Value,
};
use uuid::Uuid;

use crate::claims::{MINE, lock_key};
use crate::connection::Connection;
use crate::data_keys::MadeKey;
use crate::database::Database;
use crate::errors::store;
use crate::long_statements;
use crate::reach::{Reachable, Reaching};

/// Rows of one statement. Statements are kept as they were prepared, so that their texts have to be few and short: one of some
/// thousand rows would be read anew each time and keep more memory than its rows have.
pub(crate) const ROWS_AT_ONCE: usize = 128;

/// A transaction, or a view of single reads, of one tenant (or across tenants). Dropping it rolls back.
#[derive(Debug)]
pub struct SeaTx {
    pub(crate) connection: Connection,
    pub(crate) database: Database,
    pub(crate) confined: Option<(Uuid, Reach)>,
    /// The idempotency key that it was opened with.
    pub(crate) claim: Option<Claim>,
    /// True when it leaves entries for the sequencer.
    pub(crate) appended: AtomicBool,
    /// True when it leaves jobs for the workers.
    pub(crate) queued: AtomicBool,
    /// Data keys that it has made, to be remembered when it is committed.
    pub(crate) made_keys: Mutex<Vec<MadeKey>>,
}

impl SeaTx {
    /// The tenant, or nil across tenants.
    pub fn tenant(&self) -> Uuid {
        self.confined.map_or(Uuid::nil(), |(tenant, _)| tenant)
    }

    /// The caller's reach; the whole company across tenants.
    pub fn reach(&self) -> Reach {
        self.confined.map_or(Reach::Company, |(_, reach)| reach)
    }

    /// Now, by the clock of the database's owner.
    pub fn now(&self) -> DateTime<Utc> {
        self.database.clock().now()
    }

    /// The keys that seal values at rest.
    pub fn keys(&self) -> &Keyring {
        self.database.keys()
    }

    /// True on PostgreSQL, for the few statements that the two databases say differently.
    pub fn is_postgres(&self) -> bool {
        self.connection.get_database_backend() == DbBackend::Postgres
    }

    /// What a reach predicate depends on, for a table that is reached through another.
    pub fn reaching(&self) -> Reaching {
        Reaching { tenant: self.tenant(), reach: self.reach(), now: self.now() }
    }

    /// A select of the tenant's rows that the caller reaches; of all rows across tenants.
    #[expect(clippy::disallowed_methods, reason = "this is where selects start, already scoped")]
    pub fn select<E: Reachable>(&self) -> Select<E> {
        let select = E::find();
        match (self.confined, E::tenant()) {
            (Some((tenant, _)), Some(column)) => select.filter(column.eq(tenant)).filter(E::reach(&self.reaching())),
            (Some(_), None) => select.filter(E::reach(&self.reaching())),
            (None, _) => select,
        }
    }

    /// A select of the tenant's rows, whatever the caller's reach: for decisions that must see what the caller may not, such
    /// as whether a place is taken. Its rows must not be answered with.
    #[expect(clippy::disallowed_methods, reason = "this is where selects start, already scoped")]
    pub fn select_unreached<E: Reachable>(&self) -> Select<E> {
        match (self.confined, E::tenant()) {
            (Some((tenant, _)), Some(column)) => E::find().filter(column.eq(tenant)),
            _ => E::find(),
        }
    }

    /// A select of the tenant's rows within another reach than the transaction's: that of another permission of the same
    /// caller, where one answer tells of several contexts.
    pub fn select_within<E: Reachable>(&self, reach: Reach) -> Select<E> {
        self.select_unreached::<E>().filter(E::reach(&Reaching { reach, ..self.reaching() }))
    }

    /// All rows of a select.
    pub async fn all<E: EntityTrait>(&self, select: Select<E>) -> Result<Vec<E::Model>, StoreError> {
        select.all(&self.connection).await.map_err(store)
    }

    /// The first row of a select.
    pub async fn one<E: EntityTrait>(&self, select: Select<E>) -> Result<Option<E::Model>, StoreError> {
        select.one(&self.connection).await.map_err(store)
    }

    /// All rows of a select with columns of its own, such as one with joins or aggregates.
    pub async fn all_as<E, M>(&self, select: Select<E>) -> Result<Vec<M>, StoreError>
    where
        E: EntityTrait,
        M: FromQueryResult + Send + Sync,
    {
        select.into_model::<M>().all(&self.connection).await.map_err(store)
    }

    /// How many rows a select has.
    pub async fn count<E>(&self, select: Select<E>) -> Result<u64, StoreError>
    where
        E: EntityTrait,
        E::Model: Send + Sync,
    {
        select.count(&self.connection).await.map_err(store)
    }

    /// Adds a row, which must be of this tenant.
    #[expect(clippy::disallowed_methods, reason = "this is where inserts start, already scoped")]
    pub async fn insert<A>(&self, row: impl IntoActiveModel<A>) -> Result<(), StoreError>
    where
        A: ActiveModelTrait,
        A::Entity: Reachable,
    {
        let row = self.own::<A>(row.into_active_model())?;
        <A::Entity as EntityTrait>::insert(row).exec_without_returning(&self.connection).await.map_err(store)?;
        Ok(())
    }

    /// Adds rows, which must be of this tenant, in one statement for each [`ROWS_AT_ONCE`]; none is fine.
    #[expect(clippy::disallowed_methods, reason = "this is where inserts start, already scoped")]
    pub async fn insert_all<A, M>(&self, rows: impl IntoIterator<Item = M>) -> Result<(), StoreError>
    where
        A: ActiveModelTrait,
        A::Entity: Reachable,
        M: IntoActiveModel<A>,
    {
        let rows = rows.into_iter().map(|row| self.own::<A>(row.into_active_model())).collect::<Result<Vec<_>, _>>()?;
        for some in rows.chunks(ROWS_AT_ONCE) {
            <A::Entity as EntityTrait>::insert_many(some.iter().cloned())
                .exec_without_returning(&self.connection)
                .await
                .map_err(store)?;
        }
        Ok(())
    }

    /// Adds a row unless a unique key or an exclusion forbids it; true when it was added. The transaction stays usable on
    /// either answer.
    #[expect(clippy::disallowed_methods, reason = "this is where inserts start, already scoped")]
    pub async fn insert_if_free<A>(&self, row: impl IntoActiveModel<A>) -> Result<bool, StoreError>
    where
        A: ActiveModelTrait,
        A::Entity: Reachable,
    {
        let row = self.own::<A>(row.into_active_model())?;
        let mut insert = <A::Entity as EntityTrait>::insert(row);
        QueryTrait::query(&mut insert).on_conflict(sea_orm::sea_query::OnConflict::new().do_nothing().to_owned());
        self.exec(insert).await.map(|added| added == 1)
    }

    /// Adds rows, which must be of this tenant, as [`SeaTx::insert_all`] does, and does with one that is there already as
    /// `conflict` says.
    #[expect(clippy::disallowed_methods, reason = "this is where inserts start, already scoped")]
    pub async fn insert_or<A, M>(
        &self,
        rows: impl IntoIterator<Item = M>,
        conflict: sea_orm::sea_query::OnConflict,
    ) -> Result<(), StoreError>
    where
        A: ActiveModelTrait,
        A::Entity: Reachable,
        M: IntoActiveModel<A>,
    {
        let rows = rows.into_iter().map(|row| self.own::<A>(row.into_active_model())).collect::<Result<Vec<_>, _>>()?;
        for some in rows.chunks(ROWS_AT_ONCE) {
            let mut insert = <A::Entity as EntityTrait>::insert_many(some.iter().cloned());
            QueryTrait::query(&mut insert).on_conflict(conflict.clone());
            self.exec(insert).await?;
        }
        Ok(())
    }

    /// An update of the tenant's rows (of all rows across tenants); narrow it with `filter`, then [`SeaTx::exec`].
    #[expect(clippy::disallowed_methods, reason = "this is where updates start, already scoped")]
    pub fn update_where<E: Reachable>(&self) -> UpdateMany<E> {
        match (self.confined, E::tenant()) {
            (Some((tenant, _)), Some(column)) => E::update_many().filter(column.eq(tenant)),
            _ => E::update_many(),
        }
    }

    /// A delete of the tenant's rows (of all rows across tenants); narrow it with `filter`, then [`SeaTx::exec`].
    #[expect(clippy::disallowed_methods, reason = "this is where deletes start, already scoped")]
    pub fn delete_where<E: Reachable>(&self) -> DeleteMany<E> {
        match (self.confined, E::tenant()) {
            (Some((tenant, _)), Some(column)) => E::delete_many().filter(column.eq(tenant)),
            _ => E::delete_many(),
        }
    }

    /// Runs an update, a delete or an insert; the number of rows it touched.
    pub async fn exec<Q: QueryTrait>(&self, query: Q) -> Result<u64, StoreError> {
        let statement = query.build(self.connection.get_database_backend());
        Ok(self.connection.execute_raw(statement).await.map_err(store)?.rows_affected())
    }

    /// Rows of a select in SQL, with parameters `$1`, `$2`, …: only for what the query builder cannot say. The text must hold
    /// the tenant predicate itself. On SQLite a UUID and an instant must be bound, never written into the text.
    pub async fn rows(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>, StoreError> {
        self.connection.query_all_raw(self.statement(sql, values)).await.map_err(store)
    }

    /// Runs a statement in SQL, with parameters `$1`, `$2`, …: the same rules; the number of rows it touched.
    pub async fn run(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64, StoreError> {
        Ok(self.connection.execute_raw(self.statement(sql, values)).await.map_err(store)?.rows_affected())
    }

    /// Goes on as one tenant with its whole company in reach, in a transaction that was opened across tenants: for a sign-up,
    /// which makes an account (of nobody) and the first rows of its company.
    pub async fn confine(&mut self, tenant: kernel::ids::TenantId) -> Result<(), StoreError> {
        let tenant = tenant.uuid();
        if self.is_postgres() {
            let sql = format!("RESET ROLE; SET LOCAL app.tenant_id = '{tenant}'");
            self.connection.execute_unprepared(&sql).await.map_err(store)?;
        }
        self.confined = Some((tenant, Reach::Company));
        Ok(())
    }

    /// Notes data keys whose rows this transaction has written.
    pub(crate) fn made_keys(&self, made: Vec<MadeKey>) {
        self.made_keys.lock().unwrap_or_else(PoisonError::into_inner).extend(made);
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        let values = Values(values.into_iter().collect());
        let is_long = values.0.len() >= long_statements::MANY && !self.is_postgres();
        let sql = if is_long { long_statements::unnumbered(sql) } else { None }.unwrap_or_else(|| sql.to_owned());
        Statement { sql, values: Some(values), db_backend: self.connection.get_database_backend() }
    }

    fn own<A>(&self, mut row: A) -> Result<A, StoreError>
    where
        A: ActiveModelTrait,
        A::Entity: Reachable,
    {
        if let (Some((tenant, _)), Some(column)) = (self.confined, <A::Entity as Reachable>::tenant()) {
            let tenant = Value::from(tenant);
            match row.get(column) {
                ActiveValue::Set(of) | ActiveValue::Unchanged(of) if of != tenant => {
                    return Err(StoreError::broken("a row of another tenant"));
                }
                _ => row.try_set(column, tenant).map_err(store)?,
            }
        }
        Ok(row)
    }
}

/// The statements that take the agenda locks, in the order of their keys; none where the idempotency key is not to be had: who
/// holds it may hold the agendas too, and the answer is known already.
pub(crate) fn agenda_locks(tenant: Uuid, ids: &[Uuid]) -> String {
    let keys: BTreeSet<i64> = ids.iter().map(|id| lock_key("agenda", tenant, *id)).collect();
    let lock = |key| {
        format!("SELECT pg_advisory_xact_lock({key}) WHERE current_setting('{MINE}', true) IS DISTINCT FROM 'false'")
    };
    keys.iter().map(lock).collect::<Vec<_>>().join("; ")
}
