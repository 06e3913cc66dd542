//! When a company is open, day by day, in wall time.

use kernel::{Fault, Patch};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Windows that one day can have.
pub const MOST_WINDOWS: usize = 6;

/// Minutes in a day of 24 hours.
const DAY: u16 = 1440;
/// Minutes in a week.
const WEEK: u32 = 10_080;

/// A time of day to the minute, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

/// Not of the form `HH:MM` between `00:00` and `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a time of day is HH:MM, from 00:00 to 24:00")]
pub struct InvalidTimeOfDay;

/// A stretch of one day; an end that is not after the start lies on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayHours {
    /// When it begins; before `24:00`.
    pub start: TimeOfDay,
    /// When it ends.
    pub end: TimeOfDay,
}

/// The hours of a week: each day's windows in their order, no two of them overlapping; a day without windows is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkingHours(Days<Vec<DayHours>>);

/// Something for each day of the week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days<T> {
    /// Monday's.
    pub monday: T,
    /// Tuesday's.
    pub tuesday: T,
    /// Wednesday's.
    pub wednesday: T,
    /// Thursday's.
    pub thursday: T,
    /// Friday's.
    pub friday: T,
    /// Saturday's.
    pub saturday: T,
    /// Sunday's.
    pub sunday: T,
}

/// A change of the hours, day by day; a cleared day is closed.
pub type HoursPatch = Days<Patch<Vec<DayHours>>>;

impl TimeOfDay {
    /// Reads `HH:MM`; `24:00` is the end of the day.
    pub fn parse(text: &str) -> Result<Self, InvalidTimeOfDay> {
        let number = |digits: &str| -> Option<u16> {
            let shaped = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            shaped.then(|| digits.parse().ok())?
        };
        let parts = text.split_once(':').and_then(|(hours, minutes)| number(hours).zip(number(minutes)));
        let (hours, minutes) = parts.ok_or(InvalidTimeOfDay)?;
        let whole = hours * 60 + minutes;
        if minutes < 60 && whole <= DAY { Ok(Self(whole)) } else { Err(InvalidTimeOfDay) }
    }

    /// The minutes since `00:00`, up to 1440.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTimeOfDay;

    fn try_from(text: String) -> Result<Self, InvalidTimeOfDay> {
        Self::parse(&text)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl InvalidTimeOfDay {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        "invalid_time_of_day"
    }
}

impl DayHours {
    /// Reads two times of day.
    pub fn parse(start: &str, end: &str) -> Result<Self, InvalidTimeOfDay> {
        Ok(Self { start: TimeOfDay::parse(start)?, end: TimeOfDay::parse(end)? })
    }

    /// Minutes from start to end, 1 to 1440.
    fn length(self) -> u32 {
        let (start, end) = (u32::from(self.start.0), u32::from(self.end.0));
        if end > start { end - start } else { end + u32::from(DAY) - start }
    }
}

impl<T> Days<T> {
    /// The days with their names, from Monday on.
    pub fn named(&self) -> [(&'static str, &T); 7] {
        [
            ("monday", &self.monday),
            ("tuesday", &self.tuesday),
            ("wednesday", &self.wednesday),
            ("thursday", &self.thursday),
            ("friday", &self.friday),
            ("saturday", &self.saturday),
            ("sunday", &self.sunday),
        ]
    }

    /// Each day's two made into one.
    pub fn zip_with<U, V>(self, other: Days<U>, with: impl Fn(T, U) -> V) -> Days<V> {
        Days {
            monday: with(self.monday, other.monday),
            tuesday: with(self.tuesday, other.tuesday),
            wednesday: with(self.wednesday, other.wednesday),
            thursday: with(self.thursday, other.thursday),
            friday: with(self.friday, other.friday),
            saturday: with(self.saturday, other.saturday),
            sunday: with(self.sunday, other.sunday),
        }
    }
}

impl WorkingHours {
    /// Monday to Friday, 8 to 18.
    pub fn usual() -> Self {
        let day = vec![DayHours { start: TimeOfDay(8 * 60), end: TimeOfDay(18 * 60) }];
        Self(Days {
            monday: day.clone(),
            tuesday: day.clone(),
            wednesday: day.clone(),
            thursday: day.clone(),
            friday: day,
            ..Days::default()
        })
    }

    /// Reads a week's hours; the faults point at `/friday/0/start` and the like.
    pub fn parse(mut days: Days<Vec<DayHours>>) -> Result<Self, Vec<Fault>> {
        let faults: Vec<Fault> = days.named().into_iter().flat_map(|(day, windows)| day_faults(day, windows)).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        if let Some(pointer) = overlap(&days) {
            return Err(vec![Fault::at(pointer, "identity.hours_overlap")]);
        }
        for day in days.all_mut() {
            day.sort_by_key(|window| window.start);
        }
        Ok(Self(days))
    }

    /// The hours after a change; faults as of [`WorkingHours::parse`].
    pub fn changed(self, patch: HoursPatch) -> Result<Self, Vec<Fault>> {
        Self::parse(self.0.zip_with(patch, |present, patch| patch.applied_or_default(present)))
    }

