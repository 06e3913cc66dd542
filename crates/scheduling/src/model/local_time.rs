//! Clinic zones: from wall clock to instant and back, over gaps and folds (T2, T3).

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use thiserror::Error;

use super::interval::Interval;

/// A zone of the IANA database, such as `America/Sao_Paulo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// A text that names no zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no zone of the IANA database has this name")]
pub struct UnknownZone(#[from] chrono_tz::ParseError);

/// What a clock on the wall shows at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WallTime {
    /// Date and time of day on the clock.
    pub local: NaiveDateTime,
    /// The offset from UTC that holds then.
    pub utc_offset: FixedOffset,
}

/// Why a local time names no single instant; the source of the rules is T2, T3 and T7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LocalTimeError {
    /// The clock jumps over it.
    #[error("this local time does not exist: the clock jumps from {} to {}", .before.local, .after.local)]
    Nonexistent {
        /// The last whole minute that exists before the gap.
        before: WallTime,
        /// The first that exists after it.
        after: WallTime,
    },
    /// The clock shows it twice and the request does not say which.
    #[error("this local time happens twice, at {} and at {}", .earlier.utc_offset, .later.utc_offset)]
    Ambiguous {
        /// The first time.
        earlier: WallTime,
        /// The second time.
        later: WallTime,
    },
    /// The time exists, but never with the offset that was asked for.
    #[error("this local time does not happen at the given offset, but at {}", .valid.utc_offset)]
    WrongOffset {
        /// The time with an offset that holds (the earlier one in a fold).
        valid: WallTime,
    },
}

/// How often the clock shows a local time, and when.
enum Reading {
    Once(DateTime<Utc>),
    Twice(DateTime<Utc>, DateTime<Utc>),
    Never { before: WallTime, after: WallTime, resumes: DateTime<Utc> },
}

