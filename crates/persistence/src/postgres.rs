//! PostgreSQL: who may serve requests, who migrates, and the pool.

use std::time::Duration;

use migrations::Standing;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Row};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};

use crate::database::{ConnectError, Settings};
use crate::migrate::warn_of_newer;
use crate::pools::PgPools;

/// A connection that was idle this long is pinged before it is used again.
const PING_AFTER: Duration = Duration::from_secs(30);

/// The role that requests run as when one role is all that development has.
const APP_ROLE: &str = "salus_app";

/// What a role could do.
struct Role {
    name: String,
    privileged: bool,
}

/// Migrates where the settings allow it, refuses roles that could escape row-level security, and opens the pool.
pub(crate) async fn connect(settings: &Settings) -> Result<PgPools, ConnectError> {
    let options: PgConnectOptions = settings.url.parse()?;
    let role = role_of(&options).await?;
    let as_owner = role.privileged && settings.migration_url.is_none() && settings.development;
    if role.privileged && !as_owner {
        return Err(ConnectError::Privileged(role.name));
    }
    if as_owner {
        tracing::warn!(role = role.name, "requests run as {APP_ROLE}; production needs a role of its own");
    }
    // A role without rights sees no migrations, so that its rights come with them.
    let pending = match standing(&settings.url).await? {
        Standing::Level => Vec::new(),
        Standing::Ahead(unknown) => {
            warn_of_newer(&unknown);
            Vec::new()
        }
        Standing::Behind(pending) => pending,
    };
    let serving = if as_owner { APP_ROLE } else { &role.name };
    if !pending.is_empty() || !has_rights(&options, serving).await? {
        match (&settings.migration_url, as_owner) {
            (Some(url), _) => migrate(url, Some(&role.name)).await?,
            (None, true) => migrate(&settings.url, None).await?,
            (None, false) if pending.is_empty() => return Err(ConnectError::NoRights(role.name)),
            (None, false) => return Err(ConnectError::Pending(pending)),
        };
    }
    // Compiling a statement costs more than any of ours takes.
    let mut session = vec![
        ("jit", "off"),
        ("lock_timeout", "3s"),
        ("statement_timeout", "15s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ];
    if as_owner {
        session.push(("role", APP_ROLE));
    }
    let options = options.options(session).statement_cache_capacity(500).disable_statement_logging();
    Ok(PgPools::new(pool(settings.max_connections), options))
}

/// Applies what is pending as the owner; the names of the migrations that were applied.
pub(crate) async fn migrate(url: &str, app_role: Option<&str>) -> Result<Vec<String>, ConnectError> {
    let db = single(url).await?;
    let done = migrations::up(&db, app_role).await.map_err(ConnectError::Migration);
    db.close().await.map_err(ConnectError::Unreachable)?;
    done
}

/// The role that serves requests, by the URL it signs in with.
pub(crate) async fn role_name(url: &str) -> Result<String, ConnectError> {
    Ok(role_of(&url.parse()?).await?.name)
}

/// One connection, for migrations.
pub(crate) async fn single(url: &str) -> Result<DatabaseConnection, ConnectError> {
    let options: PgConnectOptions = url.parse()?;
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

async fn standing(url: &str) -> Result<Standing, ConnectError> {
    let db = single(url).await?;
    let standing = migrations::standing(&db).await.map_err(ConnectError::Migration);
    db.close().await.map_err(ConnectError::Unreachable)?;
    standing
}

async fn role_of(options: &PgConnectOptions) -> Result<Role, ConnectError> {
    let mut connection = sqlx::PgConnection::connect_with(options).await?;
    let row = sqlx::query(
        "SELECT current_user::text AS name, r.rolsuper OR r.rolbypassrls
           OR pg_has_role(current_user, d.datdba, 'usage')
           OR EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
                      AND c.relkind IN ('r', 'p') AND pg_has_role(current_user, c.relowner, 'usage')) AS privileged
         FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()",
    )
    .fetch_one(&mut connection)
    .await?;
    let role = Role { name: row.try_get("name")?, privileged: row.try_get("privileged")? };
    connection.close().await?;
    Ok(role)
}

/// True when a role may do whatever [`APP_ROLE`] may, and that is not nothing.
async fn has_rights(options: &PgConnectOptions, role: &str) -> Result<bool, ConnectError> {
    let mut connection = sqlx::PgConnection::connect_with(options).await?;
    let row = sqlx::query(
        "SELECT coalesce(bool_and(has_table_privilege(to_regrole(quote_ident($1))::oid, c.oid, a.privilege_type)), false)
         FROM pg_class c, aclexplode(c.relacl) a
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.grantee = to_regrole($2)::oid",
    )
    .bind(role)
    .bind(APP_ROLE)
    .fetch_one(&mut connection)
    .await?;
    let has_rights = row.try_get(0)?;
    connection.close().await?;
    Ok(has_rights)
}

/// Connections are not pinged on each use (that would be a round trip per request), only after a while of rest.
fn pool(size: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(size)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > PING_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}
