//! Dates as people write them in text.

use chrono::{FixedOffset, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Which of two numbers in a date is the day, as a column's own values tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `31/12/2026`
    DayFirst,
    /// `12/31/2026`
    MonthFirst,
    /// No value tells: the reader's country has to.
    Unknown,
    /// Some values can only be the one, others only the other: no value of the column is to be guessed.
    Contradictory,
}

/// A date, and what else a text said of the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateText {
    /// The day.
    pub date: NaiveDate,
    /// The time of the day, if one stands there.
    pub time: Option<NaiveTime>,
    /// The distance from Greenwich, if one stands there.
    pub offset: Option<FixedOffset>,
}

/// The text is no date in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a date")]
pub struct InvalidDate;

/// The parts of a date as they stand there, before anybody knows their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateParts {
    /// Year first, or a month in letters: there is but one reading.
    Certain { year: i32, month: u32, day: u32 },
    /// Two numbers and a year.
    Numbers { first: u32, second: u32, year: i32, century: bool },
}

/// Months in English, Portuguese and French, without accents, by letters that no other month begins with.
const MONTHS: &[(&str, u32)] = &[
    ("jan", 1),
    ("feb", 2),
    ("fev", 2),
    ("mar", 3),
    ("apr", 4),
    ("abr", 4),
    ("avr", 4),
    ("may", 5),
    ("mai", 5),
    ("jun", 6),
    ("juin", 6),
    ("jul", 7),
    ("juil", 7),
    ("aug", 8),
    ("ago", 8),
    ("aou", 8),
    ("sep", 9),
    ("set", 9),
    ("oct", 10),
    ("out", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
];

/// Reads a date, with a time behind it if there is one. A year of two digits is the last one that is not after
/// `latest_year`. [`DateOrder::Unknown`] and [`DateOrder::Contradictory`] read only what has one reading.
pub fn read_date(text: &str, order: DateOrder, latest_year: i32) -> Result<DateText, InvalidDate> {
    let (day, rest) = split_time(text.trim());
    let parts = date_parts(day).ok_or(InvalidDate)?;
    let date = match parts {
        DateParts::Certain { year, month, day } => NaiveDate::from_ymd_opt(year, month, day),
        DateParts::Numbers { first, second, year, century } => {
            let year = if century { year } else { in_century(year, latest_year) };
            match order {
                DateOrder::DayFirst => NaiveDate::from_ymd_opt(year, second, first),
                DateOrder::MonthFirst => NaiveDate::from_ymd_opt(year, first, second),
                DateOrder::Unknown | DateOrder::Contradictory if first == second => {
                    NaiveDate::from_ymd_opt(year, first, second)
                }
                DateOrder::Unknown if first > 12 => NaiveDate::from_ymd_opt(year, second, first),
                DateOrder::Unknown if second > 12 => NaiveDate::from_ymd_opt(year, first, second),
                DateOrder::Unknown | DateOrder::Contradictory => None,
            }
        }
    };
    let (time, offset) = match rest {
        None => (None, None),
        Some(rest) => read_time(rest).ok_or(InvalidDate)?,
    };
    Ok(DateText { date: date.ok_or(InvalidDate)?, time, offset })
}

/// The parts of a text that is written like a date, whether or not the calendar has such a day.
pub(super) fn parts_of(text: &str) -> Option<DateParts> {
    if text.len() < 6 || text.len() > 40 || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (day, rest) = split_time(text);
    if rest.is_some_and(|rest| read_time(rest).is_none()) {
        return None;
    }
    date_parts(day)
}

fn split_time(text: &str) -> (&str, Option<&str>) {
    let at = text.char_indices().find(|(at, c)| {
        let follows_digit = text.get(..*at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_digit()));
        let before_time = text
            .get(at + c.len_utf8()..)
            .is_some_and(|after| after.contains(':') && after.trim_start().starts_with(|c: char| c.is_ascii_digit()));
        matches!(c, ' ' | 'T' | 't') && follows_digit && before_time
    });
    match at.and_then(|(at, _)| text.split_at_checked(at)) {
        Some((day, rest)) => (day, rest.get(1..)),
        None => (text, None),
    }
}

