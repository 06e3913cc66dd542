//! A look behind the application: plain SQL as the owner, whom the policies let see everything.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, QueryResult, Statement};

use super::database::TestDatabase;

/// A connection as the owner.
pub struct Sql(DatabaseConnection);

impl Sql {
    pub async fn connect(database: &TestDatabase) -> Self {
        Self(Database::connect(database.owner_url()).await.unwrap())
    }

    #[expect(clippy::disallowed_methods, reason = "a test looks at rows as they are, across all walls")]
    pub async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        self.0.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// An id as this database writes it in SQL.
    pub fn id(&self, id: &str) -> String {
        match self.0.get_database_backend() {
            DbBackend::Postgres => format!("'{id}'::uuid"),
            _ => format!("x'{}'", id.replace('-', "")),
        }
    }

    /// The first column of each row, as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        self.rows(sql).await.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The first column of the only row, as a number.
    pub async fn number(&self, sql: &str) -> i64 {
        self.rows(sql).await.first().unwrap().try_get_by_index(0).unwrap()
    }

    /// Runs a statement; the error's text when it is refused.
    pub async fn run(&self, sql: &str) -> Result<u64, String> {
        self.0.execute_unprepared(sql).await.map(|done| done.rows_affected()).map_err(|error| error.to_string())
    }
}

/// Bytes as the databases write them in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}
