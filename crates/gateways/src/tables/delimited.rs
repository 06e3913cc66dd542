//! Text with fields between delimiters.

use std::io::Read;

use csv::{ReaderBuilder, StringRecord};
use patients::model::table::Cell;
use patients::ports::tables::{Sheet, TableAsk, TableBytes, TableError, TableFormat};

use super::cells::{Row, reading};
use super::survey::Survey;
use super::text::{Budget, Budgeted, Decoded, encoding_of, text_failure};
use super::{Sink, into_survey, limits};

/// What a delimiter may be; of two that fit equally well, the earlier one.
const DELIMITERS: &[u8] = b"\t;|,";
const SAMPLE: u64 = 256 << 10;
const SAMPLE_RECORDS: usize = 200;

/// Errors of formulas, as spreadsheets write them into a text.
const ERRORS: &[&str] =
    &["#REF!", "#N/A", "#N/D", "#DIV/0!", "#VALUE!", "#VALOR!", "#NAME?", "#NOME?", "#NUM!", "#NULL!"];

/// Looks at the whole text.
pub fn inspect(bytes: &mut dyn TableBytes, ask: &TableAsk) -> Result<Sheet, TableError> {
    let encoding = encoding_of(bytes)?;
    let delimiter = match ask.delimiter.and_then(|c| u8::try_from(c).ok()).filter(u8::is_ascii) {
        Some(delimiter) => delimiter,
        None => find_delimiter(&sample(Decoded::open(bytes, encoding)?)?),
    };
    let mut survey = Survey::new(ask.header);
    records(Decoded::open(bytes, encoding)?, delimiter, &mut into_survey(&mut survey))?;
    if survey.is_empty() {
        return Err(TableError::Empty);
    }
    let found = survey.finish();
    Ok(Sheet {
        format: TableFormat::Csv,
        encoding: Some(encoding),
        delimiter: Some(char::from(delimiter)),
        sheets: Vec::new(),
        sheet: None,
        header_line: found.header_line,
        columns: found.columns,
        rows: found.rows,
        epoch: None,
        quirks: found.quirks.into_list(),
    })
}

/// Hands over every row.
pub fn rows(bytes: &mut dyn TableBytes, sheet: &Sheet, sink: &mut Sink<'_>) -> Result<(), TableError> {
    let (Some(encoding), Some(delimiter)) = (sheet.encoding, sheet.delimiter) else {
        return Err(TableError::Broken("it was not inspected as a text"));
    };
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    records(Decoded::open(bytes, encoding)?, delimiter, sink)
}

fn records(text: impl Read, delimiter: u8, sink: &mut Sink<'_>) -> Result<(), TableError> {
    let budget = Budget::new(Some(delimiter));
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(64 << 10)
        .from_reader(Budgeted::new(text, budget.clone()));
    let mut record = StringRecord::new();
    let mut last = 0;
    while reader.read_record(&mut record).map_err(|error| failure(error, last + 1))? {
        budget.renew();
        let (start, end) = (record.position().map_or(0, csv::Position::byte), reader.position().byte());
        let line = budget.line_of(start, end).max(last + 1);
        last = line;
        let several_lines = record.iter().any(|field| field.contains(['\n', '\r']));
        if budget.pass(end, |raw| several_lines && !quotes_are_closed(raw, delimiter)) {
            return Err(TableError::UnclosedQuote { line });
        }
        if line == 1 && names_its_delimiter(&record) {
            continue;
        }
        if sink(row(line, &record)?)?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether every field of a record that begins with a quotation mark ends with one. A mark inside of a field that does not
/// begin with one is a character as any other.
fn quotes_are_closed(record: &[u8], delimiter: u8) -> bool {
    let ends = |b: &u8| *b == delimiter || matches!(b, b'\n' | b'\r');
    let mut left = record;
    while let Some((first, rest)) = left.split_first() {
        if *first != b'"' {
            let end = left.iter().position(ends).map_or(left.len(), |at| at + 1);
            left = left.get(end..).unwrap_or_default();
            continue;
        }
        let mut field = rest;
        loop {
            let Some(at) = field.iter().position(|b| *b == b'"') else {
                return false;
            };
            field = field.get(at + 1..).unwrap_or_default();
            match field.split_first() {
                Some((b'"', rest)) => field = rest,
                Some((next, rest)) if ends(next) => {
                    left = rest;
                    break;
                }
                Some(_) => return false,
                None => return true,
            }
        }
    }
    true
}

fn row(line: u64, record: &StringRecord) -> Result<Row, TableError> {
    let mut row = Row::at(line);
    row.fields = record.len();
    if record.len() > limits::COLUMNS && record.iter().skip(limits::COLUMNS).any(|field| !field.trim().is_empty()) {
        return Err(TableError::TooManyColumns { limit: limits::COLUMNS });
    }
    for (column, field) in record.iter().enumerate() {
        let cell = match row.text(field)? {
            Cell::Text(text) if ERRORS.contains(&text.as_str()) => Cell::Error(text),
            cell => cell,
        };
        row.put(column, cell)?;
    }
    Ok(row)
}

/// The first line `sep=;`, which tells a spreadsheet the delimiter.
fn names_its_delimiter(record: &StringRecord) -> bool {
    record.len() <= 2 && record.get(0).is_some_and(|first| first.to_ascii_lowercase().starts_with("sep="))
}

fn failure(error: csv::Error, line: u64) -> TableError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => text_failure(error, line),
        _ => TableError::Broken("its text cannot be split into fields"),
    }
}

fn sample(text: impl Read) -> Result<Vec<u8>, TableError> {
    let mut sample = Vec::new();
    text.take(SAMPLE).read_to_end(&mut sample).map_err(reading)?;
    Ok(sample)
}

/// The delimiter that splits the most lines into the same number of fields, and into the most fields.
fn find_delimiter(sample: &[u8]) -> u8 {
    let first_line = sample.split(|b| *b == b'\n').next().unwrap_or_default();
    let named = first_line.strip_prefix(b"sep=").or(first_line.strip_prefix(b"SEP=")).and_then(<[u8]>::first);
    if let Some(named) = named.filter(|b| b.is_ascii_punctuation() || **b == b'\t') {
        return *named;
    }
    let mut best = (0, 0, b',');
    for delimiter in DELIMITERS {
        let (agreeing, fields) = agreement(sample, *delimiter);
        if (agreeing, fields) > (best.0, best.1) {
            best = (agreeing, fields, *delimiter);
        }
    }
    best.2
}

/// How many of a hundred lines have the commonest number of fields beyond one, and that number.
fn agreement(sample: &[u8], delimiter: u8) -> (usize, usize) {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(sample);
    let mut counts: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    let mut record = csv::ByteRecord::new();
    let mut total = 0_usize;
    while total < SAMPLE_RECORDS && reader.read_byte_record(&mut record).unwrap_or(false) {
        total += 1;
        *counts.entry(record.len()).or_default() += 1;
    }
    let best = counts.iter().filter(|(fields, _)| **fields > 1).max_by_key(|(fields, count)| (**count, **fields));
    best.map_or((0, 0), |(fields, count)| ((count * 100).div_ceil(total.max(1)), *fields))
}
