//! One clinic of the caller's company.

use kernel::Permit;
use kernel::ids::ClinicId;

use super::change_refused::ChangeRefused;
use crate::Identity;
use crate::model::clinic::Clinic;
use crate::permission;

/// The clinic, if it is the company's.
pub async fn read_clinic(
    env: &Identity,
    permit: &Permit<permission::CompanyRead>,
    id: ClinicId,
) -> Result<Clinic, ChangeRefused> {
    env.db.view(permit.scope()).await?.clinic_by_id(id).await?.ok_or(ChangeRefused::NotFound)
}
