//! Windows of a day and of a week, in wall time (T6).

use std::fmt;

use chrono::{NaiveDate, Weekday};
use kernel::ids::ClinicId;
use thiserror::Error;

use super::interval::Interval;
use super::local_time::{Zone, local_minute};

/// Minutes in a day of 24 hours.
const DAY: u32 = 1440;

/// A time of day to the minute, from `00:00` to `24:00` (T6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinuteOfDay(u32);

/// A stretch of wall time that begins on one day; an end not after its start lies on the next day (T6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayWindow {
    start: MinuteOfDay,
    end: MinuteOfDay,
}

/// A window that repeats every week; it belongs to the weekday on which it starts (T6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeeklyWindow {
    /// The day on which it starts.
    pub weekday: Weekday,
    /// Its hours.
    pub window: DayWindow,
}

/// A practitioner's weekly windows in one clinic, with the dates between which they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeeklySchedule {
    clinic_id: ClinicId,
    windows: Vec<WeeklyWindow>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

/// Why hours were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HoursError {
    /// Not of the form `HH:MM` between `00:00` and `24:00`.
    #[error("a time of day is HH:MM, from 00:00 to 24:00")]
    TimeOfDay,
    /// A window cannot start when the day is over.
    #[error("a window starts before 24:00")]
    StartsAtDayEnd,
    /// `valid_to` lies before `valid_from`.
    #[error("the schedule ends before it begins")]
    Validity,
}

impl HoursError {
    /// The stable code of the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TimeOfDay | Self::StartsAtDayEnd => "invalid_time_of_day",
            Self::Validity => "ends_before_start",
        }
    }
}

impl MinuteOfDay {
    /// Reads `HH:MM`; `24:00` is the end of the day (T6).
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let number = |digits: &str| -> Option<u32> {
            let shaped = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
            shaped.then(|| digits.parse().ok())?
        };
        let parts = text.split_once(':').and_then(|(hours, minutes)| number(hours).zip(number(minutes)));
        match parts {
            Some((hours, minutes)) if minutes < 60 => Self::try_new(hours * 60 + minutes),
            _ => Err(HoursError::TimeOfDay),
        }
    }

    /// Takes minutes since midnight, at most 1440.
    pub const fn try_new(minutes: u32) -> Result<Self, HoursError> {
        if minutes <= DAY { Ok(Self(minutes)) } else { Err(HoursError::TimeOfDay) }
    }

    /// Minutes since midnight, 0 to 1440.
    pub const fn minutes(self) -> u32 {
        self.0
    }
}

impl fmt::Display for MinuteOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl DayWindow {
    /// Takes two times of day; the end may be on the next day, so that the window lasts up to 24 hours (T6).
    pub fn try_new(start: MinuteOfDay, end: MinuteOfDay) -> Result<Self, HoursError> {
        if start.0 < DAY { Ok(Self { start, end }) } else { Err(HoursError::StartsAtDayEnd) }
    }

    /// Reads two texts of the form `HH:MM`.
    pub fn parse(start: &str, end: &str) -> Result<Self, HoursError> {
        Self::try_new(MinuteOfDay::parse(start)?, MinuteOfDay::parse(end)?)
    }

    /// When it starts.
    pub const fn start(&self) -> MinuteOfDay {
        self.start
    }

    /// When it ends, on the next day where this is not after the start.
    pub const fn end(&self) -> MinuteOfDay {
        self.end
    }

    /// Whether it ends on the day after the one it belongs to (T6).
    pub fn crosses_midnight(&self) -> bool {
        self.end <= self.start
    }

    /// The instants of the window that starts on this date: none in a gap, two intervals where a fold cuts (T2, T3).
    pub fn on(&self, date: NaiveDate, zone: Zone) -> impl Iterator<Item = Interval> {
        let overnight = if self.crosses_midnight() { DAY } else { 0 };
        local_minute(date, self.start.0)
            .zip(local_minute(date, self.end.0 + overnight))
            .into_iter()
            .flat_map(move |(start, end)| zone.showing(start, end))
    }
}

impl WeeklySchedule {
    /// Takes the windows of one clinic, valid on all dates from `valid_from` to `valid_to`, both included.
    pub fn try_new(
        clinic_id: ClinicId,
        windows: Vec<WeeklyWindow>,
        valid_from: Option<NaiveDate>,
        valid_to: Option<NaiveDate>,
    ) -> Result<Self, HoursError> {
        if valid_from.zip(valid_to).is_some_and(|(from, to)| to < from) {
            return Err(HoursError::Validity);
        }
        Ok(Self { clinic_id, windows, valid_from, valid_to })
    }

    /// The clinic.
    pub const fn clinic_id(&self) -> ClinicId {
        self.clinic_id
    }

    /// The windows, as they were given.
    pub fn windows(&self) -> &[WeeklyWindow] {
        &self.windows
    }

    /// The first date on which it holds.
    pub const fn valid_from(&self) -> Option<NaiveDate> {
        self.valid_from
    }

    /// The last date on which it holds.
    pub const fn valid_to(&self) -> Option<NaiveDate> {
        self.valid_to
    }

    /// The windows that start on this weekday, if the schedule holds on this date.
    pub fn on(&self, date: NaiveDate, weekday: Weekday) -> impl Iterator<Item = &DayWindow> {
        let holds = self.valid_from.is_none_or(|from| from <= date) && self.valid_to.is_none_or(|to| date <= to);
        self.windows.iter().filter(move |window| holds && window.weekday == weekday).map(|window| &window.window)
    }
}