    /// The windows of each day.
    pub const fn days(&self) -> &Days<Vec<DayHours>> {
        &self.0
    }
}

impl<T> Days<T> {
    fn all_mut(&mut self) -> [&mut T; 7] {
        [
            &mut self.monday,
            &mut self.tuesday,
            &mut self.wednesday,
            &mut self.thursday,
            &mut self.friday,
            &mut self.saturday,
            &mut self.sunday,
        ]
    }
}

fn day_faults(day: &str, windows: &[DayHours]) -> Vec<Fault> {
    if windows.len() > MOST_WINDOWS {
        return vec![Fault::at(format!("/{day}"), "too_many")];
    }
    let late = windows.iter().enumerate().filter(|(_, window)| window.start.0 >= DAY);
    late.map(|(index, _)| Fault::at(format!("/{day}/{index}/start"), "invalid_time_of_day")).collect()
}

/// The pointer of a window that begins before the one before it has ended, around the whole week.
fn overlap(days: &Days<Vec<DayHours>>) -> Option<String> {
    let mut spans = Vec::new();
    let mut midnight = 0;
    for (day, windows) in days.named() {
        for (index, window) in windows.iter().enumerate() {
            let start = midnight + u32::from(window.start.0);
            spans.push((start, start + window.length(), format!("/{day}/{index}/start")));
        }
        midnight += u32::from(DAY);
    }
    spans.sort();
    let around = spans.first().map(|(start, end, at)| (start + WEEK, end + WEEK, at.clone()));
    let following = spans.iter().skip(1).chain(&around);
    spans.iter().zip(following).find(|((_, end, _), (next, _, _))| next < end).map(|(_, (_, _, at))| at.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(start: &str, end: &str) -> DayHours {
        DayHours::parse(start, end).unwrap()
    }

    fn friday(windows: Vec<DayHours>) -> Days<Vec<DayHours>> {
        Days { friday: windows, ..Days::default() }
    }

    #[test]
    fn c5_a_time_of_day_is_hh_mm_up_to_24_00() {
        assert_eq!(TimeOfDay::parse("24:00").unwrap().minutes(), 1440);
        assert_eq!(TimeOfDay::parse("08:05").unwrap().to_string(), "08:05");
        for text in ["24:01", "8:00", "08:60", "08:00:00", "", "0800", "-1:00", "+8:00"] {
            assert_eq!(TimeOfDay::parse(text), Err(InvalidTimeOfDay), "{text}");
        }
    }

    #[test]
    fn windows_are_put_in_order() {
        let hours = WorkingHours::parse(friday(vec![window("14:00", "18:00"), window("08:00", "14:00")])).unwrap();
        assert_eq!(hours.days().friday, [window("08:00", "14:00"), window("14:00", "18:00")]);
        let json = serde_json::to_value(&hours).unwrap();
        assert_eq!(json["friday"][0]["end"], "14:00");
        assert_eq!(serde_json::from_value::<WorkingHours>(json).unwrap(), hours);
    }

    #[test]
    fn windows_that_overlap_are_refused() {
        let at = |days| WorkingHours::parse(days).unwrap_err().pop().unwrap().pointer;
        assert_eq!(at(friday(vec![window("08:00", "12:00"), window("11:59", "18:00")])), "/friday/1/start");
        let night = Days {
            friday: vec![window("22:00", "06:00")],
            saturday: vec![window("05:00", "12:00")],
            ..Days::default()
        };
        assert_eq!(at(night), "/saturday/0/start");
        let around =
            Days { sunday: vec![window("20:00", "04:00")], monday: vec![window("03:00", "08:00")], ..Days::default() };
        assert_eq!(at(around), "/monday/0/start");
        assert_eq!(at(friday(vec![window("24:00", "06:00")])), "/friday/0/start");
        assert_eq!(at(friday(vec![window("08:00", "08:01"); 7])), "/friday");
    }

    #[test]
    fn a_company_may_never_close() {
        let day = || vec![window("00:00", "24:00")];
        let always = Days {
            monday: day(),
            tuesday: day(),
            wednesday: day(),
            thursday: day(),
            friday: day(),
            saturday: day(),
            sunday: day(),
        };
        assert!(WorkingHours::parse(always).is_ok());
    }

    #[test]
    fn a_change_names_days() {
        let patch = HoursPatch {
            friday: Patch::Clear,
            saturday: Patch::Set(vec![window("08:00", "12:00")]),
            ..Days::default()
        };
        let hours = WorkingHours::usual().changed(patch).unwrap();
        assert_eq!((hours.days().friday.len(), hours.days().saturday.len(), hours.days().monday.len()), (0, 1, 1));
    }

    proptest! {
        #[test]
        fn two_windows_of_a_day_overlap_or_are_taken(a in 0..1440_u16, b in 1..=1440_u16, c in 0..1440_u16, d in 1..=1440_u16) {
            prop_assume!(a < b && c < d);
            let windows = vec![
                DayHours { start: TimeOfDay(a), end: TimeOfDay(b) },
                DayHours { start: TimeOfDay(c), end: TimeOfDay(d) },
            ];
            prop_assert_eq!(WorkingHours::parse(friday(windows)).is_ok(), b <= c || d <= a);
        }
    }
}
