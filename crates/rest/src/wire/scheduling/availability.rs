//! Opening hours on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::Fault;
use kernel::ids::ClinicId;
use scheduling::model::availability::{Availability, Effect, ScheduleException};
use scheduling::model::interval::Interval;
use scheduling::model::weekly::{DayWindow, MinuteOfDay, WeeklySchedule, WeeklyWindow};
use scheduling::model::words::Note;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::values::{ExceptionKind, Weekday};
use crate::from_json::Ask;
use crate::problem::Problem;
use crate::wire::shapes::AtMost;
use crate::{Wire, pages};

/// Weekly windows that one clinic can have.
const MOST_WINDOWS: usize = 100;

/// Whether the notes of exceptions are shown: only to those who may change the hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithNotes {
    /// They are.
    Shown,
    /// They are `null`.
    Hidden,
}

/// A weekly window; an end that is not after the start lies on the next day
#[derive(Debug, Serialize, ToSchema)]
pub struct WindowOfWeek {
    /// The day on which it starts.
    weekday: Weekday,
    /// When it starts, `HH:MM`.
    start: String,
    /// When it ends, `HH:MM`, at most `24:00`.
    end: String,
}

/// A window of one date
#[derive(Debug, Serialize, ToSchema)]
pub struct WindowOfDay {
    /// When it starts, `HH:MM`.
    start: String,
    /// When it ends, `HH:MM`, at most `24:00`.
    end: String,
}

/// The weekly windows in one clinic
#[derive(Debug, Serialize, ToSchema)]
pub struct ClinicSchedule {
    /// The clinic.
    clinic_id: Uuid,
    /// Its zone, in which the windows are.
    time_zone: String,
    /// The windows.
    weekly: Vec<WindowOfWeek>,
    /// The first date on which they hold.
    valid_from: Option<NaiveDate>,
    /// The last date on which they hold.
    valid_to: Option<NaiveDate>,
}

/// A clinic's zone
#[derive(Debug, Serialize, ToSchema)]
pub struct ClinicTimeZone {
    /// The clinic.
    clinic_id: Uuid,
    /// A name of the IANA database.
    time_zone: String,
}

/// A departure from the weekly windows
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScheduleException)]
pub struct ExceptionWire {
    /// Its id.
    id: Uuid,
    /// What it does.
    kind: ExceptionKind,
    /// The clinic of an override.
    clinic_id: Option<Uuid>,
    /// The date of an override.
    date: Option<NaiveDate>,
    /// What is open on that date; empty when it is closed, `null` for a leave.
    windows: Option<Vec<WindowOfDay>>,
    /// The first instant of a leave.
    start: Option<DateTime<Utc>>,
    /// The instant after the last of a leave.
    end: Option<DateTime<Utc>>,
    /// Why; `null` for those who may not change the hours.
    note: Option<String>,
}

pages! {
    /// A page of exceptions
    ExceptionPage of ExceptionWire;
}

/// When a practitioner is there
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Availability)]
pub struct AvailabilityWire {
    /// Whose hours they are.
    practitioner_id: Uuid,
    /// The weekly windows, by clinic.
    schedules: Vec<ClinicSchedule>,
    /// Overrides of dates, and leave.
    exceptions: Vec<ExceptionWire>,
    /// The zones of the company's clinics.
    clinics: Vec<ClinicTimeZone>,
    /// Rises by one with every change of a window or an exception; the entity tag in quotes.
    version: i64,
}

impl AvailabilityWire {
    /// The hours as the caller may see them.
    pub fn of(availability: &Availability, notes: WithNotes) -> Self {
        let zone = |clinic: ClinicId| availability.zone(clinic).map_or("UTC", |zone| zone.name()).to_owned();
        let schedule = |schedule: &WeeklySchedule| ClinicSchedule {
            clinic_id: schedule.clinic_id().uuid(),
            time_zone: zone(schedule.clinic_id()),
            weekly: schedule.windows().iter().map(Into::into).collect(),
            valid_from: schedule.valid_from(),
            valid_to: schedule.valid_to(),
        };
        let clinic = |id: ClinicId| ClinicTimeZone { clinic_id: id.uuid(), time_zone: zone(id) };
        Self {
            practitioner_id: availability.practitioner_id.uuid(),
            schedules: availability.schedules.iter().map(|(_, one)| schedule(one)).collect(),
            exceptions: availability.exceptions.iter().map(|one| ExceptionWire::of(one, notes)).collect(),
            clinics: availability.clinics.iter().map(|one| clinic(one.clinic_id)).collect(),
            version: availability.version,
        }
    }
}

