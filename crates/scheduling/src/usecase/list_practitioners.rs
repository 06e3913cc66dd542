//! Listing practitioners.

use kernel::{Page, Permit, StoreError};

use crate::Scheduling;
use crate::model::practitioner::Practitioner;
use crate::permission::PractitionersRead;
use crate::ports::PractitionerList;

/// A page of the company's practitioners by name.
pub async fn list_practitioners(
    env: &Scheduling,
    permit: &Permit<PractitionersRead>,
    ask: &PractitionerList,
) -> Result<Page<Practitioner>, StoreError> {
    env.db.view(permit.scope()).await?.practitioner_list(ask).await
}
