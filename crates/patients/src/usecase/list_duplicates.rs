//! Listing pairs of records that may be one person's.

use kernel::{Page, Permit, StoreError};

use crate::Patients;
use crate::model::matching::DuplicatePair;
use crate::permission::PatientsMerge;
use crate::ports::DuplicateList;

/// A page of pairs, the best first, as the worker found them last (PT6).
pub async fn list_duplicates(
    env: &Patients,
    permit: &Permit<PatientsMerge>,
    ask: &DuplicateList,
) -> Result<Page<DuplicatePair>, StoreError> {
    env.db.view(permit.scope()).await?.duplicate_list(ask).await
}
