//! The settings of the caller's company.

use kernel::{Permit, StoreError};

use crate::Identity;
use crate::model::settings::CompanySettings;
use crate::permission;

/// The settings; the usual ones of a company that never changed any.
pub async fn read_settings(
    env: &Identity,
    permit: &Permit<permission::SettingsRead>,
) -> Result<CompanySettings, StoreError> {
    env.db.view(permit.scope()).await?.company_settings(permit.scope().tenant()).await
}
