//! Dead letters on the wire.

use chrono::{DateTime, Utc};
use identity::model::dead_job::{JobStatus, QueuedJob};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Wire;
use crate::pages;

pages! {
    /// A page of dead letters
    JobPage of JobWire;
}

/// A unit of work for other systems; what is in it stays sealed
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobWire {
    /// Its id.
    id: Uuid,
    /// What kind of work it is.
    kind: String,
    /// Whether it will be tried again.
    status: JobStatusWire,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When it was given up, or is tried next.
    run_at: DateTime<Utc>,
    /// How often it was tried.
    tries: i32,
    /// Why the last try failed.
    reason: Option<String>,
}

/// Whether a job will be tried again
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JobStatus)]
pub enum JobStatusWire {
    /// It will.
    Waiting,
    /// It was given up.
    Dead,
}

impl From<&QueuedJob> for JobWire {
    fn from(job: &QueuedJob) -> Self {
        Self {
            id: job.id.uuid(),
            kind: job.kind.clone(),
            status: match job.status {
                JobStatus::Waiting => JobStatusWire::Waiting,
                JobStatus::Dead => JobStatusWire::Dead,
            },
            created_at: job.created_at,
            run_at: job.run_at,
            tries: job.tries,
            reason: job.reason.clone(),
        }
    }
}

impl Wire for JobWire {
    fn sample() -> Self {
        let at = DateTime::from_timestamp(1_804_003_200, 0).unwrap_or_default();
        Self {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0033),
            kind: "identity.mail".to_owned(),
            status: JobStatusWire::Dead,
            created_at: at,
            run_at: at,
            tries: 8,
            reason: Some("the mail could not be handed over".to_owned()),
        }
    }
}