fn date_parts(text: &str) -> Option<DateParts> {
    let mut pieces = text.split(['/', '-', '.', ' ']).filter(|piece| !piece.is_empty() && *piece != "de");
    let (first, second, third) = (pieces.next()?, pieces.next()?, pieces.next()?);
    if pieces.next().is_some() {
        return None;
    }
    if let Some(month) = month_in_letters(second) {
        return Some(DateParts::Certain { year: full_year(third)?, month, day: number(first, 2)? });
    }
    if first.len() == 4 {
        return Some(DateParts::Certain { year: full_year(first)?, month: number(second, 2)?, day: number(third, 2)? });
    }
    let year = match third.len() {
        2 => i32::try_from(number(third, 2)?).ok()?,
        _ => full_year(third)?,
    };
    let (first, second) = (number(first, 2)?, number(second, 2)?);
    let possible = (1..=31).contains(&first) && (1..=31).contains(&second) && (first <= 12 || second <= 12);
    possible.then_some(DateParts::Numbers { first, second, year, century: third.len() == 4 })
}

fn number(text: &str, most: usize) -> Option<u32> {
    (text.len() <= most && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn full_year(text: &str) -> Option<i32> {
    (text.len() == 4).then(|| number(text, 4)).flatten().and_then(|year| i32::try_from(year).ok())
}

/// The last year with these two digits that is not after `latest`.
fn in_century(two_digits: i32, latest: i32) -> i32 {
    latest - (latest - two_digits).rem_euclid(100)
}

fn month_in_letters(text: &str) -> Option<u32> {
    if text.len() < 3 || text.len() > 12 || text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let plain: String = text
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            'é' | 'ê' => Some('e'),
            'û' | 'ü' => Some('u'),
            'ç' => Some('c'),
            c if c.is_ascii_alphabetic() => Some(c),
            _ => None,
        })
        .collect();
    MONTHS.iter().find(|(letters, _)| plain.starts_with(letters)).map(|(_, month)| *month)
}

fn read_time(text: &str) -> Option<(Option<NaiveTime>, Option<FixedOffset>)> {
    let text = text.trim();
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((Some(clock_time(clock.trim_end())?), FixedOffset::east_opt(0)));
    }
    let sign = text.rfind(['+', '-']).filter(|at| *at > 0);
    if let Some((clock, offset)) = sign.and_then(|at| text.split_at_checked(at)) {
        let east = if offset.starts_with('-') { -1 } else { 1 };
        let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
        let (hours, minutes) = (digits.get(..2)?.parse::<i32>().ok()?, digits.get(2..)?);
        let minutes = if minutes.is_empty() { 0 } else { minutes.parse::<i32>().ok().filter(|m| *m < 60)? };
        let offset = FixedOffset::east_opt(east * (hours * 3600 + minutes * 60))?;
        return Some((Some(clock_time(clock)?), Some(offset)));
    }
    Some((Some(clock_time(text)?), None))
}

