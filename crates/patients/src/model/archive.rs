//! Taking a record out of use, and back into it (PT10).

use chrono::{DateTime, Utc};
use kernel::ids::{AppointmentId, PatientId, PractitionerId};
use thiserror::Error;
use uuid::Uuid;

use super::patient::{Changed, Closed, Patient};

/// An appointment of the patient, or for the patient, that is still to come or going on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentAhead {
    /// The appointment.
    pub id: AppointmentId,
    /// First instant.
    pub start: DateTime<Utc>,
    /// Instant after the last.
    pub end: DateTime<Utc>,
    /// Where it stands.
    pub status: &'static str,
    /// With whom.
    pub practitioner: PractitionerId,
    /// Who comes; another patient where this one is its beneficiary.
    pub patient: PatientId,
    /// Whether it can still be called off.
    pub can_be_cancelled: bool,
    /// The agendas in which its time is taken.
    pub agendas: Vec<Uuid>,
}

/// Why a record is not archived.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArchiveRefused {
    /// It was merged.
    #[error("the record was merged")]
    Merged(PatientId),
    /// These appointments are ahead and stay, because nobody asked to cancel them or because they are going on.
    #[error("appointments are ahead")]
    AppointmentsAhead(Vec<AppointmentAhead>),
}

impl Patient {
    /// The record out of use; `ahead` are the appointments that will still be there. One that is archived stays as it is.
    pub fn archive(&self, ahead: Vec<AppointmentAhead>, now: DateTime<Utc>) -> Result<Changed, ArchiveRefused> {
        match self.closed() {
            Some(Closed::Merged(into)) => Err(ArchiveRefused::Merged(into)),
            Some(Closed::Archived) => Ok(Changed::Nothing),
            None if !ahead.is_empty() => Err(ArchiveRefused::AppointmentsAhead(ahead)),
            None => Ok(self.archived(Some(now), now)),
        }
    }

    /// The record back in use; one that is in use stays as it is, and a merged one comes back by undoing the merge.
    pub fn restore(&self, now: DateTime<Utc>) -> Result<Changed, Closed> {
        match self.closed() {
            Some(Closed::Merged(into)) => Err(Closed::Merged(into)),
            Some(Closed::Archived) => Ok(self.archived(None, now)),
            None => Ok(Changed::Nothing),
        }
    }

    fn archived(&self, archived_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Changed {
        let changed = Self { archived_at, version: self.version + 1, updated_at: now, ..self.clone() };
        Changed::To(Box::new(changed))
    }
}
