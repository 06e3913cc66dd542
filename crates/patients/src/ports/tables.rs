//! Reading of tables from whatever file people have: what a reader must do, and what it may refuse (PT8).

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::model::table::{Cell, ColumnShape};

/// Reads tables. Both methods block and take processor time: call them on a thread that may block.
///
/// Neither believes what a file claims of itself, and neither holds more than a part of it: memory is bounded for every
/// input, and so is time.
pub trait TableReader: Send + Sync {
    /// Reads the whole file once and says what it is.
    fn inspect(&self, bytes: &mut dyn TableBytes, ask: &TableAsk) -> Result<Sheet, TableError>;

    /// Hands each row below the header to `visit`, in the order of the file, without rows that are empty throughout; stops
    /// early when it breaks. `sheet` is what [`TableReader::inspect`] said of the same bytes.
    fn rows(
        &self,
        bytes: &mut dyn TableBytes,
        sheet: &Sheet,
        visit: &mut dyn FnMut(TableRow) -> ControlFlow<()>,
    ) -> Result<(), TableError>;
}

/// A file: something to read from any place of it.
pub trait TableBytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> TableBytes for T {}

/// What a sender says of a file; everything but its name may be left to the reader.
#[derive(Debug, Clone, Default)]
pub struct TableAsk {
    /// The file's name; only its ending is looked at, and the content decides.
    pub file_name: String,
    /// The sheet to read; by default the first visible one that holds a table.
    pub sheet: Option<String>,
    /// What separates the fields of a text.
    pub delimiter: Option<char>,
    /// Where the titles of the columns stand.
    pub header: HeaderAsk,
}

/// Where the titles of the columns stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeaderAsk {
    /// Wherever the reader finds them.
    #[default]
    Detect,
    /// Nowhere: the first row is data.
    Absent,
    /// In this line, counted from 1.
    Line(u64),
}

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Kind of file.
    pub format: TableFormat,
    /// How its text is encoded; of texts only.
    pub encoding: Option<TextEncoding>,
    /// What separates its fields; of delimited texts only.
    pub delimiter: Option<char>,
    /// The sheets of a workbook, in its order; empty for texts.
    pub sheets: Vec<SheetName>,
    /// The sheet that is read; of workbooks only.
    pub sheet: Option<String>,
    /// The line of the titles, counted from 1; none when there are none.
    pub header_line: Option<u64>,
    /// The columns, from the first to the last that holds anything.
    pub columns: Vec<Column>,
    /// How many rows [`TableReader::rows`] will hand over.
    pub rows: u64,
    /// From when a workbook counts its days.
    pub epoch: Option<Epoch>,
    /// What is odd about the file.
    pub quirks: Vec<Quirk>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its title, trimmed, line breaks made spaces; empty when it has none.
    pub title: String,
    /// What its values look like.
    pub shape: ColumnShape,
}

/// A row of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// Where it begins, counted from 1: the line of a text, the row of a sheet, the element of a JSON array.
    pub line: u64,
    /// One cell for each column of the [`Sheet`].
    pub cells: Vec<Cell>,
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetName {
    /// Its name.
    pub name: String,
    /// Whether people see it.
    pub visible: bool,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    /// Fields of text between delimiters.
    Csv,
    /// A JSON array of objects.
    Json,
    /// A JSON object on each line.
    JsonLines,
    /// A workbook since Excel 2007.
    Xlsx,
    /// The same in binary records.
    Xlsb,
    /// A workbook of Excel 5 to 2003.
    Xls,
    /// A workbook of `OpenDocument`.
    Ods,
}

/// How a text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextEncoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 that begins with a byte-order mark.
    Utf8Bom,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Windows-1252, and so Latin-1 too.
    Windows1252,
}

/// From when a workbook counts its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Epoch {
    /// Day 1 is 1900-01-01, and day 60 is a 29 February that never was.
    #[serde(rename = "1900")]
    Y1900,
    /// Day 0 is 1904-01-01.
    #[serde(rename = "1904")]
    Y1904,
}

/// Something odd that was read all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quirk {
    /// What.
    pub kind: QuirkKind,
    /// In which column, counted from 0; none when it is the whole file's.
    pub column: Option<usize>,
    /// How often.
    pub count: u64,
    /// The first line where, counted from 1; 0 when it has no line.
    pub first_line: u64,
}