/// The instant at which the clock in `zone` shows `local`; `utc_offset` chooses in a fold and is checked elsewhere.
pub fn resolve(
    local: NaiveDateTime,
    zone: Zone,
    utc_offset: Option<FixedOffset>,
) -> Result<DateTime<Utc>, LocalTimeError> {
    let (earlier, later) = match zone.read(local) {
        Reading::Never { before, after, .. } => return Err(LocalTimeError::Nonexistent { before, after }),
        Reading::Once(instant) => (instant, instant),
        Reading::Twice(earlier, later) => (earlier, later),
    };
    let Some(offset) = utc_offset else {
        return if earlier == later {
            Ok(earlier)
        } else {
            Err(LocalTimeError::Ambiguous { earlier: zone.wall(earlier), later: zone.wall(later) })
        };
    };
    [earlier, later]
        .into_iter()
        .find(|instant| zone.offset_at(*instant) == offset)
        .ok_or_else(|| LocalTimeError::WrongOffset { valid: zone.wall(earlier) })
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Reads an IANA name, with its exact capitals.
    pub fn parse(name: &str) -> Result<Self, UnknownZone> {
        Ok(Self(name.parse()?))
    }

    /// The IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The offset from UTC that holds at an instant.
    pub fn offset_at(self, instant: DateTime<Utc>) -> FixedOffset {
        self.0.offset_from_utc_datetime(&instant.naive_utc()).fix()
    }

    /// What the clock shows at an instant.
    pub fn wall(self, instant: DateTime<Utc>) -> WallTime {
        let utc_offset = self.offset_at(instant);
        WallTime { local: shift(instant.naive_utc(), utc_offset), utc_offset }
    }

    /// The local date of an instant.
    pub fn date_at(self, instant: DateTime<Utc>) -> NaiveDate {
        self.wall(instant).local.date()
    }

    /// The instants of a local date; it may last 23 or 25 hours, begin after midnight, or not exist at all (T2).
    pub fn day(self, date: NaiveDate) -> Option<Interval> {
        let next = date.checked_add_days(Days::new(1))?;
        Interval::between(self.first_instant(date.into()), self.first_instant(next.into()))
    }

    /// The first instant at which the clock shows `local` or, where it jumps over it, a later time.
    pub fn first_instant(self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.read(local) {
            Reading::Once(instant) | Reading::Twice(instant, _) => instant,
            Reading::Never { resumes, .. } => resumes,
        }
    }

    /// The instants at which the clock shows a time in `[start, end)`: one interval, two where a fold cuts them apart,
    /// none where a gap swallows them.
    pub fn showing(self, start: NaiveDateTime, end: NaiveDateTime) -> impl Iterator<Item = Interval> {
        let (first, second) = match (self.read(start), self.read(end)) {
            (Reading::Twice(start, restart), Reading::Twice(end, stop)) => {
                (Interval::between(start, end), Interval::between(restart, stop))
            }
            (Reading::Twice(start, restart), end) => {
                let (turn, end) = (self.turn(start, restart), end.earliest());
                (Interval::between(start, turn.min(end)), Interval::between(restart, end))
            }
            (start, Reading::Twice(end, stop)) => {
                (Interval::between(start.earliest(), end), Interval::between(self.turn(end, stop), stop))
            }
            (start, end) => (Interval::between(start.earliest(), end.earliest()), None),
        };
        let joined = first.zip(second).filter(|(one, two)| one.end() == two.start());
        let pieces = match joined {
            Some((one, two)) => [Interval::between(one.start(), two.end()), None],
            None => [first, second],
        };
        pieces.into_iter().flatten()
    }

    fn read(self, local: NaiveDateTime) -> Reading {
        match self.0.from_local_datetime(&local) {
            chrono::MappedLocalTime::Single(one) => Reading::Once(one.with_timezone(&Utc)),
            chrono::MappedLocalTime::Ambiguous(one, two) => {
                let (one, two) = (one.with_timezone(&Utc), two.with_timezone(&Utc));
                Reading::Twice(one.min(two), one.max(two))
            }
            chrono::MappedLocalTime::None => self.gap_around(local),
        }
    }

    /// A gap is at most a day wide, so a day before and a day after, read as UTC, lie on its two sides.
    fn gap_around(self, local: NaiveDateTime) -> Reading {
        let (day, near) = (TimeDelta::hours(24), local.and_utc());
        let before = near.checked_sub_signed(day).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let after = near.checked_add_signed(day).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let resumes = self.turn(before, after);
        let last = resumes.checked_sub_signed(TimeDelta::minutes(1)).unwrap_or(resumes);
        Reading::Never { before: self.wall(last), after: self.wall(resumes), resumes }
    }

    /// The first instant that no longer has the offset of `before`, given that the offset changes once until `after`.
    fn turn(self, before: DateTime<Utc>, after: DateTime<Utc>) -> DateTime<Utc> {
        let old = self.offset_at(before);
        let (mut low, mut high) = (before.timestamp(), after.timestamp());
        while high - low > 1 {
            let middle = low.midpoint(high);
            let offset = DateTime::from_timestamp(middle, 0).map(|instant| self.offset_at(instant));
            if offset == Some(old) { low = middle } else { high = middle }
        }
        DateTime::from_timestamp(high, 0).unwrap_or(after)
    }
}

impl serde::Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl WallTime {
    /// The offset as it is written in RFC 3339, such as `-03:00`.
    pub fn offset_text(&self) -> String {
        self.utc_offset.to_string()
    }

    /// The local date and time to the minute, such as `2026-03-29T01:59`.
    pub fn local_text(&self) -> String {
        local_text(self.local)
    }
}

impl LocalTimeError {
    /// The stable code of the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Nonexistent { .. } => "nonexistent_local_time",
            Self::Ambiguous { .. } => "ambiguous_local_time",
            Self::WrongOffset { .. } => "wrong_utc_offset",
        }
    }
}

impl Reading {
    fn earliest(&self) -> DateTime<Utc> {
        match self {
            Self::Once(instant) | Self::Twice(instant, _) => *instant,
            Self::Never { resumes, .. } => *resumes,
        }
    }
}

/// A local date and time to the minute, as the API writes `local_start`: `YYYY-MM-DDTHH:MM`.
pub fn local_text(local: NaiveDateTime) -> String {
    local.format("%Y-%m-%dT%H:%M").to_string()
}

