//! The stores of identity.

mod accounts;
mod api_keys;
mod audit;
mod callers;
mod dead_jobs;
mod expiry;
mod invitations;
mod keys;
pub mod mail;
mod members;
mod narrowed;
mod oidc;
mod people;
mod places;
mod refusals;
mod second_factor;
mod sessions;
mod settings;

use async_trait::async_trait;
use identity::ports::{AcrossTx, AcrossView, IdentityDb, IdentityTx, IdentityView};
use kernel::{StoreError, TenantScope};

use crate::database::Database;

#[async_trait]
impl IdentityDb for Database {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn IdentityTx>, StoreError> {
        Ok(Box::new(self.open(scope).await?))
    }

    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn IdentityView>, StoreError> {
        Ok(Box::new(self.look(scope).await?))
    }

    async fn begin_across_tenants(&self, reason: &'static str) -> Result<Box<dyn AcrossTx>, StoreError> {
        Ok(Box::new(self.open_across(reason).await?))
    }

    async fn view_across_tenants(&self, reason: &'static str) -> Result<Box<dyn AcrossView>, StoreError> {
        Ok(Box::new(self.look_across(reason).await?))
    }
}
