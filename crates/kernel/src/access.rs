//! Refused attempts: a refusal rolls its transaction back, so it is recorded outside of it, after the answer is known.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::error::StoreError;
use crate::ids::{ApiKeyId, MembershipId, TenantId};
use crate::permit::Origin;

/// An attempt that was refused.
#[derive(Debug, Clone)]
pub struct RefusedAttempt {
    /// The company of the caller, when the caller was known.
    pub tenant: Option<TenantId>,
    /// The member who called, when it was one.
    pub membership: Option<MembershipId>,
    /// The API key that called, when it was one.
    pub api_key: Option<ApiKeyId>,
    /// When it was refused.
    pub at: DateTime<Utc>,
    /// Where it came from.
    pub origin: Origin,
    /// HTTP method.
    pub method: String,
    /// Route template, never the URL itself.
    pub route: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Stable code of the problem.
    pub code: String,
}

/// Keeps refused attempts.
#[async_trait]
pub trait AccessLog: Send + Sync {
    /// Records one.
    async fn attempt_refused(&self, attempt: &RefusedAttempt) -> Result<(), StoreError>;
}
