//! The clinics of the caller's company.

use kernel::ids::ClinicId;
use kernel::{Page, PageAsk, Permit, StoreError};

use crate::Identity;
use crate::model::clinic::Clinic;
use crate::permission;

/// A page of clinics, oldest first.
pub async fn list_clinics(
    env: &Identity,
    permit: &Permit<permission::CompanyRead>,
    ask: &PageAsk<ClinicId>,
) -> Result<Page<Clinic>, StoreError> {
    env.db.view(permit.scope()).await?.clinics_page(ask).await
}
