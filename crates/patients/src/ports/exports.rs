//! Whole records of a selection, some at a time.

use async_trait::async_trait;
use kernel::StoreError;
use kernel::ids::PatientId;

use crate::model::{Patient, PatientSelection};

/// Reads of what leaves the registry.
#[async_trait]
pub trait ExportReads: Send + Sync {
    /// At most so many records of a selection within reach, in the order of their ids, behind one of them.
    async fn patient_records(
        &self,
        selection: &PatientSelection,
        after: Option<PatientId>,
        most: u16,
    ) -> Result<Vec<Patient>, StoreError>;
}
