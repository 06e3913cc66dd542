//! Dates of birth.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::redacted::redacted_debug;

/// A calendar date of birth, from 1870-01-01 to the day on which it was written down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BirthDate(NaiveDate);

/// Why a text or date is no date of birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BirthDateError {
    /// Not `YYYY-MM-DD`, or no day of the calendar.
    #[error("not a calendar date")]
    NotADate,
    /// After today.
    #[error("the date of birth is in the future")]
    InFuture,
    /// Before 1870-01-01; nobody alive or in living memory was born earlier.
    #[error("the date of birth is too long ago")]
    TooOld,
}

impl BirthDateError {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotADate => "invalid_date",
            Self::InFuture => "in_future",
            Self::TooOld => "too_old",
        }
    }
}

redacted_debug!(BirthDate);

impl BirthDate {
    /// Reads `YYYY-MM-DD`; `today` is the date at the clinic.
    pub fn parse(raw: &str, today: NaiveDate) -> Result<Self, BirthDateError> {
        let padded = raw.len() == 10 && raw.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        match NaiveDate::parse_from_str(raw, "%Y-%m-%d") {
            Ok(date) if padded => Self::try_new(date, today),
            _ => Err(BirthDateError::NotADate),
        }
    }

    /// Checks a date; `today` is the date at the clinic.
    pub fn try_new(date: NaiveDate, today: NaiveDate) -> Result<Self, BirthDateError> {
        if date > today {
            return Err(BirthDateError::InFuture);
        }
        if NaiveDate::from_ymd_opt(1870, 1, 1).is_some_and(|earliest| date < earliest) {
            return Err(BirthDateError::TooOld);
        }
        Ok(Self(date))
    }

    /// A date of birth as it was stored.
    pub fn from_stored(date: NaiveDate) -> Self {
        Self(date)
    }

    /// The calendar date.
    pub fn date(self) -> NaiveDate {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn dates_from_1870_to_today_are_read() {
        let today = day(2026, 11, 22);
        for raw in ["1870-01-01", "1996-02-29", "2026-11-22"] {
            assert_eq!(BirthDate::parse(raw, today).unwrap().date().to_string(), raw);
        }
        assert_eq!(BirthDate::parse("1869-12-31", today), Err(BirthDateError::TooOld));
        assert_eq!(BirthDate::parse("2026-11-23", today), Err(BirthDateError::InFuture));
    }

    #[test]
    fn other_texts_are_refused() {
        let today = day(2026, 11, 22);
        for raw in ["", "1997-02-29", "29/02/1996", "1996-2-29", "1996-13-01", "+1996-1-01", "1996-02-29T00:00:00Z"] {
            assert_eq!(BirthDate::parse(raw, today), Err(BirthDateError::NotADate), "{raw}");
        }
    }

    #[test]
    fn debug_shows_no_date() {
        assert_eq!(format!("{:?}", BirthDate::from_stored(day(1996, 2, 29))), "BirthDate(..)");
    }
}
