//! The columns of a file with what they mean and how their values are read.

use chrono::{Datelike, NaiveDate};

use super::field::Field;
use super::mapping::Mapping;
use crate::model::Country;
use crate::model::table::{Cell, ColumnShape, DateOrder, DateText, read_date};
use crate::ports::tables::Sheet;

/// Why a row is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The title of the column; none when it is the whole row's.
    pub column: Option<String>,
    /// Its stable code.
    pub code: &'static str,
}

/// A column that is read.
#[derive(Debug, Clone)]
pub struct PlannedColumn {
    /// Its place in the file, from 0.
    pub index: usize,
    /// What it means.
    pub field: Field,
    /// What it is called in a report.
    pub title: String,
    /// What its values look like.
    pub shape: ColumnShape,
    /// Which of two numbers in its dates is the day.
    pub order: DateOrder,
}

/// How the rows of a file are read.
#[derive(Debug, Clone)]
pub struct Plan {
    columns: Vec<PlannedColumn>,
    country: Country,
    today: NaiveDate,
}

/// A cell with the column it stands in.
pub(super) struct Placed<'a> {
    pub(super) column: &'a PlannedColumn,
    pub(super) cell: &'a Cell,
}

/// Which of two numbers in a date is the day, where people write dates of which none tells.
pub fn default_order(country: Country) -> DateOrder {
    // The United States, their territories and the Philippines; everybody else who writes two numbers first has the day first.
    if matches!(country.as_str(), "US" | "PR" | "GU" | "VI" | "AS" | "MP" | "PH") {
        DateOrder::MonthFirst
    } else {
        DateOrder::DayFirst
    }
}

impl Plan {
    /// How to read this file. `order` is what its sender says of dates; else each column tells, and else the country does.
    pub fn new(sheet: &Sheet, mapping: &Mapping, country: Country, order: Option<DateOrder>, today: NaiveDate) -> Self {
        let planned =
            mapping.columns().enumerate().zip(&sheet.columns).filter(|((_, (_, field)), _)| *field != Field::IGNORE);
        let columns = planned.map(|((index, (title, field)), column)| PlannedColumn {
            index,
            field,
            title: title.to_owned(),
            order: order.unwrap_or_else(|| match column.shape.date_order() {
                DateOrder::Unknown => default_order(country),
                told => told,
            }),
            shape: column.shape.clone(),
        });
        Self { columns: columns.collect(), country, today }
    }

    /// The texts of a row as anybody reads them who does not know the file: dates in the form of ISO 8601.
    pub fn plain(&self, mut texts: Vec<String>) -> Vec<String> {
        for column in &self.columns {
            let Field::Known(word) = &column.field else { continue };
            let latest = match *word {
                "birth_date" | "death_date" => self.today.year(),
                "card_valid_until" => 2099,
                "start" | "date" | "end" => self.today.year() + 1,
                _ => continue,
            };
            if let Some(text) = texts.get_mut(column.index)
                && let Ok(DateText { date, time, offset: None }) = read_date(text.trim(), column.order, latest)
            {
                *text = time.map_or_else(|| date.to_string(), |time| format!("{date} {}", time.format("%H:%M:%S")));
            }
        }
        texts
    }

    /// The columns that are read.
    pub fn columns(&self) -> &[PlannedColumn] {
        &self.columns
    }

    /// The country by whose rules telephone numbers are read.
    pub fn country(&self) -> Country {
        self.country
    }

    /// The day on which it is read.
    pub fn today(&self) -> NaiveDate {
        self.today
    }

    /// The cells of a row that hold something, each with its column.
    pub(super) fn placed<'a>(&'a self, cells: &'a [Cell]) -> impl Iterator<Item = Placed<'a>> {
        let filled = |column: &'a PlannedColumn| cells.get(column.index).map(|cell| Placed { column, cell });
        self.columns.iter().filter_map(filled).filter(|placed| !placed.cell.is_empty())
    }
}

impl Placed<'_> {
    pub(super) fn fault(&self, code: &'static str) -> RowFault {
        RowFault { column: Some(self.column.title.clone()), code }
    }

    /// The text of the cell; a sign that a spreadsheet would have taken for a formula, and that an export has therefore put an
    /// apostrophe before, loses it again.
    pub(super) fn text(&self) -> Result<String, RowFault> {
        if matches!(self.cell, Cell::Error(_)) {
            return Err(self.fault("error_cell"));
        }
        let text = self.cell.shown();
        let bare = text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r']));
        Ok(bare.unwrap_or(&text).trim().to_owned())
    }

    /// The date in the cell, and the time behind it.
    pub(super) fn moment(&self, latest_year: i32) -> Result<DateText, RowFault> {
        match self.cell {
            Cell::Date(date) => Ok(DateText { date: *date, time: None, offset: None }),
            Cell::DateTime(at) => Ok(DateText { date: at.date(), time: Some(at.time()), offset: None }),
            _ => match read_date(&self.text()?, self.column.order, latest_year) {
                Ok(read) => Ok(read),
                Err(_) => Err(self.fault("invalid_date")),
            },
        }
    }

    /// A day that is not after `today`.
    pub(super) fn past_day(&self, today: NaiveDate) -> Result<NaiveDate, RowFault> {
        Ok(self.moment(today.year())?.date)
    }

    /// The number in the cell; a damaged one is refused.
    pub(super) fn number(&self) -> Result<f64, RowFault> {
        let digits = match self.cell {
            Cell::Number(digits) => digits.clone(),
            _ => match self.column.shape.read_number(&self.text()?) {
                Ok(digits) => digits,
                Err(_) => return Err(self.fault("damaged_number")),
            },
        };
        digits.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| self.fault("invalid_number"))
    }
}
