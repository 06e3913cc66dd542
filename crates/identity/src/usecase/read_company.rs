//! The caller's company.

use kernel::{Permit, StoreError};

use crate::Identity;
use crate::model::company::Company;
use crate::permission;

/// The company.
pub async fn read_company(env: &Identity, permit: &Permit<permission::CompanyRead>) -> Result<Company, StoreError> {
    env.db.view(permit.scope()).await?.company().await
}
