//! Totals.

use async_trait::async_trait;
use chrono_tz::Tz;
use kernel::StoreError;

use crate::model::PatientSelection;
use crate::model::statistics::{Calendar, Tally};

/// Reads of totals.
#[async_trait]
pub trait StatisticsReads: Send + Sync {
    /// The zone in which the company's days begin; none where it has no settings.
    async fn company_zone(&self) -> Result<Option<Tz>, StoreError>;
    /// The tallies of the patients within reach that are selected, all as of one moment and in one statement: exact, also
    /// while others write. See [`Tally`] for what comes.
    async fn patient_tallies(&self, selection: &PatientSelection, calendar: Calendar)
    -> Result<Vec<Tally>, StoreError>;
}
