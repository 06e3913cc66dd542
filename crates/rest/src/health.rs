//! Whether this node can work.

use async_trait::async_trait;
use serde::Serialize;
use utoipa::ToSchema;

/// The state of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Works.
    Fine,
    /// Works, but late or short of something.
    Degraded,
    /// Does not work.
    Down,
}

/// One part that was looked at
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HealthCheck {
    /// The part, such as `database`.
    pub name: String,
    /// Its state.
    pub status: Health,
}

/// Looks at what this node needs. Supplied by the binary's wiring.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// The state of every part.
    async fn checks(&self) -> Vec<HealthCheck>;
}
