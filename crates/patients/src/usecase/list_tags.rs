//! Listing the catalogue of tags.

use kernel::{Page, Permit, StoreError};

use crate::Patients;
use crate::model::CataloguedTag;
use crate::permission::PatientsRead;
use crate::ports::TagList;

/// A page of the company's catalogue, by name.
pub async fn list_tags(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    ask: &TagList,
) -> Result<Page<CataloguedTag>, StoreError> {
    env.db.view(permit.scope()).await?.tag_list(ask).await
}
