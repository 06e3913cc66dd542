//! A cell as a reader hands it over.

use std::borrow::Cow;
use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::numbers::damage_of;

/// A cell. What is text in the file stays text, so leading zeros are kept; blanks around it are left out, and text of
/// blanks alone is [`Cell::Empty`]. Formulas are never computed: a cell holds the result that was saved with it.
#[derive(Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A number, in plain decimal digits with a point (`-12.5`, never an exponent), as a spreadsheet shows it: of a fraction
    /// at most 15 significant digits. A format of zeros counts: 1234 in the format `000000` is `001234`, and 1310100 in
    /// `00000-000` is `01310100`. Of a workbook in binary records (XLSB) formats are not read, so there such zeros are lost.
    Number(String),
    /// A day.
    Date(NaiveDate),
    /// A day and a time, of no zone.
    DateTime(NaiveDateTime),
    /// A time of the day.
    Time(NaiveTime),
    /// Yes or no.
    Bool(bool),
    /// An error, as it is shown: `#REF!`.
    Error(String),
}

/// What a spreadsheet did to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// A fraction whose decimal mark became one of thousands: `13.348.799.999.999.900`.
    Grouped,
    /// An exponent, behind which digits may be lost: `1,23457E+10`.
    Exponent,
    /// More digits than a spreadsheet's number holds.
    Imprecise,
    /// A column that was too narrow: `#####`.
    Hidden,
}

impl Cell {
    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// As a person would type it into a text file: dates as `2026-03-01`, times as `08:30`, yes and no as `true` and `false`.
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) | Self::Number(text) | Self::Error(text) => Cow::Borrowed(text),
            Self::Date(date) => Cow::Owned(date.to_string()),
            Self::DateTime(at) => Cow::Owned(format!("{}T{}", at.date(), clock(at.time()))),
            Self::Time(time) => Cow::Owned(clock(*time)),
            Self::Bool(yes) => Cow::Borrowed(if *yes { "true" } else { "false" }),
        }
    }

    /// What a spreadsheet did to the number in it, if it did.
    pub fn damage(&self) -> Option<Damage> {
        match self {
            Self::Text(text) => damage_of(text),
            Self::Number(digits) => {
                let whole = !digits.contains('.');
                let long = digits.bytes().filter(u8::is_ascii_digit).skip_while(|b| *b == b'0').count() > 15;
                (whole && long).then_some(Damage::Imprecise)
            }
            _ => None,
        }
    }
}

/// Says what kind of cell it is, and nothing of what stands in it.
impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Text(_) => "Text(..)",
            Self::Number(_) => "Number(..)",
            Self::Date(_) => "Date(..)",
            Self::DateTime(_) => "DateTime(..)",
            Self::Time(_) => "Time(..)",
            Self::Bool(_) => "Bool(..)",
            Self::Error(_) => "Error(..)",
        })
    }
}

fn clock(time: NaiveTime) -> String {
    let format = if time.second() == 0 && time.nanosecond() == 0 { "%H:%M" } else { "%H:%M:%S%.f" };
    time.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt8_a_cell_is_shown_as_it_would_be_typed() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        assert_eq!(Cell::Date(day).shown(), "2026-03-01");
        assert_eq!(Cell::DateTime(day.and_hms_opt(8, 30, 0).unwrap()).shown(), "2026-03-01T08:30");
        assert_eq!(Cell::Time(NaiveTime::from_hms_opt(8, 30, 15).unwrap()).shown(), "08:30:15");
        assert_eq!(Cell::Text("00123".into()).shown(), "00123");
    }

    #[test]
    fn pt8_what_a_cell_holds_is_not_printed() {
        let printed = format!("{:?} {:?}", Cell::Text("Maria".into()), Cell::Number("52998224725".into()));
        assert_eq!(printed, "Text(..) Number(..)");
    }

    #[test]
    fn pt8_whole_numbers_beyond_a_spreadsheets_precision_are_damaged() {
        assert_eq!(Cell::Number("123456789012345".into()).damage(), None);
        assert_eq!(Cell::Number("1234567890123456".into()).damage(), Some(Damage::Imprecise));
        assert_eq!(Cell::Number("0.1234567890123456".into()).damage(), None);
        assert_eq!(Cell::Text("00001234567890123".into()).damage(), None);
    }
}
