//! The access log: what was refused, in a transaction of its own.

use async_trait::async_trait;
use kernel::ids::{ApiKeyId, MembershipId, TenantId};
use kernel::{AccessLog, RefusedAttempt, StoreError, Transaction as _};
use uuid::Uuid;

use crate::database::Database;

#[async_trait]
impl AccessLog for Database {
    /// An attempt of an unknown caller belongs to no tenant: it is kept under the nil id, which no tenant can read.
    async fn attempt_refused(&self, attempt: &RefusedAttempt) -> Result<(), StoreError> {
        let tx = self.open_across("access log").await?;
        let sql = "INSERT INTO access_log (tenant_id, id, at, request_id, membership_id, api_key_id, method, route, status, \
                   code, ip, user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let origin = &attempt.origin;
        let values = [
            attempt.tenant.map_or(Uuid::nil(), TenantId::uuid).into(),
            self.ids().uuid().into(),
            attempt.at.into(),
            origin.request_id.into(),
            attempt.membership.map(MembershipId::uuid).into(),
            attempt.api_key.map(ApiKeyId::uuid).into(),
            attempt.method.clone().into(),
            attempt.route.clone().into(),
            i32::from(attempt.status).into(),
            attempt.code.clone().into(),
            origin.ip.map(|ip| ip.to_string()).into(),
            origin.user_agent.clone().into(),
        ];
        tx.run(sql, values).await?;
        Box::new(tx).finish().await
    }
}