/// Reads an English weekday in lower case, such as `monday`.
pub fn parse_weekday(text: &str) -> Option<Weekday> {
    WEEKDAYS.iter().find(|(_, name)| *name == text).map(|(day, _)| *day)
}

/// The weekday's name as the API writes it.
pub fn weekday_name(weekday: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|(day, _)| *day == weekday).map_or("", |(_, name)| name)
}

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Mon, "monday"),
    (Weekday::Tue, "tuesday"),
    (Weekday::Wed, "wednesday"),
    (Weekday::Thu, "thursday"),
    (Weekday::Fri, "friday"),
    (Weekday::Sat, "saturday"),
    (Weekday::Sun, "sunday"),
];

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use kernel::ids::ClinicId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn window(start: &str, end: &str) -> DayWindow {
        DayWindow::parse(start, end).unwrap()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn span(start: &str, end: &str) -> Interval {
        let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        Interval::between(utc(start), utc(end)).unwrap()
    }

    fn on(window: DayWindow, day: &str, zone: &str) -> Vec<Interval> {
        window.on(date(day), Zone::parse(zone).unwrap()).collect()
    }

    #[test]
    fn t4_opening_hours_on_the_day_of_a_transition() {
        let open = on(window("13:00", "18:00"), "2026-03-08", "America/New_York");
        assert_eq!(open, vec![span("2026-03-08T17:00:00Z", "2026-03-08T22:00:00Z")]);
    }

    #[test]
    fn t6_a_window_whose_end_is_not_after_its_start_crosses_midnight() {
        assert!(window("22:00", "06:00").crosses_midnight() && window("08:00", "08:00").crosses_midnight());
        assert!(!window("08:00", "12:00").crosses_midnight());
        let night = on(window("22:00", "06:00"), "2026-05-04", "UTC");
        assert_eq!(night, vec![span("2026-05-04T22:00:00Z", "2026-05-05T06:00:00Z")]);
    }

    #[test]
    fn t6_2400_ends_a_day() {
        let whole = vec![span("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z")];
        assert_eq!(on(window("00:00", "24:00"), "2026-05-04", "UTC"), whole);
        assert_eq!(on(window("00:00", "00:00"), "2026-05-04", "UTC"), whole);
        assert_eq!(DayWindow::parse("24:00", "24:00"), Err(HoursError::StartsAtDayEnd));
        assert_eq!(window("20:00", "24:00").end().to_string(), "24:00");
    }

    #[test]
    fn t6_other_texts_are_no_time_of_day() {
        for text in ["24:01", "25:00", "8:00", "08:60", "0800", "08:00:00", "+8:00", "", "aa:bb"] {
            assert_eq!(MinuteOfDay::parse(text), Err(HoursError::TimeOfDay), "{text}");
        }
    }

    #[test]
    fn t2_a_window_that_starts_in_a_gap_opens_when_the_clock_goes_on() {
        let morning = on(window("00:00", "04:00"), "2018-11-04", "America/Sao_Paulo");
        assert_eq!(morning, vec![span("2018-11-04T03:00:00Z", "2018-11-04T06:00:00Z")]);
    }

    #[test]
    fn a_schedule_holds_on_its_first_and_last_date() {
        let monday = WeeklyWindow { weekday: Weekday::Mon, window: window("08:00", "12:00") };
        let clinic = ClinicId::from_uuid(Uuid::from_u128(1));
        let (from, to) = (date("2026-05-04"), date("2026-05-18"));
        let schedule = WeeklySchedule::try_new(clinic, vec![monday], Some(from), Some(to)).unwrap();
        let open = |day: &str| schedule.on(date(day), Weekday::Mon).count();
        assert_eq!((open("2026-04-27"), open("2026-05-04"), open("2026-05-18"), open("2026-05-25")), (0, 1, 1, 0));
        assert_eq!(schedule.on(date("2026-05-05"), Weekday::Tue).count(), 0);
        assert_eq!(WeeklySchedule::try_new(clinic, vec![], Some(to), Some(from)), Err(HoursError::Validity));
    }

    #[test]
    fn weekdays_have_english_names() {
        assert_eq!(parse_weekday("monday"), Some(Weekday::Mon));
        assert_eq!(parse_weekday("Monday"), None);
        assert!(WEEKDAYS.iter().all(|(day, name)| parse_weekday(name) == Some(*day) && weekday_name(*day) == *name));
    }

    proptest! {
        #[test]
        fn t6_a_time_of_day_is_read_as_it_is_written(minutes in 0_u32..=1440) {
            let time = MinuteOfDay::try_new(minutes).unwrap();
            prop_assert_eq!(MinuteOfDay::parse(&time.to_string()), Ok(time));
        }

        #[test]
        fn t6_a_window_lasts_at_most_a_day(start in 0_u32..1440, end in 0_u32..=1440) {
            let times = (MinuteOfDay::try_new(start).unwrap(), MinuteOfDay::try_new(end).unwrap());
            let window = DayWindow::try_new(times.0, times.1).unwrap();
            let open: Vec<Interval> = window.on(date("2026-05-04"), Zone::UTC).collect();
            prop_assert_eq!(open.len(), 1);
            prop_assert!(open[0].length() <= TimeDelta::hours(24));
            prop_assert_eq!(open[0].end() <= "2026-05-05T00:00:00Z".parse::<DateTime<Utc>>().unwrap(), start < end || end == 0);
        }
    }
}