/// What may be odd about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuirkKind {
    /// A workbook has more sheets with something in them than the one that is read.
    OtherSheets,
    /// Some sheets are hidden.
    HiddenSheets,
    /// Lines stand above the titles.
    LinesAboveHeader,
    /// No titles were found.
    NoHeader,
    /// Merged cells: the value stands in the first of them, the others are empty.
    MergedCells,
    /// Two columns have the same title.
    RepeatedTitle,
    /// A column that holds values has no title.
    UntitledColumn,
    /// Rows with fewer or more fields than there are titles.
    RaggedRows,
    /// Rows that equal an earlier one in every cell.
    RepeatedRows,
    /// Values with blanks around them, which are left out.
    PaddedValues,
    /// Results of formulas that are errors.
    ErrorCells,
    /// Numbers written with an exponent, such as `9377952927E-5`: some digits may be lost.
    Exponents,
    /// Numbers that a spreadsheet has damaged, such as `13.348.799.999.999.900`; they are to be refused, never guessed.
    DamagedNumbers,
    /// Negative numbers.
    NegativeNumbers,
    /// Dates by day and month of which none tells the order.
    AmbiguousDates,
    /// Dates of which some can only begin with the day and others only with the month.
    ContradictoryDates,
    /// Numbers with a decimal comma, and numbers with a decimal point.
    ContradictoryDecimals,
    /// Days that the workbook's calendar has and ours has not: 29 February 1900.
    ImpossibleDays,
}

/// Why a file is not read. Nothing of its content is in it.
#[derive(Debug, Error)]
pub enum TableError {
    /// Nothing stands in it, or no sheet holds anything.
    #[error("the file holds no rows")]
    Empty,
    /// It is no table at all, or of a kind that is not read.
    #[error("the file is not a table: {0}")]
    NotATable(&'static str),
    /// It is encrypted.
    #[error("the file is protected by a password")]
    Encrypted,
    /// Its text is in no encoding that is read, or mixes several.
    #[error("the text's encoding is unknown, near line {line}")]
    UnknownEncoding {
        /// The first line that cannot be read, counted from 1.
        line: u64,
    },
    /// The sheet that was asked for is not there.
    #[error("no such sheet")]
    NoSuchSheet,
    /// It unpacks to more than is read, or to far more than it takes.
    #[error("the archive unpacks to too much")]
    ZipBomb,
    /// It claims more than it can hold.
    #[error("the file claims more than it can hold: {0}")]
    ClaimsTooMuch(&'static str),
    /// Too many columns.
    #[error("more than {limit} columns")]
    TooManyColumns {
        /// As many are read.
        limit: usize,
    },
    /// Too many rows.
    #[error("more than {limit} rows")]
    TooManyRows {
        /// As many are read.
        limit: u64,
    },
    /// A row is longer than a row may be; often a quotation mark that nobody closed.
    #[error("the row at line {line} is too long")]
    RowTooLong {
        /// Where it begins, counted from 1.
        line: u64,
    },
    /// A quotation mark swallows the rest of the file.
    #[error("a quotation mark at line {line} is never closed")]
    UnclosedQuote {
        /// Where the row begins, counted from 1.
        line: u64,
    },
    /// Values are nested deeper than a table is.
    #[error("nested too deeply at line {line}")]
    TooDeep {
        /// Where, counted from 1.
        line: u64,
    },
    /// It declares entities or a document type, which no table needs.
    #[error("the file declares entities")]
    Entities,
    /// A name in the archive leads out of it.
    #[error("a name in the archive leads out of it")]
    BadPath,
    /// It is cut short or broken.
    #[error("the file is broken: {0}")]
    Broken(&'static str),
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl TableError {
    /// The stable code of a refusal; none when it was the reading that failed.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Empty => "imports.empty",
            Self::NotATable(_) => "imports.not_a_table",
            Self::Encrypted => "imports.encrypted",
            Self::UnknownEncoding { .. } => "imports.unknown_encoding",
            Self::NoSuchSheet => "imports.no_such_sheet",
            Self::ZipBomb => "imports.zip_bomb",
            Self::ClaimsTooMuch(_) => "imports.claims_too_much",
            Self::TooManyColumns { .. } => "imports.too_many_columns",
            Self::TooManyRows { .. } => "imports.too_many_rows",
            Self::RowTooLong { .. } => "imports.row_too_long",
            Self::UnclosedQuote { .. } => "imports.unclosed_quote",
            Self::TooDeep { .. } => "imports.too_deep",
            Self::Entities => "imports.entities",
            Self::BadPath => "imports.bad_path",
            Self::Broken(_) => "imports.broken_file",
            Self::Io(_) => return None,
        })
    }
}
