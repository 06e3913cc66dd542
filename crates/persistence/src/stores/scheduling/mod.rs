//! Agendas.

mod appointments;
mod availability;
mod dialect;
mod keyset;
mod practitioners;
mod services;
mod situation;
mod situation_sql;

use async_trait::async_trait;
use kernel::{StoreError, TenantScope};
use scheduling::model::claim::Claimed;
use scheduling::ports::{SchedulingDb, SchedulingTx, SchedulingView};
use uuid::Uuid;

use crate::Database;

#[async_trait]
impl SchedulingDb for Database {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn SchedulingTx>, StoreError> {
        Ok(Box::new(self.open(scope).await?))
    }

    async fn begin_on_agendas(
        &self,
        scope: &TenantScope,
        agendas: &[Claimed],
    ) -> Result<Box<dyn SchedulingTx>, StoreError> {
        let ids: Vec<Uuid> = agendas.iter().map(|agenda| agenda.uuid()).collect();
        Ok(Box::new(self.open_agenda(scope, &ids).await?))
    }

    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn SchedulingView>, StoreError> {
        Ok(Box::new(self.look(scope).await?))
    }
}
