//! `GET /health/live`

use serde::Serialize;
use utoipa::ToSchema;

use crate::health::Health;
use crate::{Guard, Public, Read, Wire, operation};

/// Whether the process answers
#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    /// Always `fine`: a process that is not does not answer.
    status: Health,
}

impl Wire for Liveness {
    fn sample() -> Self {
        Self { status: Health::Fine }
    }
}

/// Check that the process is up
///
/// Answers without looking at anything else; for supervisors that restart a hung process.
#[operation(class = Probe)]
pub async fn check_liveness(_guard: Guard<Public>) -> Read<Liveness> {
    Read(Liveness { status: Health::Fine })
}
