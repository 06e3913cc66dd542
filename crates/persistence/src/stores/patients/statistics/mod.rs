//! Totals of patients (PT4). The whole company's are read from the folded counts and what was added since; those of a part are
//! counted from its records. Either is one statement, so that all of it is as of one moment.

mod counted;
mod fold;
mod folded;

use async_trait::async_trait;
use chrono_tz::Tz;
pub use fold::FOLDED_AT_ONCE;
use kernel::StoreError;
use patients::model::PatientSelection;
use patients::model::statistics::{Calendar, Tally};
use patients::ports::StatisticsReads;
use sea_orm::{QueryResult, Value};

use crate::SeaTx;
use crate::errors::store;
use crate::rows::identity::company_settings;

#[async_trait]
impl StatisticsReads for SeaTx {
    async fn company_zone(&self) -> Result<Option<Tz>, StoreError> {
        let settings = self.one(self.select::<company_settings::Entity>()).await?;
        settings.map(|settings| settings.time_zone.parse().map_err(StoreError::broken)).transpose()
    }

    async fn patient_tallies(
        &self,
        selection: &PatientSelection,
        calendar: Calendar,
    ) -> Result<Vec<Tally>, StoreError> {
        // The folded counts are the company's: whoever reaches less must not learn them.
        let is_all = self.reach().is_company() && selection.search.is_none() && selection.filter.is_usual();
        let (sql, values) =
            if is_all { folded::statement(self, calendar) } else { counted::statement(self, selection, calendar) };
        self.rows(&sql, values).await?.iter().map(tally).collect()
    }
}

fn tally(row: &QueryResult) -> Result<Tally, StoreError> {
    let facet = row.try_get("", "facet").map_err(store)?;
    Ok(Tally { facet, patients: row.try_get("", "patients").map_err(store)? })
}

/// The parameters of a statement, in the order of their numbers.
struct Parameters(Vec<Value>);

impl Parameters {
    /// Adds a parameter; how the statement names it.
    fn add(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }
}

/// Rows of the texts in a JSON array, as `f.value`.
fn each(tx: &SeaTx, array: &str) -> String {
    if tx.is_postgres() {
        format!("jsonb_array_elements_text({array}) AS f(value)")
    } else {
        format!("json_each({array}) AS f")
    }
}
