//! Numbers and days of workbooks, as cells.

use chrono::{Days, NaiveDate, NaiveTime};
use patients::model::table::Cell;
use patients::ports::tables::Epoch;

/// Digits that a spreadsheet shows of a fraction.
const SIGNIFICANT: usize = 15;
/// Beyond so many places a number is written as it came.
const PLACES: i32 = 40;
const MILLISECONDS_OF_A_DAY: f64 = 86_400_000.0;
/// 9999-12-31, counted from 1900.
const LAST_DAY: f64 = 2_958_466.0;

/// What a number of days and fractions of a day stands for.
#[derive(Debug)]
pub enum Moment {
    /// A cell.
    Cell(Cell),
    /// A day that only the workbook's calendar has.
    Impossible(Cell),
}

/// A number: whole ones with all their digits, others with the fifteen that a spreadsheet shows.
pub fn number(value: f64) -> Cell {
    if !value.is_finite() {
        return Cell::Error("#NUM!".to_owned());
    }
    if value.fract() == 0.0 && value.abs() < 1e30 {
        return Cell::Number(format!("{:.0}", if value == 0.0 { 0.0 } else { value }));
    }
    plain(&format!("{value:.*e}", SIGNIFICANT - 1))
}

/// The same, with zeros before it up to `width` digits, as a format of zeros shows it.
pub fn padded(value: f64, width: usize) -> Cell {
    match number(value) {
        Cell::Number(digits) if value >= 0.0 && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Cell::Number(format!("{digits:0>width$}"))
        }
        cell => cell,
    }
}

/// A number that may have an exponent, in plain digits; far too large or small ones as text, as they came.
pub fn plain(text: &str) -> Cell {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let Some(exponent) = exponent.parse::<i32>().ok().filter(|exponent| exponent.abs() <= PLACES) else {
        return Cell::Text(text.to_owned());
    };
    let (sign, unsigned) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).unwrap_or(PLACES) + exponent;
    let (whole, fraction) = place_point(&digits, point);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    let sign = if whole == "0" && fraction.is_empty() { "" } else { sign };
    Cell::Number(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

fn place_point(digits: &str, point: i32) -> (String, String) {
    match usize::try_from(point) {
        Ok(point) if point >= digits.len() => (format!("{digits:0<point$}"), String::new()),
        Ok(point) => {
            let (whole, fraction) = digits.split_at_checked(point).unwrap_or((digits, ""));
            (whole.to_owned(), fraction.to_owned())
        }
        Err(_) => {
            let zeros = usize::try_from(point.unsigned_abs()).unwrap_or(0);
            (String::new(), format!("{}{digits}", "0".repeat(zeros)))
        }
    }
}

/// Days since the epoch. Within the first of them it is a time of the day.
pub fn moment(value: f64, epoch: Epoch) -> Moment {
    if !(0.0..LAST_DAY).contains(&value) {
        return Moment::Cell(number(value));
    }
    let (mut day, mut part) = (value.floor(), (value.fract() * MILLISECONDS_OF_A_DAY).round());
    if part >= MILLISECONDS_OF_A_DAY {
        (day, part) = (day + 1.0, 0.0);
    }
    let (Some(days), Some(time)) = (whole(day), whole(part).and_then(time_of)) else {
        return Moment::Cell(number(value));
    };
    if value < 1.0 && days == 0 {
        return Moment::Cell(Cell::Time(time));
    }
    if days == 60 && epoch == Epoch::Y1900 {
        return Moment::Impossible(Cell::Text("1900-02-29".to_owned()));
    }
    let zero = match epoch {
        Epoch::Y1904 => NaiveDate::from_ymd_opt(1904, 1, 1),
        Epoch::Y1900 if days < 60 => NaiveDate::from_ymd_opt(1899, 12, 31),
        Epoch::Y1900 => NaiveDate::from_ymd_opt(1899, 12, 30),
    };
    Moment::Cell(match zero.and_then(|zero| zero.checked_add_days(Days::new(days))) {
        Some(date) if time == NaiveTime::MIN => Cell::Date(date),
        Some(date) => Cell::DateTime(date.and_time(time)),
        None => number(value),
    })
}

/// A stretch of time in days: within a day a time, beyond it hours, minutes and seconds (`26:30:00`).
pub fn elapsed(value: f64) -> Cell {
    let seconds = (value.abs() * 86_400.0).round();
    match whole(seconds) {
        Some(seconds) if (0.0..1.0).contains(&value) && seconds < 86_400 => {
            time_of(seconds * 1_000).map_or_else(|| number(value), Cell::Time)
        }
        Some(seconds) => {
            let sign = if value < 0.0 { "-" } else { "" };
            Cell::Text(format!("{sign}{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60))
        }
        None => number(value),
    }
}

fn time_of(milliseconds: u64) -> Option<NaiveTime> {
    let seconds = u32::try_from(milliseconds / 1_000).ok()?;
    let nanoseconds = u32::try_from(milliseconds % 1_000).ok()? * 1_000_000;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds)
}

/// A whole number that a float holds exactly.
fn whole(value: f64) -> Option<u64> {
    (0.0..9e15).contains(&value).then(|| format!("{value:.0}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn digits(cell: &Cell) -> String {
        match cell {
            Cell::Number(digits) => digits.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pt8_exponents_become_plain_digits() {
        for (text, plainly) in [
            ("1e3", "1000"),
            ("-1.50E-3", "-0.0015"),
            ("12.340", "12.34"),
            ("-0.0", "0"),
            ("0012", "12"),
            ("1.5e1", "15"),
        ] {
            assert_eq!(digits(&plain(text)), plainly, "{text}");
        }
        assert_eq!(plain("1e999"), Cell::Text("1e999".into()));
    }

    proptest! {
        #[test]
        fn pt8_a_number_keeps_fifteen_digits(value in -1e12_f64..1e12) {
            let read: f64 = digits(&number(value)).parse().unwrap();
            prop_assert!((read - value).abs() <= value.abs() * 1e-14);
            prop_assert!(!digits(&number(value)).contains('e'));
        }

        #[test]
        fn pt8_whole_numbers_keep_all_digits(value in 0_u32..u32::MAX, thousands in 0_u32..1_000_000) {
            let whole = u64::from(value) * 1_000 + u64::from(thousands) % 1_000;
            let cell = number(f64::from(value) * 1_000.0 + f64::from(thousands % 1_000));
            prop_assert_eq!(digits(&cell), whole.to_string());
        }

        #[test]
        fn pt8_every_day_is_read_back(day in 61_u32..2_958_465) {
            let Moment::Cell(Cell::Date(date)) = moment(f64::from(day), Epoch::Y1900) else { panic!("{day}") };
            let first = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap();
            prop_assert_eq!((date - first).num_days(), i64::from(day));
        }
    }
}
