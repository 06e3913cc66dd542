//! Dead letters: work that failed too often, and what becomes of it when somebody has mended the cause.

use chrono::{DateTime, Utc};
use kernel::Facts;
use kernel::ids::JobId;

/// A job of the company as its people see it: never what is in it, which may be somebody's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedJob {
    /// Its id.
    pub id: JobId,
    /// Which handler runs it.
    pub kind: String,
    /// Whether it waits or is dead.
    pub status: JobStatus,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was given up, or is tried next.
    pub run_at: DateTime<Utc>,
    /// How often it was tried.
    pub tries: i32,
    /// Why the last try failed.
    pub reason: Option<String>,
}

/// Whether a job will be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// It will.
    Waiting,
    /// It was given up.
    Dead,
}

impl JobStatus {
    /// `waiting` or `dead`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Dead => "dead",
        }
    }

    /// The status of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Dead].into_iter().find(|status| status.name() == name)
    }
}

impl QueuedJob {
    /// The job as it is tried from the beginning; none for one that is not dead.
    #[must_use]
    pub fn replayed(&self, now: DateTime<Utc>) -> Option<Self> {
        match self.status {
            JobStatus::Waiting => None,
            JobStatus::Dead => {
                Some(Self { status: JobStatus::Waiting, run_at: now, tries: 0, reason: None, ..self.clone() })
            }
        }
    }

    /// The fields as the journal sees them.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .open("kind", &self.kind)
            .open("status", self.status.name())
            .open("tries", self.tries)
            .open("reason", &self.reason)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_a_dead_letter_is_replayed_and_from_the_beginning() {
        let dead = QueuedJob {
            id: JobId::from_uuid(Uuid::from_u128(1)),
            kind: "greet".to_owned(),
            status: JobStatus::Dead,
            created_at: DateTime::UNIX_EPOCH,
            run_at: DateTime::UNIX_EPOCH,
            tries: 8,
            reason: Some("no way out".to_owned()),
        };
        let now = DateTime::UNIX_EPOCH + chrono::Duration::hours(1);
        let again = dead.replayed(now).unwrap();
        assert_eq!((again.status, again.run_at, again.tries, &again.reason), (JobStatus::Waiting, now, 0, &None));
        assert_eq!(again.replayed(now), None);
        assert!([JobStatus::Waiting, JobStatus::Dead].iter().all(|s| JobStatus::parse(s.name()) == Some(*s)));
    }
}
