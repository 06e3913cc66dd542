//! What a column's values look like, counted over all of them.

use serde::{Deserialize, Serialize};

use super::cell::{Cell, Damage};
use super::dates::{DateOrder, DateParts, parts_of};
use super::numbers::{DecimalMark, NumberError, proven_mark, read_number};

/// Counts over the values of a column, and what follows from them. Each value is looked at; a single one late in a file may
/// settle what all others left open.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnShape {
    /// Cells that are not empty.
    pub filled: u64,
    /// Of these, cells that the file itself says are numbers.
    pub numbers: u64,
    /// Cells that the file itself says are days or moments.
    pub dates: u64,
    /// Texts that are a date with one reading, year first or month in letters.
    pub certain_dates: u64,
    /// Texts that are a date only with the day first.
    pub day_first: u64,
    /// Texts that are a date only with the month first.
    pub month_first: u64,
    /// Texts that are a date either way.
    pub either_first: u64,
    /// Texts whose digits prove a decimal comma.
    pub commas: u64,
    /// Texts whose digits prove a decimal point.
    pub points: u64,
    /// Numbers with an exponent.
    pub exponents: u64,
    /// Numbers damaged in another way.
    pub damaged: u64,
    /// Negative numbers.
    pub negative: u64,
    /// Errors of formulas.
    pub errors: u64,
    /// Characters of the longest value.
    pub longest: u64,
}

/// As many times as often must one order of dates be proven before the other counts as a slip of the pen.
const SLIPS: u64 = 50;

impl ColumnShape {
    /// Counts a value in.
    pub fn note(&mut self, cell: &Cell) {
        match cell {
            Cell::Empty => return,
            Cell::Number(digits) => {
                self.numbers += 1;
                self.negative += u64::from(digits.starts_with('-'));
                self.damaged += u64::from(cell.damage().is_some());
            }
            Cell::Date(_) | Cell::DateTime(_) => self.dates += 1,
            Cell::Error(_) => self.errors += 1,
            Cell::Text(text) => self.note_text(text, cell.damage()),
            Cell::Time(_) | Cell::Bool(_) => {}
        }
        self.filled += 1;
        let length = match cell {
            Cell::Text(text) | Cell::Number(text) => text.chars().count(),
            _ => 0,
        };
        self.longest = self.longest.max(u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// Which of two numbers in the column's dates is the day. What can only be a slip (one in fifty) decides nothing.
    pub fn date_order(&self) -> DateOrder {
        match (self.day_first, self.month_first) {
            (0, 0) => DateOrder::Unknown,
            (day, month) if month.saturating_mul(SLIPS) <= day => DateOrder::DayFirst,
            (day, month) if day.saturating_mul(SLIPS) <= month => DateOrder::MonthFirst,
            _ => DateOrder::Contradictory,
        }
    }

    /// The decimal mark of the column, if its values prove one and only one.
    pub fn decimal_mark(&self) -> Option<DecimalMark> {
        match (self.commas, self.points) {
            (0, 1..) => Some(DecimalMark::Point),
            (1.., 0) => Some(DecimalMark::Comma),
            _ => None,
        }
    }

    /// A number of this column as plain digits with a decimal point. Where one value is damaged by separators of thousands,
    /// no other value with several of them is believed either: `-36.884.548` may have been -3.6884548.
    pub fn read_number(&self, text: &str) -> Result<String, NumberError> {
        let grouped =
            text.bytes().filter(|b| *b == b'.').count() > 1 || text.bytes().filter(|b| *b == b',').count() > 1;
        let number = read_number(text, self.decimal_mark())?;
        if grouped && self.damaged > 0 { Err(NumberError::Damaged(Damage::Grouped)) } else { Ok(number) }
    }

    fn note_text(&mut self, text: &str, damage: Option<Damage>) {
        match damage {
            Some(Damage::Exponent) => self.exponents += 1,
            Some(_) => self.damaged += 1,
            None => {}
        }
        let first = text.as_bytes().first().copied().unwrap_or_default();
        if !first.is_ascii_digit() && !matches!(first, b'-' | b'+' | b'.' | b',' | b'R' | b'$') {
            return;
        }
        if let Some(parts) = parts_of(text) {
            return self.note_date(parts);
        }
        if first == b'-'
            && text.len() > 1
            && text.bytes().skip(1).all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
        {
            self.negative += 1;
        }
        match proven_mark(text) {
            Some(DecimalMark::Comma) => self.commas += 1,
            Some(DecimalMark::Point) => self.points += 1,
            None => {}
        }
    }

    fn note_date(&mut self, parts: DateParts) {
        match parts {
            DateParts::Certain { .. } => self.certain_dates += 1,
            DateParts::Numbers { first, .. } if first > 12 => self.day_first += 1,
            DateParts::Numbers { second, .. } if second > 12 => self.month_first += 1,
            DateParts::Numbers { .. } => self.either_first += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(values: &[&str]) -> ColumnShape {
        let mut shape = ColumnShape::default();
        for value in values {
            shape.note(&Cell::Text((*value).to_owned()));
        }
        shape
    }

    #[test]
    fn pt8_one_value_settles_the_order_of_a_columns_dates() {
        assert_eq!(shape(&["03/04/1985", "05/06/1990"]).date_order(), DateOrder::Unknown);
        assert_eq!(shape(&["03/04/1985", "05/06/1990", "25/06/1990"]).date_order(), DateOrder::DayFirst);
        assert_eq!(shape(&["3/4/85", "5/28/90 10:00"]).date_order(), DateOrder::MonthFirst);
        assert_eq!(shape(&["25/06/1990", "06/25/1990"]).date_order(), DateOrder::Contradictory);
        let mut many = vec!["25/06/1990"; 50];
        many.push("06/25/1990");
        assert_eq!(shape(&many).date_order(), DateOrder::DayFirst);
    }

    #[test]
    fn pt8_a_columns_own_values_prove_its_decimal_mark() {
        assert_eq!(shape(&["1.234", "7"]).decimal_mark(), None);
        assert_eq!(shape(&["1.234", "7,5"]).decimal_mark(), Some(DecimalMark::Comma));
        assert_eq!(shape(&["1,234", "7.5"]).decimal_mark(), Some(DecimalMark::Point));
        assert_eq!(shape(&["7,5", "7.5"]).decimal_mark(), None);
        assert_eq!(shape(&["1.234", "7,5"]).read_number("1.234").as_deref(), Ok("1234"));
    }

    #[test]
    fn pt8_beside_a_damaged_number_no_grouped_one_is_believed() {
        let shape = shape(&["13.348.799.999.999.900", "12,5"]);
        assert_eq!(shape.damaged, 1);
        assert_eq!(shape.read_number("-36.884.548"), Err(NumberError::Damaged(Damage::Grouped)));
        assert_eq!(shape.read_number("12,5").as_deref(), Ok("12.5"));
    }

    #[test]
    fn pt8_identifiers_and_phones_are_neither_dates_nor_numbers() {
        let shape = shape(&["529.982.247-25", "+55 (11) 98888-7777", "00123", "01310-100", "12.ABC.345/01DE-35"]);
        assert_eq!((shape.commas, shape.points, shape.either_first, shape.certain_dates), (0, 0, 0, 0));
        assert_eq!(shape.filled, 5);
    }

    #[test]
    fn pt8_odd_numbers_are_counted() {
        let shape = shape(&["-1", "9377952927E-5", "51"]);
        assert_eq!((shape.negative, shape.exponents, shape.longest), (1, 1, 13));
    }
}