impl ExceptionWire {
    /// The exception as the caller may see it.
    pub fn of(one: &ScheduleException, notes: WithNotes) -> Self {
        let note = one.note.as_ref().filter(|_| notes == WithNotes::Shown).map(|note| note.expose().to_owned());
        let empty = Self {
            id: one.id.uuid(),
            kind: ExceptionKind::Leave,
            clinic_id: None,
            date: None,
            windows: None,
            start: None,
            end: None,
            note,
        };
        match &one.effect {
            Effect::Override { clinic_id, date, windows } => Self {
                kind: ExceptionKind::Override,
                clinic_id: Some(clinic_id.uuid()),
                date: Some(*date),
                windows: Some(windows.iter().map(Into::into).collect()),
                ..empty
            },
            Effect::Leave(interval) => Self { start: Some(interval.start()), end: Some(interval.end()), ..empty },
        }
    }
}

impl From<&WeeklyWindow> for WindowOfWeek {
    fn from(one: &WeeklyWindow) -> Self {
        let WindowOfDay { start, end } = (&one.window).into();
        Self { weekday: Weekday(one.weekday), start, end }
    }
}

impl From<&DayWindow> for WindowOfDay {
    fn from(one: &DayWindow) -> Self {
        Self { start: one.start().to_string(), end: one.end().to_string() }
    }
}

impl Wire for AvailabilityWire {
    fn sample() -> Self {
        let clinic_id = Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0013);
        let time_zone = "America/Sao_Paulo".to_owned();
        Self {
            practitioner_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0012),
            schedules: vec![ClinicSchedule {
                clinic_id,
                time_zone: time_zone.clone(),
                weekly: vec![WindowOfWeek {
                    weekday: Weekday(chrono::Weekday::Mon),
                    start: "08:00".to_owned(),
                    end: "12:00".to_owned(),
                }],
                valid_from: None,
                valid_to: None,
            }],
            exceptions: vec![ExceptionWire::sample()],
            clinics: vec![ClinicTimeZone { clinic_id, time_zone }],
            version: 3,
        }
    }
}

impl Wire for ExceptionWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0014),
            kind: ExceptionKind::Leave,
            clinic_id: None,
            date: None,
            windows: None,
            start: DateTime::from_timestamp(1_804_000_000, 0),
            end: DateTime::from_timestamp(1_804_086_400, 0),
            note: Some("Congress".to_owned()),
        }
    }
}

/// A weekly window; an end that is not after the start lies on the next day
#[derive(Debug, crate::FromJson)]
pub struct NewWindowOfWeek {
    /// The day on which it starts.
    weekday: Weekday,
    /// When it starts.
    start: MinuteOfDay,
    /// When it ends.
    end: MinuteOfDay,
}

/// A window of one date; an end that is not after the start lies on the next day
#[derive(Debug, crate::FromJson)]
pub struct NewWindowOfDay {
    /// When it starts.
    start: MinuteOfDay,
    /// When it ends.
    end: MinuteOfDay,
}

/// The weekly windows of one clinic; they replace those that are there
#[derive(Debug, crate::FromJson)]
pub struct WeeklyHours {
    /// The clinic.
    clinic_id: ClinicId,
    /// The windows, in the clinic's zone.
    weekly: AtMost<NewWindowOfWeek, MOST_WINDOWS>,
    /// The first date on which they hold.
    valid_from: Option<NaiveDate>,
    /// The last date on which they hold.
    valid_to: Option<NaiveDate>,
}

