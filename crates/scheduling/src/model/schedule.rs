//! When a practitioner is there: weekly windows, overrides, holidays and leave in a clinic's zone (A1).

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use kernel::ids::ClinicId;

use super::interval::{Interval, union};
use super::local_time::Zone;
use super::reason::Reason;
use super::weekly::{DayWindow, WeeklySchedule};

/// The windows of one date in one clinic, in place of the weekly ones; without windows the day is closed (A1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateOverride {
    /// The clinic.
    pub clinic_id: ClinicId,
    /// The date that is replaced as a whole.
    pub date: NaiveDate,
    /// What is open instead.
    pub windows: Vec<DayWindow>,
}

/// A time in which a practitioner is away from every clinic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leave {
    /// From the first instant away to the first instant back.
    pub interval: Interval,
}

/// A date on which a clinic, or the whole company, is closed; it closes the windows that start on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// The clinic, or nothing for all of the company's.
    pub clinic_id: Option<ClinicId>,
    /// The date in the clinic's zone.
    pub date: NaiveDate,
}

/// All that opens and closes one clinic for one practitioner; what belongs to other clinics is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClinicHours {
    /// The clinic.
    pub clinic_id: ClinicId,
    /// Its zone.
    pub zone: Zone,
    /// Weekly windows; those that hold on a date are added up.
    pub schedules: Vec<WeeklySchedule>,
    /// Overrides of dates.
    pub overrides: Vec<DateOverride>,
    /// Holidays of the clinic and of the company.
    pub holidays: Vec<Holiday>,
}

/// The opening windows of one practitioner in one clinic as instants, with what is shut and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openings {
    clinic_id: ClinicId,
    zone: Zone,
    windows: Vec<Interval>,
    shut: Vec<(Interval, Reason)>,
}

impl ClinicHours {
    /// Expands the windows that share an instant with `range` (A1): weekly, replaced by an override of the date, minus
    /// holidays. Each window is kept whole, for the grid counts from its start (A2); leave is the agenda's.
    pub fn expand(&self, range: &Interval) -> Openings {
        let mut openings =
            Openings { clinic_id: self.clinic_id, zone: self.zone, windows: Vec::new(), shut: Vec::new() };
        let last = self.zone.date_at(range.end());
        // A window of yesterday may reach into today (T6).
        let first = self.zone.date_at(range.start()).checked_sub_days(Days::new(1));
        let dates = first.map(|first| first.iter_days()).into_iter().flatten();
        for date in dates.take_while(|date| *date <= last) {
            self.expand_date(date, &mut openings);
        }
        openings.windows.retain(|window| window.overlaps(range));
        openings.windows.sort_unstable();
        openings
    }

    fn expand_date(&self, date: NaiveDate, into: &mut Openings) {
        let replacement = self.overrides.iter().find(|one| one.clinic_id == self.clinic_id && one.date == date);
        let holiday = self.is_holiday(date);
        let weekly = self.weekly(date);
        match (replacement, holiday) {
            (None, false) => into.windows.extend(weekly),
            (Some(replacement), false) => {
                into.windows.extend(replacement.windows.iter().flat_map(|window| window.on(date, self.zone)));
                let whole = if replacement.windows.is_empty() { self.zone.day(date) } else { None };
                into.shut.extend(weekly.chain(whole).map(|span| (span, Reason::OverrideClosed)));
            }
            (_, true) => {
                let whole = self.zone.day(date);
                into.shut.extend(weekly.chain(whole).map(|span| (span, Reason::Holiday)));
            }
        }
    }

    fn weekly(&self, date: NaiveDate) -> impl Iterator<Item = Interval> {
        self.schedules
            .iter()
            .filter(|schedule| schedule.clinic_id() == self.clinic_id)
            .flat_map(move |schedule| schedule.on(date, date.weekday()))
            .flat_map(move |window| window.on(date, self.zone))
    }

    fn is_holiday(&self, date: NaiveDate) -> bool {
        self.holidays.iter().any(|one| one.date == date && one.clinic_id.is_none_or(|clinic| clinic == self.clinic_id))
    }
}

impl Openings {
    /// The clinic.
    pub const fn clinic_id(&self) -> ClinicId {
        self.clinic_id
    }

    /// Its zone.
    pub const fn zone(&self) -> Zone {
        self.zone
    }

    /// The windows by start; they may overlap where the hours say so.
    pub fn windows(&self) -> &[Interval] {
        &self.windows
    }

    /// The time that is open, without leave and appointments.
    pub fn open_time(&self) -> Vec<Interval> {
        union(self.windows.iter().copied())
    }

    /// Why no window holds this instant.
    pub fn why_shut(&self, instant: DateTime<Utc>) -> Reason {
        let shut = self.shut.iter().find(|(span, _)| span.contains(instant));
        shut.map_or(Reason::OutsideHours, |(_, reason)| *reason)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Timelike};
    use proptest::prelude::*;

    use super::*;
    use crate::model::samples::{clinic, daily, span, utc};

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn t5_a_weekly_window_keeps_its_wall_clock_across_a_transition() {
        let hours = daily("Europe/Paris", &[("09:00", "12:00")]);
        let open = hours.expand(&span("2026-03-28T00:00:00Z", "2026-03-29T22:00:00Z"));
        let expected = [
            span("2026-03-28T08:00:00Z", "2026-03-28T11:00:00Z"),
            span("2026-03-29T07:00:00Z", "2026-03-29T10:00:00Z"),
        ];
        assert_eq!(open.windows(), expected);
    }

