//! The last question goes to the database itself, past everything that could have told a story.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgPoolOptions;
use sea_orm::sqlx::sqlite::SqlitePoolOptions;
use sea_orm::sqlx::{self, PgPool, SqlitePool};
use uuid::Uuid;

use crate::Outcome;
use crate::ledger::{Count, Ledger};

/// Appointments by status.
pub type Statuses = BTreeMap<String, i64>;

const STATUSES: &str = "SELECT status, count(*) FROM appointment WHERE tenant_id = $1 GROUP BY status";

/// Active appointments that begin before an earlier one of the same practitioner, or the same patient, has ended.
const OVERLAPS: &str = "\
    SELECT 'practitioner', count(*) FROM (
      SELECT starts_at, max(ends_at) OVER (PARTITION BY practitioner_id ORDER BY starts_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
      FROM appointment WHERE tenant_id = $1 AND status NOT IN ('cancelled', 'late_cancelled', 'entered_in_error')) p
    WHERE busy_until > starts_at
    UNION ALL
    SELECT 'patient', count(*) FROM (
      SELECT starts_at, max(ends_at) OVER (PARTITION BY patient_id ORDER BY starts_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
      FROM appointment WHERE tenant_id = $1 AND status NOT IN ('cancelled', 'late_cancelled', 'entered_in_error')) p
    WHERE busy_until > starts_at";

/// The server's database, only read.
#[derive(Debug)]
pub struct Books {
    database: Database,
    company: Uuid,
}

#[derive(Debug)]
enum Database {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

impl Books {
    /// Opens the database of the company.
    pub async fn open(url: &str, company: Uuid) -> Outcome<Self> {
        let patience = Duration::from_secs(10);
        let database = if url.starts_with("sqlite:") {
            let file = url.split('?').next().unwrap_or(url);
            let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(patience);
            Database::Sqlite(pool.connect(&format!("{file}?mode=ro")).await?)
        } else {
            Database::Postgres(PgPoolOptions::new().max_connections(1).acquire_timeout(patience).connect(url).await?)
        };
        Ok(Self { database, company })
    }

    /// How many appointments there are, by status.
    pub async fn statuses(&self) -> Outcome<Statuses> {
        Ok(self.ask(STATUSES).await?.into_iter().collect())
    }

    /// Whether nothing overlaps and the database holds what was acknowledged since `before`; prints what it found.
    pub async fn agree(&self, before: &Statuses, ledger: &Ledger) -> Outcome<bool> {
        let mut sound = true;
        for (whose, overlaps) in self.ask(OVERLAPS).await? {
            println!("{overlaps} overlapping appointments of one {whose}");
            sound &= overlaps == 0;
        }
        let after = self.statuses().await?;
        let (booked, confirmed, cancelled) =
            (ledger.counted(Count::Booked), ledger.counted(Count::Confirmed), ledger.counted(Count::Cancelled));
        let open = booked.saturating_sub(confirmed).saturating_sub(cancelled);
        for (status, acknowledged) in [("confirmed", confirmed), ("cancelled", cancelled), ("booked", open)] {
            let held = after.get(status).unwrap_or(&0) - before.get(status).unwrap_or(&0);
            println!("{status}: {acknowledged} acknowledged, {held} in the database");
            sound &= i64::try_from(acknowledged)? == held;
        }
        Ok(sound)
    }

    async fn ask(&self, sql: &'static str) -> Outcome<Vec<(String, i64)>> {
        match &self.database {
            Database::Sqlite(pool) => Ok(sqlx::query_as(sql).bind(self.company).fetch_all(pool).await?),
            Database::Postgres(pool) => {
                // The application role sees a tenant only after naming it; the owner's policy does not mind.
                let mut tx = pool.begin().await?;
                sqlx::query("SELECT set_config('app.tenant_id', $1, true)")
                    .bind(self.company.to_string())
                    .execute(&mut *tx)
                    .await?;
                Ok(sqlx::query_as(sql).bind(self.company).fetch_all(&mut *tx).await?)
            }
        }
    }
}
