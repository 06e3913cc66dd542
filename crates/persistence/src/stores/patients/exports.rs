//! Whole records of a selection: a walk of the primary key, so that all batches together read each record once.

use async_trait::async_trait;
use kernel::StoreError;
use kernel::ids::PatientId;
use patients::model::{Patient, PatientSelection};
use patients::ports::ExportReads;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use super::drivers::{self, Source};
use super::filter::{Probe, filtered};
use super::search::{Occurs, every};
use crate::SeaTx;
use crate::rows::patient::Column;

#[async_trait]
impl ExportReads for SeaTx {
    async fn patient_records(
        &self,
        selection: &PatientSelection,
        after: Option<PatientId>,
        most: u16,
    ) -> Result<Vec<Patient>, StoreError> {
        // What is few is whole in the first batch, or nearly so; behind it, all further ones are one walk together.
        let source = match after {
            None => drivers::source(self, &selection.filter).await?,
            Some(_) => Source::Walk,
        };
        let mut select = filtered(self, &selection.filter, Probe::Each);
        if let Some(condition) = source.condition() {
            select = select.filter(condition.expr(self.is_postgres()));
        }
        if let Some(terms) = selection.search.as_ref().filter(|terms| !terms.is_empty()) {
            select = select.filter(every(self, terms, Occurs::Anywhere));
        }
        if let Some(after) = after {
            select = select.filter(Column::Id.gt(after.uuid()));
        }
        self.records(select.order_by_asc(Column::Id).limit(u64::from(most))).await
    }
}