impl WeeklyHours {
    /// The schedule, or the faults of the windows and of the dates.
    pub fn into_schedule(self) -> Result<WeeklySchedule, Problem> {
        let mut faults = Vec::new();
        let mut windows = Vec::with_capacity(self.weekly.0.len());
        for (index, one) in self.weekly.0.iter().enumerate() {
            match DayWindow::try_new(one.start, one.end) {
                Ok(window) => windows.push(WeeklyWindow { weekday: one.weekday.0, window }),
                Err(error) => faults.push(Fault::at(format!("/weekly/{index}/start"), error.code())),
            }
        }
        match WeeklySchedule::try_new(self.clinic_id, windows, self.valid_from, self.valid_to) {
            Ok(schedule) if faults.is_empty() => return Ok(schedule),
            Ok(_) => {}
            Err(error) => faults.push(Fault::at("/valid_to", error.code())),
        }
        Err(Problem::invalid(faults))
    }
}

impl Ask for WeeklyHours {
    fn sample() -> Value {
        json!({
            "clinic_id": "01935b2e-7c00-7a10-8000-000000000013",
            "weekly": [{ "weekday": "monday", "start": "08:00", "end": "12:00" }],
        })
    }
}

/// An override of a date in one clinic (`clinic_id`, `date`, `windows`), or a leave (`start`, `end`)
#[derive(Debug, crate::FromJson)]
pub struct NewException {
    /// What it does.
    kind: ExceptionKind,
    /// The clinic of an override.
    clinic_id: Option<ClinicId>,
    /// The date of an override.
    date: Option<NaiveDate>,
    /// What is open on that date; none closes it.
    windows: Option<AtMost<NewWindowOfDay, MOST_WINDOWS>>,
    /// The first instant of a leave.
    start: Option<DateTime<Utc>>,
    /// The instant after the last of a leave.
    end: Option<DateTime<Utc>>,
    /// Why.
    note: Option<Note>,
}

impl NewException {
    /// What it does and why, or the faults.
    pub fn into_parts(self) -> Result<(Effect, Option<Note>), Problem> {
        let effect = match self.kind {
            ExceptionKind::Override => self.replaced(),
            ExceptionKind::Leave => self.away(),
        };
        Ok((effect.map_err(Problem::invalid)?, self.note))
    }

    fn replaced(&self) -> Result<Effect, Vec<Fault>> {
        let mut faults = unwanted(&[("/start", self.start.is_some()), ("/end", self.end.is_some())]);
        let mut windows = Vec::new();
        for (index, one) in self.windows.iter().flat_map(|list| &list.0).enumerate() {
            match DayWindow::try_new(one.start, one.end) {
                Ok(window) => windows.push(window),
                Err(error) => faults.push(Fault::at(format!("/windows/{index}/start"), error.code())),
            }
        }
        match (self.clinic_id, self.date) {
            (Some(clinic_id), Some(date)) if faults.is_empty() => Ok(Effect::Override { clinic_id, date, windows }),
            (clinic, date) => {
                faults.extend(missing(&[("/clinic_id", clinic.is_none()), ("/date", date.is_none())]));
                Err(faults)
            }
        }
    }

    fn away(&self) -> Result<Effect, Vec<Fault>> {
        let given = [
            ("/clinic_id", self.clinic_id.is_some()),
            ("/date", self.date.is_some()),
            ("/windows", self.windows.is_some()),
        ];
        let mut faults = unwanted(&given);
        match (self.start, self.end) {
            (Some(start), Some(end)) => match Interval::between(start, end) {
                Some(interval) if faults.is_empty() => return Ok(Effect::Leave(interval)),
                Some(_) => {}
                None => faults.push(Fault::at("/end", "ends_before_start")),
            },
            (start, end) => faults.extend(missing(&[("/start", start.is_none()), ("/end", end.is_none())])),
        }
        Err(faults)
    }
}

fn unwanted(given: &[(&str, bool)]) -> Vec<Fault> {
    given.iter().filter(|(_, there)| *there).map(|(at, _)| Fault::at(*at, "mutually_exclusive")).collect()
}

fn missing(absent: &[(&str, bool)]) -> Vec<Fault> {
    absent.iter().filter(|(_, absent)| *absent).map(|(at, _)| Fault::at(*at, "required")).collect()
}

impl Ask for NewException {
    fn sample() -> Value {
        json!({
            "kind": "leave",
            "start": "2027-03-01T11:00:00Z",
            "end": "2027-03-02T11:00:00Z",
            "note": "Congress",
        })
    }
}
