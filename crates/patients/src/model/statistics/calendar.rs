//! What day it is at a company, and what follows from it for ages, weeks and months.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::AgeBand;

/// How many months statistics look back, this one included.
const MONTHS: u32 = 12;
/// The ages at which a band begins, but for the first.
const BEGINNINGS: [u8; 9] = [10, 20, 30, 40, 50, 60, 70, 80, 90];

/// A day at a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    zone: Tz,
    today: NaiveDate,
}

/// A part of a month that is not made of whole days in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remnant {
    /// The first day of the month.
    pub month: NaiveDate,
    /// Its first instant.
    pub since: DateTime<Utc>,
    /// The first instant after it, less than a day later.
    pub until: DateTime<Utc>,
}

/// A calendar month at a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthSpan {
    /// Its first day.
    pub first: NaiveDate,
    /// Its first instant.
    pub since: DateTime<Utc>,
    /// The first instant of the next month.
    pub until: DateTime<Utc>,
}

impl Calendar {
    /// The day that it is in the zone.
    pub fn at(now: DateTime<Utc>, zone: Tz) -> Self {
        Self { zone, today: now.with_timezone(&zone).date_naive() }
    }

    /// The day.
    pub fn today(self) -> NaiveDate {
        self.today
    }

    /// The zone.
    pub fn zone(self) -> Tz {
        self.zone
    }

    /// For each age at which a band begins, the last date of birth with which one has reached it. Who was born on 29 February
    /// completes a year on 1 March where there is no such day.
    pub fn cuts(self) -> [NaiveDate; BEGINNINGS.len()] {
        // Subtracting months from 29 February gives 28 February where it has to.
        BEGINNINGS.map(|age| self.today.checked_sub_months(Months::new(12 * u32::from(age))).unwrap_or(NaiveDate::MIN))
    }

    /// True of a date of birth in a month of which some days have reached a band and some have not.
    pub fn ends_a_band_in(self, born: NaiveDate) -> bool {
        self.cuts().iter().any(|cut| (cut.year(), cut.month()) == (born.year(), born.month()))
    }

    /// The band of who was born that day; who is not born yet is in the first.
    pub fn band_of(self, born: NaiveDate) -> AgeBand {
        let reached = self.cuts().iter().filter(|cut| born <= **cut).count();
        AgeBand::reached(reached).unwrap_or(AgeBand::Unknown)
    }

    /// The seven days of this week, Monday first.
    pub fn week(self) -> [NaiveDate; 7] {
        let monday = self.today - Days::new(u64::from(self.today.weekday().num_days_from_monday()));
        [0, 1, 2, 3, 4, 5, 6].map(|day| monday + Days::new(day))
    }

    /// The `MM-DD` of births whose birthday is in this week.
    pub fn birthdays(self) -> Vec<String> {
        self.week().into_iter().flat_map(birthdays_on).collect()
    }

    /// The days since 1870, the earliest in a record, on which those were born whose birthday is in this week.
    pub fn born_this_week(self) -> Vec<NaiveDate> {
        let birthdays = self.birthdays();
        let years = 1870..=self.today.year() + 1;
        years.flat_map(|year| birthdays.iter().filter_map(move |day| format!("{year}-{day}").parse().ok())).collect()
    }

    /// True when who was born on this `MM-DD` has birthday that day.
    pub fn has_birthday(self, day: NaiveDate, born: &str) -> bool {
        birthdays_on(day).iter().any(|birthday| birthday == born)
    }

    /// The months that statistics look back on, the first first.
    pub fn months(self) -> Vec<MonthSpan> {
        let this = self.today.with_day(1).unwrap_or(self.today);
        let months = (0..MONTHS).rev().filter_map(|back| this.checked_sub_months(Months::new(back)));
        months
            .map(|first| {
                let next = first.checked_add_months(Months::new(1)).unwrap_or(first);
                MonthSpan { first, since: self.beginning_of(first), until: self.beginning_of(next) }
            })
            .collect()
    }

    /// The first day of the month in which the whole of a day in UTC lies; none for a day that two months share or that lies
    /// before them all.
    pub fn month_of(self, utc_day: NaiveDate) -> Option<NaiveDate> {
        let (begins, ends) = (midnight(utc_day), midnight(utc_day + Days::new(1)));
        let months = self.months();
        months.iter().find(|month| month.since <= begins && ends <= month.until).map(|month| month.first)
    }

    /// What the months have of days in UTC that they share with others.
    pub fn remnants(self) -> Vec<Remnant> {
        let halves = self.months().into_iter().flat_map(|MonthSpan { first, since, until }| {
            let head = Remnant { month: first, since, until: midnight(since.date_naive() + Days::new(1)) };
            let tail = Remnant { month: first, since: midnight(until.date_naive()), until };
            [(head, since), (tail, until)]
        });
        halves.filter(|(_, edge)| *edge != midnight(edge.date_naive())).map(|(remnant, _)| remnant).collect()
    }

    /// The first instant of a day: later than midnight where the clock jumps over it, the earlier one where it strikes twice.
    fn beginning_of(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let mut quarters = (0..=8).map(|quarter| midnight + TimeDelta::minutes(15 * quarter));
        let exists = |local: NaiveDateTime| self.zone.from_local_datetime(&local).earliest();
        quarters.find_map(exists).map_or_else(|| midnight.and_utc(), |start| start.to_utc())
    }
}

fn midnight(utc_day: NaiveDate) -> DateTime<Utc> {
    utc_day.and_time(NaiveTime::MIN).and_utc()
}

fn birthdays_on(day: NaiveDate) -> Vec<String> {
    let own = day.format("%m-%d").to_string();
    let leap = (own == "03-01" && !day.leap_year()).then(|| "02-29".to_owned());
    leap.into_iter().chain([own]).collect()
}
