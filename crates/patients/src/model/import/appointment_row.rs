//! A row that is an appointment.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::plan::{Placed, Plan, RowFault};
use super::words::{appointment_status, yes_or_no};
use crate::model::redacted::redacted_debug;
use crate::model::table::{Cell, DateText};

/// The longest appointment, in minutes.
const LONGEST: i64 = 1_440;
/// The most characters of what is noted of an appointment.
const LONGEST_NOTES: usize = 4_000;

/// When something takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// An instant.
    At(DateTime<Utc>),
    /// By the clinic's clock.
    Local(NaiveDateTime),
}

/// What a row says of an appointment; what it does not say is absent.
#[derive(Clone, PartialEq, Eq)]
pub struct AppointmentInput {
    /// The file's own identifier.
    pub external_id: Option<String>,
    /// Its start.
    pub start: When,
    /// How long it takes.
    pub minutes: Option<i64>,
    /// With whom, by name.
    pub practitioner: Option<String>,
    /// What for, by name.
    pub service: Option<String>,
    /// Where, by name.
    pub clinic: Option<String>,
    /// What became of it, as the agenda writes it.
    pub status: Option<&'static str>,
    /// Why the patient comes.
    pub notes: Option<String>,
}

redacted_debug!(AppointmentInput);

#[derive(Default)]
struct Reading {
    external_id: Option<String>,
    day: Option<DateText>,
    time: Option<NaiveTime>,
    end: Option<DateText>,
    end_time: Option<NaiveTime>,
    minutes: Option<i64>,
    practitioner: Option<String>,
    service: Option<String>,
    clinic: Option<String>,
    status: Option<&'static str>,
    no_show: Option<bool>,
    notes: Option<String>,
}

/// Reads a row. `usual_time` is the time of the day where the row says none.
pub fn read_appointment(cells: &[Cell], plan: &Plan, usual_time: NaiveTime) -> Result<AppointmentInput, RowFault> {
    let mut reading = Reading::default();
    let latest = plan.today().year() + 1;
    for placed in plan.placed(cells) {
        let field = &placed.column.field;
        match () {
            () if field.is("appointment_id") => reading.external_id = Some(short(&placed)?),
            () if field.is("start") || field.is("date") => reading.day = Some(day(&placed, latest)?),
            () if field.is("time") => reading.time = Some(time(&placed)?),
            () if field.is("end") => match time(&placed) {
                Ok(time) => reading.end_time = Some(time),
                Err(_) => reading.end = Some(placed.moment(latest)?),
            },
            () if field.is("duration_minutes") => reading.minutes = Some(minutes(&placed)?),
            () if field.is("practitioner") => reading.practitioner = Some(placed.text()?),
            () if field.is("service") => reading.service = Some(placed.text()?),
            () if field.is("clinic") => reading.clinic = Some(placed.text()?),
            () if field.is("status") => {
                let status = appointment_status(&placed.text()?).ok_or_else(|| placed.fault("unknown_word"))?;
                reading.status = Some(status);
            }
            () if field.is("no_show") => {
                let word = yes_or_no(&placed.text()?).ok_or_else(|| placed.fault("unknown_word"))?;
                reading.no_show = Some(word);
            }
            () if field.is("appointment_notes") => reading.notes = Some(notes(&placed)?),
            () => {}
        }
    }
    reading.whole(usual_time)
}

impl Reading {
    fn whole(self, usual_time: NaiveTime) -> Result<AppointmentInput, RowFault> {
        let day = self.day.ok_or(RowFault { column: None, code: "start_required" })?;
        let local = day.date.and_time(self.time.or(day.time).unwrap_or(usual_time));
        // Midnight in Greenwich on every row is a day, which people's programs write as an instant.
        let is_day = day.time.is_none_or(|time| time == NaiveTime::MIN && self.time.is_none());
        let start = match day.offset {
            Some(offset) if !is_day && self.time.is_none() => {
                let at =
                    local.and_local_timezone(offset).single().ok_or(RowFault { column: None, code: "invalid_date" })?;
                When::At(at.with_timezone(&Utc))
            }
            _ if is_day && self.time.is_none() => When::Local(day.date.and_time(usual_time)),
            _ => When::Local(local),
        };
        let minutes = match (self.minutes, self.end_time, self.end) {
            (Some(minutes), ..) => Some(minutes),
            (None, Some(end), _) => Some(span(day.date.and_time(end) - local)?),
            (None, None, Some(end)) => Some(span(end.date.and_time(end.time.unwrap_or(NaiveTime::MIN)) - local)?),
            (None, None, None) => None,
        };
        let status = if self.no_show == Some(true) { Some("no_show") } else { self.status };
        let Self { external_id, practitioner, service, clinic, notes, .. } = self;
        Ok(AppointmentInput { external_id, start, minutes, practitioner, service, clinic, status, notes })
    }
}

/// A moment with an offset is believed. Midnight in Greenwich alone is none: programs write a mere day that way, so it is the day
/// by the clinic's clock.
fn day(placed: &Placed<'_>, latest: i32) -> Result<DateText, RowFault> {
    let mut read = placed.moment(latest)?;
    if read.offset.is_some_and(|offset| offset.local_minus_utc() == 0) && read.time == Some(NaiveTime::MIN) {
        read.offset = None;
    }
    let known = |date: NaiveDate| (1900..=2200).contains(&date.year());
    if known(read.date) { Ok(read) } else { Err(placed.fault("invalid_date")) }
}

fn short(placed: &Placed<'_>) -> Result<String, RowFault> {
    let text = placed.text()?;
    if text.chars().count() <= 200 { Ok(text) } else { Err(placed.fault("invalid_identifier")) }
}

fn notes(placed: &Placed<'_>) -> Result<String, RowFault> {
    let text = placed.text()?;
    let plain = !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    if text.chars().count() <= LONGEST_NOTES && plain { Ok(text) } else { Err(placed.fault("invalid_notes")) }
}

fn time(placed: &Placed<'_>) -> Result<NaiveTime, RowFault> {
    if let Cell::Time(time) = placed.cell {
        return Ok(*time);
    }
    let text = placed.text()?.replace(['h', 'H'], ":");
    let text = text.trim_end_matches(':');
    let read = ["%H:%M:%S", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok());
    let hour = || text.parse().ok().and_then(|hour| NaiveTime::from_hms_opt(hour, 0, 0));
    read.or_else(hour).ok_or_else(|| placed.fault("invalid_time"))
}

fn minutes(placed: &Placed<'_>) -> Result<i64, RowFault> {
    let read = placed.text()?.parse().ok().filter(|minutes| (1..=LONGEST).contains(minutes));
    read.ok_or_else(|| placed.fault("out_of_range"))
}

fn span(length: TimeDelta) -> Result<i64, RowFault> {
    let minutes = length.num_minutes();
    if (1..=LONGEST).contains(&minutes) {
        Ok(minutes)
    } else {
        Err(RowFault { column: None, code: "ends_before_start" })
    }
}
