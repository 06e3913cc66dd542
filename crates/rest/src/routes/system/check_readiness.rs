//! `GET /health/ready`

use serde::Serialize;
use utoipa::ToSchema;

use crate::health::{Health, HealthCheck};
use crate::state::State;
use crate::{Env, Guard, Problem, Public, Read, Wire, operation};

/// Whether this node can work
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadinessReport {
    /// The worst state of all parts.
    status: Health,
    /// The parts.
    checks: Vec<HealthCheck>,
}

impl Wire for ReadinessReport {
    fn sample() -> Self {
        let checks = vec![HealthCheck { name: "database".to_owned(), status: Health::Fine }];
        Self { status: Health::Fine, checks }
    }
}

/// Check that this node can work
///
/// 503 when a part that every request needs is down; `degraded` when work is late.
#[operation(class = Probe)]
pub async fn check_readiness(_guard: Guard<Public>, state: Env<State>) -> Result<Read<ReadinessReport>, Problem> {
    let checks = state.ports().readiness.checks().await;
    let status = checks.iter().map(|check| check.status).max().unwrap_or(Health::Fine);
    if status == Health::Down {
        return Err(Problem::unavailable());
    }
    Ok(Read(ReadinessReport { status, checks }))
}
