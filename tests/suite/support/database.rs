//! Databases: a migrated template with two companies, made once per run; each test works on a copy.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use persistence::Settings;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use super::world;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

static COUNTER: AtomicU32 = AtomicU32::new(0);
static SQLITE_TEMPLATE: OnceLock<(TestDatabase, PathBuf)> = OnceLock::new();
static POSTGRES_TEMPLATE: OnceLock<String> = OnceLock::new();

/// The database of one test, gone when it is dropped.
pub enum TestDatabase {
    Sqlite(TempDir, Settings),
    Postgres { name: String, settings: Settings },
}

impl TestDatabase {
    /// A copy of the template.
    pub fn copy_of_world(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let (_, template) = SQLITE_TEMPLATE.get_or_init(sqlite_template);
                let folder = TempDir::new().unwrap();
                let file = folder.path().join("salus.db");
                std::fs::copy(template, &file).unwrap();
                let settings = sqlite(&file);
                Self::Sqlite(folder, settings)
            }
            Kind::Postgres => {
                let template = POSTGRES_TEMPLATE.get_or_init(postgres_template);
                let name = fresh_name();
                block_on(|| copy_database(template, &name));
                let settings = postgres(&name);
                Self::Postgres { name, settings }
            }
        }
    }

    /// A database without a table.
    pub fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = TempDir::new().unwrap();
                let settings = sqlite(&folder.path().join("salus.db"));
                Self::Sqlite(folder, settings)
            }
            Kind::Postgres => {
                let name = fresh_name();
                let sql = format!("CREATE DATABASE {name}");
                block_on(|| as_owner(&sql)).unwrap();
                let settings = postgres(&name);
                Self::Postgres { name, settings }
            }
        }
    }

    pub fn settings(&self) -> &Settings {
        match self {
            Self::Sqlite(_, settings) | Self::Postgres { settings, .. } => settings,
        }
    }

    /// Where the owner signs in, for a look behind the policies: the file itself on SQLite.
    pub fn owner_url(&self) -> String {
        let settings = self.settings();
        settings.migration_url.clone().unwrap_or_else(|| settings.url.clone())
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Self::Postgres { name, .. } = self {
            // A failure to tidy must not hide the test's own.
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            let _ = block_on(|| as_owner(&sql));
        }
    }
}

fn sqlite(file: &std::path::Path) -> Settings {
    let url = format!("sqlite://{}", file.display());
    Settings { url, migration_url: None, max_connections: 5, development: true }
}

fn postgres(name: &str) -> Settings {
    let of_role = |variable: &str| {
        let url = std::env::var(variable)
            .unwrap_or_else(|_| panic!("{variable} is not set: run `just ci` or `just services`"));
        let (server, _) = url.rsplit_once('/').unwrap();
        format!("{server}/{name}")
    };
    Settings {
        url: of_role("TEST_APP_ROLE_URL"),
        migration_url: Some(of_role("TEST_DATABASE_URL")),
        max_connections: 8,
        development: false,
    }
}

fn sqlite_template() -> (TestDatabase, PathBuf) {
    let database = block_on(|| world::found(TestDatabase::empty(Kind::Sqlite), Kind::Sqlite));
    let TestDatabase::Sqlite(folder, _) = &database else { unreachable!("an SQLite database stays one") };
    let file = folder.path().join("salus.db");
    (database, file)
}

fn postgres_template() -> String {
    let database = block_on(|| world::found(TestDatabase::empty(Kind::Postgres), Kind::Postgres));
    let TestDatabase::Postgres { name, .. } = &database else { unreachable!("a PostgreSQL database stays one") };
    let name = name.clone();
    // The template lives as long as the process; `just services` throws the whole server away.
    std::mem::forget(database);
    name
}

fn fresh_name() -> String {
    format!("salus_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::SeqCst))
}

async fn copy_database(template: &str, name: &str) {
    let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
    // Two copies at once refuse each other for a moment; the server says so with 55006.
    while let Err(error) = as_owner(&sql).await {
        let busy = error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|c| c == "55006");
        assert!(busy, "{error}");
        tokio::task::yield_now().await;
    }
}

async fn as_owner(sql: &str) -> Result<(), sqlx::Error> {
    let url = std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL is set: run `just ci` or `just services`");
    let mut connection = PgConnection::connect(&url).await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
    connection.close().await
}

fn block_on<T: Send, F: Future<Output = T>>(work: impl FnOnce() -> F + Send) -> T {
    std::thread::scope(|threads| {
        let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work());
        threads.spawn(run).join().unwrap()
    })
}
