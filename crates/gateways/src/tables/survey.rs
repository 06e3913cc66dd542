//! One pass over a table: where its titles stand, what its columns look like, and what is odd.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use patients::model::table::{Cell, ColumnShape, DateOrder};
use patients::ports::tables::{Column, HeaderAsk, Quirk, QuirkKind, TableError};

use super::cells::{Meter, Row};
use super::limits;

/// What is known of a table so far.
#[derive(Debug)]
pub struct Survey {
    ask: HeaderAsk,
    decided: bool,
    waiting: Vec<Row>,
    header: Option<(u64, Vec<String>)>,
    header_fields: usize,
    shapes: Vec<ColumnShape>,
    rows: u64,
    meter: Meter,
    seen: HashSet<u64>,
    hasher: RandomState,
    quirks: Quirks,
}

/// What a survey found.
#[derive(Debug)]
pub struct Found {
    /// The line of the titles.
    pub header_line: Option<u64>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Rows below the titles that hold something.
    pub rows: u64,
    /// What is odd.
    pub quirks: Quirks,
}

/// Odd things, counted.
#[derive(Debug, Default)]
pub struct Quirks(BTreeMap<(QuirkKind, Option<usize>), (u64, u64)>);

impl Quirks {
    /// Counts something odd in; `line` is where, counted from 1, or 0.
    pub fn note(&mut self, kind: QuirkKind, column: Option<usize>, count: u64, line: u64) {
        if count > 0 {
            self.0.entry((kind, column)).or_insert((0, line)).0 += count;
        }
    }

    /// As a list, in a fixed order.
    pub fn into_list(self) -> Vec<Quirk> {
        let quirk = |((kind, column), (count, first_line))| Quirk { kind, column, count, first_line };
        self.0.into_iter().map(quirk).collect()
    }
}

impl Survey {
    /// Of a table that has not been looked at.
    pub fn new(ask: HeaderAsk) -> Self {
        Self {
            ask,
            decided: false,
            waiting: Vec::new(),
            header: None,
            header_fields: 0,
            shapes: Vec::new(),
            rows: 0,
            meter: Meter::default(),
            seen: HashSet::new(),
            hasher: RandomState::new(),
            quirks: Quirks::default(),
        }
    }

    /// Looks at the next row.
    pub fn take(&mut self, row: Row) -> Result<(), TableError> {
        if row.is_empty() {
            return Ok(());
        }
        self.meter.count(&row)?;
        match self.ask {
            _ if self.decided => self.note(&row),
            HeaderAsk::Absent => {
                self.decided = true;
                self.note(&row);
            }
            HeaderAsk::Line(line) if row.line < line => self.note_above(&row),
            HeaderAsk::Line(line) => {
                self.decided = true;
                self.header = Some((line, Vec::new()));
                if row.line == line { self.titled_by(&row) } else { self.note(&row) }
            }
            HeaderAsk::Detect => {
                self.waiting.push(row);
                if self.waiting.len() >= limits::SAMPLE_ROWS {
                    self.decide();
                }
            }
        }
        Ok(())
    }

    /// Whether a row with something in it was seen.
    pub fn is_empty(&self) -> bool {
        !self.decided && self.waiting.is_empty()
    }

    /// What was found.
    pub fn finish(mut self) -> Found {
        if !self.decided {
            self.decide();
        }
        let (header_line, titles) = match self.header {
            Some((line, titles)) => (Some(line), titles),
            None => (None, Vec::new()),
        };
        let width = self.shapes.len().max(titles.len());
        self.shapes.resize_with(width, ColumnShape::default);
        let mut titles = titles.into_iter();
        let columns: Vec<Column> =
            self.shapes.into_iter().map(|shape| Column { title: titles.next().unwrap_or_default(), shape }).collect();
        note_columns(&columns, header_line, &mut self.quirks);
        Found { header_line, columns, rows: self.rows, quirks: self.quirks }
    }

    fn decide(&mut self) {
        self.decided = true;
        let waiting = std::mem::take(&mut self.waiting);
        if let Some(header) = find_header(&waiting).and_then(|at| waiting.get(at)) {
            self.titled_by(header);
        }
        let first = self.header.as_ref().map_or(0, |(line, _)| *line);
        for row in &waiting {
            if row.line < first {
                self.note_above(row);
            } else if row.line > first {
                self.note(row);
            }
        }
    }

    fn titled_by(&mut self, row: &Row) {
        self.header = Some((row.line, row.cells.iter().map(title).collect()));
        self.header_fields = row.fields;
    }

    fn note_above(&mut self, row: &Row) {
        self.quirks.note(QuirkKind::LinesAboveHeader, None, 1, row.line);
    }