/// Midnight of a date plus whole minutes, which may reach into the next days.
pub(crate) fn local_minute(date: NaiveDate, minutes: u32) -> Option<NaiveDateTime> {
    date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(i64::from(minutes)))
}

/// Saturates at the end of the calendar, where no agenda is kept.
pub(crate) fn shift(utc: NaiveDateTime, offset: FixedOffset) -> NaiveDateTime {
    utc.checked_add_offset(offset).unwrap_or(utc)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hours(hours: i32) -> FixedOffset {
        FixedOffset::east_opt(hours * 3600).unwrap()
    }

    fn wall(text: &str, offset: i32) -> WallTime {
        WallTime { local: local(text), utc_offset: hours(offset) }
    }

    fn span(start: &str, end: &str) -> Interval {
        Interval::between(utc(start), utc(end)).unwrap()
    }

    #[test]
    fn t2_a_local_time_in_a_gap_is_refused_with_its_neighbours() {
        let paris = resolve(local("2026-03-29T02:30"), zone("Europe/Paris"), None);
        let (before, after) = (wall("2026-03-29T01:59", 1), wall("2026-03-29T03:00", 2));
        assert_eq!(paris, Err(LocalTimeError::Nonexistent { before, after }));
        let midnight = resolve(local("2018-11-04T00:30"), zone("America/Sao_Paulo"), None);
        let (before, after) = (wall("2018-11-03T23:59", -3), wall("2018-11-04T01:00", -2));
        assert_eq!(midnight, Err(LocalTimeError::Nonexistent { before, after }));
    }

    #[test]
    fn t2_an_offset_does_not_conjure_a_missing_time() {
        let asked = resolve(local("2026-03-29T02:30"), zone("Europe/Paris"), Some(hours(1)));
        assert_eq!(asked.unwrap_err().code(), "nonexistent_local_time");
    }

    #[test]
    fn t2_a_day_without_midnight_starts_at_one_and_lasts_23_hours() {
        let day = zone("America/Sao_Paulo").day("2018-11-04".parse().unwrap()).unwrap();
        assert_eq!(day.start(), utc("2018-11-04T03:00:00Z"));
        assert_eq!(day.length(), TimeDelta::hours(23));
    }

    #[test]
    fn t2_a_day_that_a_zone_skipped_does_not_exist() {
        let apia = zone("Pacific/Apia");
        assert_eq!(apia.day("2011-12-30".parse().unwrap()), None);
        let refused = resolve(local("2011-12-30T12:00"), apia, None);
        let (before, after) = (wall("2011-12-29T23:59", -10), wall("2011-12-31T00:00", 14));
        assert_eq!(refused, Err(LocalTimeError::Nonexistent { before, after }));
    }

    #[test]
    fn t3_a_local_time_in_a_fold_needs_an_offset() {
        let (paris, twice) = (zone("Europe/Paris"), local("2026-10-25T02:30"));
        let (earlier, later) = (wall("2026-10-25T02:30", 2), wall("2026-10-25T02:30", 1));
        assert_eq!(resolve(twice, paris, None), Err(LocalTimeError::Ambiguous { earlier, later }));
        assert_eq!(resolve(twice, paris, Some(hours(2))), Ok(utc("2026-10-25T00:30:00Z")));
        assert_eq!(resolve(twice, paris, Some(hours(1))), Ok(utc("2026-10-25T01:30:00Z")));
        assert_eq!(resolve(twice, paris, Some(hours(0))), Err(LocalTimeError::WrongOffset { valid: earlier }));
    }

    #[test]
    fn t3_the_hour_before_midnight_can_happen_twice() {
        let (paulo, twice) = (zone("America/Sao_Paulo"), local("2018-02-17T23:30"));
        assert_eq!(resolve(twice, paulo, Some(hours(-2))), Ok(utc("2018-02-18T01:30:00Z")));
        assert_eq!(resolve(twice, paulo, Some(hours(-3))), Ok(utc("2018-02-18T02:30:00Z")));
        assert_eq!(paulo.day("2018-02-17".parse().unwrap()).unwrap().length(), TimeDelta::hours(25));
        assert_eq!(resolve(local("2018-02-18T00:00"), paulo, None), Ok(utc("2018-02-18T03:00:00Z")));
    }

    #[test]
    fn t4_hours_after_a_transition_have_the_new_offset() {
        let new_york = zone("America/New_York");
        let open: Vec<Interval> = new_york.showing(local("2026-03-08T13:00"), local("2026-03-08T18:00")).collect();
        assert_eq!(open, vec![span("2026-03-08T17:00:00Z", "2026-03-08T22:00:00Z")]);
    }

    #[test]
    fn t3_a_bound_inside_a_fold_opens_and_closes_twice() {
        let paris = zone("Europe/Paris");
        let shown = |from: &str, to: &str| -> Vec<Interval> { paris.showing(local(from), local(to)).collect() };
        assert_eq!(
            shown("2026-10-25T01:00", "2026-10-25T02:30"),
            vec![
                span("2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z"),
                span("2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z")
            ]
        );
        assert_eq!(
            shown("2026-10-25T02:30", "2026-10-25T04:00"),
            vec![
                span("2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"),
                span("2026-10-25T01:30:00Z", "2026-10-25T03:00:00Z")
            ]
        );
        assert_eq!(
            shown("2026-10-25T02:00", "2026-10-25T03:00"),
            vec![span("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z")]
        );
        assert_eq!(shown("2026-03-29T02:10", "2026-03-29T02:50"), vec![]);
    }

    #[test]
    fn a_zone_is_an_exact_iana_name() {
        assert_eq!(zone("America/Sao_Paulo").name(), "America/Sao_Paulo");
        assert!(Zone::parse("America/Nowhere").is_err() && Zone::parse("").is_err());
        assert_eq!(wall("2026-03-29T01:59", -3).offset_text(), "-03:00");
        assert_eq!(wall("2026-03-29T01:59", -3).local_text(), "2026-03-29T01:59");
    }

    fn zones() -> impl Strategy<Value = Zone> {
        let names = [
            "UTC",
            "Europe/Paris",
            "America/Sao_Paulo",
            "America/New_York",
            "Australia/Lord_Howe",
            "Africa/Casablanca",
        ];
        prop::sample::select(names.to_vec()).prop_map(zone)
    }

    proptest! {
        #[test]
        fn t3_every_instant_comes_back_from_its_wall_time(zone in zones(), minute in 24_000_000_i64..35_000_000) {
            let instant = DateTime::from_timestamp(minute * 60, 0).unwrap();
            let wall = zone.wall(instant);
            prop_assert_eq!(resolve(wall.local, zone, Some(wall.utc_offset)), Ok(instant));
        }

        #[test]
        fn days_follow_each_other_without_hole(zone in zones(), day in 0_u64..9000) {
            let date = NaiveDate::from_ymd_opt(2010, 1, 1).unwrap() + Days::new(day);
            let (today, next) = (zone.day(date).unwrap(), zone.day(date + Days::new(1)).unwrap());
            prop_assert_eq!(today.end(), next.start());
            prop_assert_eq!(zone.date_at(today.start()), date);
        }

        #[test]
        fn t3_a_span_holds_exactly_the_instants_whose_clock_is_inside(
            zone in zones(), day in 0_u64..2000, start in 0_u32..1440, length in 1_u32..1440, fold in any::<bool>(),
        ) {
            let folds = ["2026-10-25", "2018-02-17", "2026-11-01", "2026-03-29", "2018-11-04", "2026-04-05"];
            let date = if fold {
                folds[usize::try_from(day).unwrap() % folds.len()].parse().unwrap()
            } else {
                NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + Days::new(day)
            };
            let (from, to) = (local_minute(date, start).unwrap(), local_minute(date, start + length).unwrap());
            let spans: Vec<Interval> = zone.showing(from, to).collect();
            for quarter in -192_i64..288 {
                let instant = date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::minutes(quarter * 15);
                let clock = zone.wall(instant).local;
                let inside = spans.iter().any(|span| span.contains(instant));
                prop_assert_eq!(inside, from <= clock && clock < to, "{} {}", instant, clock);
            }
        }
    }
}