fn clock_time(text: &str) -> Option<NaiveTime> {
    let upper = text.to_ascii_uppercase();
    let (clock, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(clock), _) => (clock.trim_end(), Some(0)),
        (_, Some(clock)) => (clock.trim_end(), Some(12)),
        _ => (upper.as_str(), None),
    };
    let mut pieces = clock.split(':');
    let hour = number(pieces.next()?, 2)?;
    let minute = number(pieces.next()?, 2)?;
    let seconds = pieces.next().unwrap_or("0");
    let (second, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
    if pieces.next().is_some() || fraction.len() > 9 {
        return None;
    }
    let nanos = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}").parse().ok()? };
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    NaiveTime::from_hms_nano_opt(hour, minute, number(second, 2)?, nanos)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str, order: DateOrder) -> Option<String> {
        read_date(text, order, 2026).ok().map(|read| read.date.to_string())
    }

    #[test]
    fn pt8_day_and_month_are_read_in_the_order_of_their_column() {
        for (text, order, date) in [
            ("03/04/1985", DateOrder::DayFirst, Some("1985-04-03")),
            ("03/04/1985", DateOrder::MonthFirst, Some("1985-03-04")),
            ("3-4-85", DateOrder::DayFirst, Some("1985-04-03")),
            ("01.02.26", DateOrder::DayFirst, Some("2026-02-01")),
            ("01.02.27", DateOrder::DayFirst, Some("1927-02-01")),
            ("31/12/1999", DateOrder::MonthFirst, None),
            ("1985-04-03", DateOrder::MonthFirst, Some("1985-04-03")),
            ("1985/4/3", DateOrder::DayFirst, Some("1985-04-03")),
            ("05/mar/85", DateOrder::DayFirst, None),
            ("05-mar-1985", DateOrder::Unknown, Some("1985-03-05")),
            ("5 de março de 1985", DateOrder::Unknown, Some("1985-03-05")),
            ("1 février 2001", DateOrder::Unknown, Some("2001-02-01")),
            ("03/04/1985", DateOrder::Unknown, None),
            ("03/04/1985", DateOrder::Contradictory, None),
            ("31/04/1985", DateOrder::Unknown, None),
            ("30/04/1985", DateOrder::Unknown, Some("1985-04-30")),
            ("05/05/1985", DateOrder::Unknown, Some("1985-05-05")),
            ("29/02/1900", DateOrder::DayFirst, None),
            ("1985-13-01", DateOrder::DayFirst, None),
        ] {
            assert_eq!(day(text, order).as_deref(), date, "{text}");
        }
    }

    #[test]
    fn pt8_a_time_behind_the_date_is_read() {
        let read = read_date("10/11/2015 2:05 PM", DateOrder::DayFirst, 2026).unwrap();
        assert_eq!(read.time, NaiveTime::from_hms_opt(14, 5, 0));
        let read = read_date("2015-11-10T07:13:56Z", DateOrder::Unknown, 2026).unwrap();
        assert_eq!((read.time, read.offset), (NaiveTime::from_hms_opt(7, 13, 56), FixedOffset::east_opt(0)));
        let read = read_date("2015-11-10 07:13:56.25-03:00", DateOrder::Unknown, 2026).unwrap();
        assert_eq!(read.offset, FixedOffset::east_opt(-3 * 3600));
        assert_eq!(read.time, NaiveTime::from_hms_milli_opt(7, 13, 56, 250));
        for text in ["2015-11-10 25:00", "2015-11-10 10:61", "2015-11-10 13:00 PM", "2015-11-10 10:00 hours"] {
            assert_eq!(read_date(text, DateOrder::Unknown, 2026), Err(InvalidDate), "{text}");
        }
    }

    proptest! {
        #[test]
        fn pt8_a_written_date_is_read_again(days in 0_i32..60_000, short in any::<bool>()) {
            let date = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Days::new(days.unsigned_abs().into());
            let format = if short { "%-d/%-m/%Y" } else { "%d.%m.%Y" };
            let read = read_date(&date.format(format).to_string(), DateOrder::DayFirst, 2100);
            prop_assert_eq!(read.map(|read| read.date), Ok(date));
        }

        #[test]
        fn pt8_no_text_breaks_the_reading_of_dates(text in "\\PC*") {
            let certain = read_date(&text, DateOrder::Unknown, 2026);
            if let Ok(certain) = certain {
                prop_assert!(parts_of(text.trim()).is_some() || certain.time.is_some() || text.len() < 6 || text.len() > 40);
            }
        }
    }
}
