//! The settings of the caller's company.

use kernel::{Permit, StoreError};

use crate::Identity;
use crate::model::settings::CompanySettings;
use crate::permission;

/// The settings; every company has them from its founding on.
pub async fn read_settings(
    env: &Identity,
    permit: &Permit<permission::SettingsRead>,
) -> Result<CompanySettings, StoreError> {
    env.db.view(permit.scope()).await?.company_settings(permit.scope().tenant()).await
}
