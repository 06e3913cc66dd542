//! Rows as the readers make them.

use std::ops::Range;

use patients::model::table::Cell;
use patients::ports::tables::TableError;

use super::limits;

/// A row: its line, its cells without the empty ones at its end, and what was seen while it was read.
#[derive(Debug, Default)]
pub struct Row {
    /// Counted from 1.
    pub line: u64,
    /// From the first column to the last that holds something.
    pub cells: Vec<Cell>,
    /// Fields of a text, also empty ones; 0 where rows have no width of their own.
    pub fields: usize,
    /// Values that had blanks around them.
    pub padded: u64,
    /// Days that no calendar has.
    pub impossible: u64,
    /// Bytes of its texts; counted before they are copied.
    bytes: usize,
}

impl Row {
    /// An empty row.
    pub fn at(line: u64) -> Self {
        Self { line, ..Self::default() }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Puts a cell into a column, counted from 0. An empty one is left out.
    pub fn put(&mut self, column: usize, cell: Cell) -> Result<(), TableError> {
        self.put_into(column..column.saturating_add(1), cell)
    }

    /// Puts the same cell into several columns, counted from 0. What would make the row too long is never copied.
    pub fn put_into(&mut self, columns: Range<usize>, cell: Cell) -> Result<(), TableError> {
        if cell.is_empty() || columns.is_empty() {
            return Ok(());
        }
        if columns.end > limits::COLUMNS {
            return Err(TableError::TooManyColumns { limit: limits::COLUMNS });
        }
        let bytes = self.bytes.saturating_add(size(&cell).saturating_mul(columns.len()));
        if bytes > limits::ROW_BYTES {
            return Err(TableError::RowTooLong { line: self.line });
        }
        self.bytes = bytes;
        if self.cells.len() < columns.end {
            self.cells.resize(columns.end, Cell::Empty);
        }
        if let Some(places) = self.cells.get_mut(columns) {
            places.fill(cell);
        }
        Ok(())
    }

    /// A cell of this text: without blanks around it, and without the NULs with which some programs fill a field. A text
    /// that alone is longer than a row is not copied.
    pub fn text(&mut self, text: &str) -> Result<Cell, TableError> {
        let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
        self.padded += u64::from(trimmed.len() < text.len() && !trimmed.is_empty());
        if trimmed.is_empty() {
            return Ok(Cell::Empty);
        }
        if trimmed.len() > limits::ROW_BYTES {
            return Err(TableError::RowTooLong { line: self.line });
        }
        Ok(Cell::Text(if trimmed.contains('\0') { trimmed.replace('\0', "") } else { trimmed.to_owned() }))
    }

    /// The same row in another line.
    pub fn repeated_at(&self, line: u64) -> Self {
        Self { line, cells: self.cells.clone(), padded: self.padded, bytes: self.bytes, ..Self::default() }
    }

    /// Its cells, as many as the table has columns.
    pub fn padded_to(mut self, width: usize) -> Vec<Cell> {
        self.cells.resize(width, Cell::Empty);
        self.cells
    }
}

/// Counts what passes, and ends what is more than a table is.
#[derive(Debug, Default)]
pub struct Meter {
    rows: u64,
    cells: u64,
    text: u64,
}

impl Meter {
    /// Counts a row in.
    pub fn count(&mut self, row: &Row) -> Result<(), TableError> {
        self.rows += 1;
        self.cells += u64::try_from(row.cells.len()).unwrap_or(u64::MAX);
        self.text += u64::try_from(row.bytes).unwrap_or(u64::MAX);
        if self.rows > limits::ROWS {
            return Err(TableError::TooManyRows { limit: limits::ROWS });
        }
        if self.cells > limits::CELLS {
            return Err(TableError::ClaimsTooMuch("cells"));
        }
        if self.text > limits::TEXT {
            return Err(TableError::ClaimsTooMuch("text"));
        }
        Ok(())
    }
}

fn size(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) | Cell::Number(text) | Cell::Error(text) => text.len(),
        _ => 0,
    }
}

/// A refusal of a broken file, for whatever reason another reader gives: its words may quote the content.
pub fn broken<E>(what: &'static str) -> impl FnOnce(E) -> TableError {
    move |_reason| TableError::Broken(what)
}

/// A failure of reading: of the file, if it says so, else of the disk beneath it.
pub fn reading(error: std::io::Error) -> TableError {
    use std::io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof, Unsupported};
    match error.kind() {
        InvalidData | InvalidInput | Other | UnexpectedEof | Unsupported => {
            TableError::Broken("it ends too soon or is damaged")
        }
        _ => TableError::Io(error),
    }
}
