//! When a practitioner is there, as people enter it: weekly windows per clinic, overrides of dates, leave.

use chrono::NaiveDate;
use kernel::ids::{ClinicId, PractitionerId, ScheduleExceptionId, ScheduleId};

use super::interval::Interval;
use super::local_time::Zone;
use super::weekly::{DayWindow, WeeklySchedule};
use super::words::Note;

/// A clinic and the zone of its wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClinicZone {
    /// The clinic.
    pub clinic_id: ClinicId,
    /// Its zone.
    pub zone: Zone,
}

/// All that opens and closes one practitioner's agenda.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    /// Whose it is.
    pub practitioner_id: PractitionerId,
    /// From 1, one more with each change of a window or an exception.
    pub version: i64,
    /// The zones of the company's clinics.
    pub clinics: Vec<ClinicZone>,
    /// The weekly windows, by clinic.
    pub schedules: Vec<(ScheduleId, WeeklySchedule)>,
    /// Overrides and leave.
    pub exceptions: Vec<ScheduleException>,
}

/// A departure from the weekly windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleException {
    /// Its identity.
    pub id: ScheduleExceptionId,
    /// What it does.
    pub effect: Effect,
    /// Why.
    pub note: Option<Note>,
}

/// What an exception does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// These windows stand in place of a date's weekly ones in one clinic; none closes the day (A1).
    Override {
        /// The clinic.
        clinic_id: ClinicId,
        /// The date.
        date: NaiveDate,
        /// What is open instead.
        windows: Vec<DayWindow>,
    },
    /// The practitioner is away from every clinic.
    Leave(Interval),
}

impl Availability {
    /// The zone of a clinic of the company.
    pub fn zone(&self, clinic_id: ClinicId) -> Option<Zone> {
        self.clinics.iter().find(|one| one.clinic_id == clinic_id).map(|one| one.zone)
    }

    /// The weekly windows in this clinic.
    pub fn schedules_in(&self, clinic_id: ClinicId) -> impl Iterator<Item = &(ScheduleId, WeeklySchedule)> {
        self.schedules.iter().filter(move |(_, schedule)| schedule.clinic_id() == clinic_id)
    }

    /// The exception of this identity.
    pub fn exception(&self, id: ScheduleExceptionId) -> Option<&ScheduleException> {
        self.exceptions.iter().find(|one| one.id == id)
    }

    /// The same after these windows took the place of the clinic's (one version on).
    #[must_use]
    pub fn replaced(&self, id: ScheduleId, schedule: WeeklySchedule) -> Self {
        let mut after = self.clone();
        after.schedules.retain(|(_, old)| old.clinic_id() != schedule.clinic_id());
        after.schedules.push((id, schedule));
        after.version += 1;
        after
    }
}

impl Effect {
    /// `override` or `leave`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Override { .. } => "override",
            Self::Leave(_) => "leave",
        }
    }

    /// Whether both replace the same date of the same clinic.
    pub fn same_day(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Override { clinic_id, date, .. }, Self::Override { clinic_id: clinic, date: day, .. }) => {
                clinic_id == clinic && date == day
            }
            _ => false,
        }
    }
}
