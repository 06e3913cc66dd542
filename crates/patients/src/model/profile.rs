//! A record with what surrounds it, as somebody sees it who has the patient before them.

use chrono::{DateTime, Utc};
use kernel::ids::{AppointmentId, ClinicId, PractitionerId};

use super::{Patient, TimelineActor, TimelineEntry};

/// How many appointments to come, and how many past ones, a profile holds.
pub const MOST_APPOINTMENTS: u64 = 5;
/// How many confirmations and how many interactions a profile holds.
pub const MOST_RECENT: u64 = 10;

/// The record with what surrounds it.
#[derive(Debug, Clone, PartialEq)]
pub struct PatientProfile {
    /// The record.
    pub patient: Patient,
    /// The patient's appointments, for callers who may read them.
    pub agenda: Option<AgendaOfPatient>,
    /// The last [`MOST_RECENT`] dealings of patient and company, newest first.
    pub interactions: Vec<TimelineEntry>,
}

/// A patient's appointments, as far as the caller reaches them.
#[derive(Debug, Clone, PartialEq)]
pub struct AgendaOfPatient {
    /// Those to come or under way, at most [`MOST_APPOINTMENTS`], soonest first.
    pub next: Vec<AgendaEntry>,
    /// Those that are over, whether the patient came or not, at most [`MOST_APPOINTMENTS`], latest first; none that was called
    /// off.
    pub last: Vec<AgendaEntry>,
    /// How often the patient came, or did not.
    pub counts: VisitCounts,
    /// The last [`MOST_RECENT`] appointments that were booked, latest first, with whether they were confirmed.
    pub confirmations: Vec<Confirmation>,
}

/// An appointment in short.
#[derive(Debug, Clone, PartialEq)]
pub struct AgendaEntry {
    /// The appointment.
    pub id: AppointmentId,
    /// Where it stands, in the agenda's own word.
    pub status: &'static str,
    /// The first instant.
    pub start: DateTime<Utc>,
    /// The instant after the last.
    pub end: DateTime<Utc>,
    /// The clinic's IANA zone.
    pub time_zone: String,
    /// With whom.
    pub practitioner: PractitionerId,
    /// Where.
    pub clinic: ClinicId,
    /// What for, as it was called when it was booked.
    pub service: String,
}

/// How often a patient came, or did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VisitCounts {
    /// Appointments that took place.
    pub visits: i64,
    /// Appointments to which the patient did not come.
    pub no_shows: i64,
    /// Appointments that were called off in time.
    pub cancellations: i64,
    /// Appointments that the patient called off too late.
    pub late_cancellations: i64,
}

/// Whether an appointment was confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirmation {
    /// The appointment.
    pub appointment: AppointmentId,
    /// Where it stands, in the agenda's own word.
    pub status: &'static str,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// The last time that it was confirmed, and by whom.
    pub confirmed: Option<(DateTime<Utc>, TimelineActor)>,
}