    fn note(&mut self, row: &Row) {
        self.rows += 1;
        if self.shapes.len() < row.cells.len() {
            self.shapes.resize_with(row.cells.len(), ColumnShape::default);
        }
        for (at, (cell, shape)) in row.cells.iter().zip(&mut self.shapes).enumerate() {
            let (exponents, damaged, negative) = (shape.exponents, shape.damaged, shape.negative);
            shape.note(cell);
            let quirks = &mut self.quirks;
            let line = row.line;
            quirks.note(QuirkKind::Exponents, Some(at), shape.exponents - exponents, line);
            quirks.note(QuirkKind::DamagedNumbers, Some(at), shape.damaged - damaged, line);
            quirks.note(QuirkKind::NegativeNumbers, Some(at), shape.negative - negative, line);
            quirks.note(QuirkKind::ErrorCells, Some(at), u64::from(matches!(cell, Cell::Error(_))), line);
        }
        self.quirks.note(QuirkKind::PaddedValues, None, row.padded, row.line);
        self.quirks.note(QuirkKind::ImpossibleDays, None, row.impossible, row.line);
        let ragged = self.header_fields > 0 && row.fields != self.header_fields;
        self.quirks.note(QuirkKind::RaggedRows, None, u64::from(ragged), row.line);
        self.note_repeated(row);
    }

    fn note_repeated(&mut self, row: &Row) {
        let mut hash = self.hasher.build_hasher();
        for cell in &row.cells {
            cell.shown().hash(&mut hash);
        }
        let hash = hash.finish();
        if self.seen.contains(&hash) {
            self.quirks.note(QuirkKind::RepeatedRows, None, 1, row.line);
        } else if self.seen.len() < limits::REMEMBERED_ROWS {
            self.seen.insert(hash);
        }
    }
}

/// The title in a cell: one line, without blanks around it.
fn title(cell: &Cell) -> String {
    cell.shown().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn note_columns(columns: &[Column], header_line: Option<u64>, quirks: &mut Quirks) {
    if header_line.is_none() {
        quirks.note(QuirkKind::NoHeader, None, 1, 0);
    }
    let mut titles = HashSet::new();
    for (at, column) in columns.iter().enumerate() {
        let line = header_line.unwrap_or(0);
        let untitled = column.title.is_empty() && column.shape.filled > 0 && header_line.is_some();
        quirks.note(QuirkKind::UntitledColumn, Some(at), u64::from(untitled), line);
        let repeated = !column.title.is_empty() && !titles.insert(column.title.to_lowercase());
        quirks.note(QuirkKind::RepeatedTitle, Some(at), u64::from(repeated), line);
        let shape = &column.shape;
        match shape.date_order() {
            DateOrder::Unknown => quirks.note(QuirkKind::AmbiguousDates, Some(at), shape.either_first, 0),
            DateOrder::Contradictory => {
                let count = shape.day_first + shape.month_first;
                quirks.note(QuirkKind::ContradictoryDates, Some(at), count, 0);
            }
            DateOrder::DayFirst | DateOrder::MonthFirst => {}
        }
        // A column that is mostly negative means it: longitudes of the Americas.
        if shape.negative * 2 > shape.filled {
            quirks.0.remove(&(QuirkKind::NegativeNumbers, Some(at)));
        }
        let contradictory = shape.commas.min(shape.points);
        quirks.note(QuirkKind::ContradictoryDecimals, Some(at), contradictory, 0);
    }
}

/// Which of the first rows holds the titles: of those above the first row of data that look like titles, the one that
/// fills most columns; where all is text, the first row that fills almost all columns that are ever filled.
fn find_header(rows: &[Row]) -> Option<usize> {
    let filled = |row: &Row| row.cells.iter().filter(|cell| !cell.is_empty()).count();
    let widest = rows.iter().map(filled).max()?;
    let data = rows.iter().position(|row| 2 * filled(row) >= widest && !looks_like_titles(row));
    let candidates = rows.get(..data.unwrap_or(rows.len()))?;
    let enough = if data.is_some() { (widest / 2).max(1) } else { (widest * 9).div_ceil(10) };
    let mut best: Option<(usize, usize)> = None;
    for (at, row) in candidates.iter().enumerate().filter(|(_, row)| filled(row) >= enough && looks_like_titles(row)) {
        if best.is_none_or(|(_, most)| filled(row) > most) {
            best = Some((at, filled(row)));
        }
    }
    best.map(|(at, _)| at)
}

/// Whether all that stands in a row is short text that begins with a letter and does not come twice too often.
fn looks_like_titles(row: &Row) -> bool {
    let mut seen = HashSet::new();
    let mut texts = 0_usize;
    for cell in &row.cells {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) if is_a_title(text) => {
                texts += 1;
                seen.insert(text.to_lowercase());
            }
            _ => return false,
        }
    }
    texts > 0 && seen.len() * 2 > texts
}

fn is_a_title(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    text.len() <= limits::TITLE && letters > 0 && letters >= digits && !text.contains('@')
}