    #[test]
    fn a1_an_override_replaces_the_whole_day() {
        let mut hours = daily("UTC", &[("08:00", "12:00")]);
        let afternoon = DayWindow::parse("14:00", "16:00").unwrap();
        hours.overrides.push(DateOverride { clinic_id: clinic(1), date: date("2026-05-05"), windows: vec![afternoon] });
        let open = hours.expand(&span("2026-05-04T00:00:00Z", "2026-05-06T00:00:00Z"));
        let expected = [
            span("2026-05-04T08:00:00Z", "2026-05-04T12:00:00Z"),
            span("2026-05-05T14:00:00Z", "2026-05-05T16:00:00Z"),
        ];
        assert_eq!(open.windows(), expected);
        assert_eq!(open.why_shut(utc("2026-05-05T09:00:00Z")), Reason::OverrideClosed);
        assert_eq!(open.why_shut(utc("2026-05-05T20:00:00Z")), Reason::OutsideHours);
    }

    #[test]
    fn a1_an_empty_override_closes_its_day_and_only_in_its_clinic() {
        let mut hours = daily("UTC", &[("08:00", "12:00")]);
        let range = span("2026-05-05T00:00:00Z", "2026-05-06T00:00:00Z");
        hours.overrides.push(DateOverride { clinic_id: clinic(2), date: date("2026-05-05"), windows: vec![] });
        assert_eq!(hours.expand(&range).windows().len(), 1);
        hours.overrides.push(DateOverride { clinic_id: clinic(1), date: date("2026-05-05"), windows: vec![] });
        let open = hours.expand(&range);
        assert_eq!(open.windows(), []);
        assert_eq!(open.why_shut(utc("2026-05-05T20:00:00Z")), Reason::OverrideClosed);
    }

    #[test]
    fn a1_a_holiday_closes_even_an_overridden_day() {
        let mut hours = daily("UTC", &[("08:00", "12:00")]);
        let window = DayWindow::parse("14:00", "16:00").unwrap();
        hours.overrides.push(DateOverride { clinic_id: clinic(1), date: date("2026-05-05"), windows: vec![window] });
        hours.holidays.push(Holiday { clinic_id: None, date: date("2026-05-05") });
        hours.holidays.push(Holiday { clinic_id: Some(clinic(2)), date: date("2026-05-06") });
        let open = hours.expand(&span("2026-05-05T00:00:00Z", "2026-05-07T00:00:00Z"));
        assert_eq!(open.windows(), [span("2026-05-06T08:00:00Z", "2026-05-06T12:00:00Z")]);
        assert_eq!(open.why_shut(utc("2026-05-05T15:00:00Z")), Reason::Holiday);
    }

    #[test]
    fn t6_a_night_belongs_to_the_day_it_starts_on() {
        let mut hours = daily("UTC", &[("22:00", "06:00")]);
        hours.overrides.push(DateOverride { clinic_id: clinic(1), date: date("2026-05-05"), windows: vec![] });
        let open = hours.expand(&span("2026-05-05T00:00:00Z", "2026-05-06T20:00:00Z"));
        assert_eq!(open.windows(), [span("2026-05-04T22:00:00Z", "2026-05-05T06:00:00Z")]);
        assert_eq!(open.why_shut(utc("2026-05-06T03:00:00Z")), Reason::OverrideClosed);
    }

    #[test]
    fn t4_hours_keep_their_wall_clock_over_a_transition() {
        let open = daily("America/New_York", &[("13:00", "18:00")])
            .expand(&span("2026-03-07T05:00:00Z", "2026-03-09T04:00:00Z"));
        let expected = [
            span("2026-03-07T18:00:00Z", "2026-03-07T23:00:00Z"),
            span("2026-03-08T17:00:00Z", "2026-03-08T22:00:00Z"),
        ];
        assert_eq!(open.windows(), expected);
    }

    #[test]
    fn windows_are_kept_whole_at_the_edges_of_the_range() {
        let open = daily("UTC", &[("08:00", "12:00")]).expand(&span("2026-05-05T11:00:00Z", "2026-05-06T08:00:00Z"));
        assert_eq!(open.windows(), [span("2026-05-05T08:00:00Z", "2026-05-05T12:00:00Z")]);
    }

    proptest! {
        #[test]
        fn t2_t3_open_is_what_the_wall_clock_says(
            zone in prop::sample::select(vec!["Europe/Paris", "America/Sao_Paulo", "America/New_York", "Pacific/Apia"]),
            start in 0_u32..96, end in 0_u32..=96, first in 0_i64..4000, quarters in 1_i64..300,
        ) {
            let clock = |quarter: u32| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
            let hours = daily(zone, &[(clock(start).as_str(), clock(end).as_str())]);
            let from = utc("2011-12-25T00:00:00Z") + TimeDelta::hours(first * 30);
            let range = Interval::lasting(from, TimeDelta::minutes(quarters * 15)).unwrap();
            let open = hours.expand(&range).open_time();
            for quarter in 0..quarters {
                let instant = from + TimeDelta::minutes(quarter * 15);
                let wall = hours.zone.wall(instant).local;
                let minute = wall.hour() * 60 + wall.minute();
                let (start, end) = (start * 15, end * 15);
                let wanted = if start < end { start <= minute && minute < end } else { minute < end || start <= minute };
                let found = open.iter().any(|span| span.contains(instant));
                // A night that would begin on a date the zone skipped still begins at its wall time.
                prop_assert!(found == wanted, "{} {} {} {}", zone, instant, wall, found);
            }
        }
    }
}
