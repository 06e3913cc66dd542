//! Workbooks of `OpenDocument` (ODF 1.3, part 3, 9), row by row. A row or cell that is repeated counts as often as it is
//! there only if something stands in it.

use std::collections::HashSet;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use patients::model::table::Cell;
use patients::ports::tables::{Epoch, SheetName, TableBytes, TableError};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::archive::{self, Archive};
use super::cells::{Row, broken};
use super::numbers::{elapsed, number};
use super::workbook::{Workbook, no_more_sheets};
use super::{Sink, limits};

const MIME: &str = "application/vnd.oasis.opendocument.spreadsheet";
/// What the manifest holds of a part with a password.
const ENCRYPTED: &[u8] = b"encryption-data";
const CUT_SHORT: &str = "its content ends too soon";
/// Digits of a number up to which zeros before it are kept.
const PADDED: usize = 40;
/// Blanks that one element may stand for.
const BLANKS: usize = 1_000;

/// A workbook that is open.
pub struct Ods<'a> {
    archive: Archive<'a>,
    known: Known,
}

/// What one pass tells of all sheets.
#[derive(Default)]
struct Known {
    sheets: Vec<SheetName>,
    merged: Vec<u64>,
    filled: Vec<bool>,
    /// Styles of hidden sheets.
    hidden: HashSet<String>,
    style: Option<String>,
    depth: usize,
    /// Whether the present row is there at all.
    repeated: bool,
}

/// Whether an archive says that it is a workbook of this kind.
pub fn is_spreadsheet(archive: &mut Archive<'_>) -> bool {
    let mut mime = String::new();
    archive
        .by_name("mimetype")
        .is_ok_and(|entry| entry.take(100).read_to_string(&mut mime).is_ok() && mime.trim().starts_with(MIME))
}

/// Refuses a workbook with a password: its parts are no markup.
pub fn refuse_encrypted(bytes: &mut dyn TableBytes) -> Result<(), TableError> {
    let mut archive = archive::open(bytes)?;
    let mut manifest = Vec::new();
    if let Ok(entry) = archive.by_name("META-INF/manifest.xml") {
        entry.take(limits::OTHER_PART).read_to_end(&mut manifest).map_err(broken("its manifest cannot be read"))?;
    }
    if manifest.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED) {
        Err(TableError::Encrypted)
    } else {
        Ok(())
    }
}

impl<'a> Ods<'a> {
    /// Looks which sheets there are.
    pub fn open(bytes: &'a mut dyn TableBytes) -> Result<Self, TableError> {
        let mut archive = archive::open(bytes)?;
        let mut known = Known::default();
        let mut xml = content(&mut archive)?;
        let mut buffer = Vec::new();
        loop {
            buffer.clear();
            match next(&mut xml, &mut buffer)? {
                Event::Start(tag) if matches!(tag.local_name().as_ref(), "table-cell" | "covered-table-cell") => {
                    if let Some(value) = known.cell(&tag) {
                        known.fill(&value, text_of(&mut xml, 0))?;
                    }
                }
                Event::Start(tag) => known.begin(&tag)?,
                Event::End(tag) if tag.local_name().as_ref() == "table" => {
                    known.depth = known.depth.saturating_sub(1);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        drop(xml);
        if known.depth > 0 {
            return Err(TableError::Broken(CUT_SHORT));
        }
        Ok(Self { archive, known })
    }
}

impl Known {
    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), TableError> {
        match tag.local_name().as_ref() {
            "style" => self.style = attribute(tag, "style:name"),
            "table-properties" if attribute(tag, "table:display").as_deref() == Some("false") => {
                no_more_sheets(self.hidden.len())?;
                self.hidden.extend(self.style.take().map(short).transpose()?);
            }
            "table" => {
                if self.depth == 0 {
                    no_more_sheets(self.sheets.len())?;
                    let name = short(attribute(tag, "table:name").unwrap_or_default())?;
                    let style = attribute(tag, "table:style-name").unwrap_or_default();
                    self.sheets.push(SheetName { name, visible: !self.hidden.contains(&style) });
                    self.merged.push(0);
                    self.filled.push(false);
                }
                self.depth += 1;
            }
            "table-row" => self.repeated = repeats(tag, "table:number-rows-repeated") > 0,
            _ => {}
        }
        Ok(())
    }

    /// Counts a cell that spans others in; its value, if it may be the first that stands in its sheet.
    fn cell(&mut self, tag: &BytesStart<'_>) -> Option<Value> {
        let spans = |name| attribute(tag, name).is_some_and(|count| count != "1");
        let spanned = spans("table:number-columns-spanned") || spans("table:number-rows-spanned");
        if let Some(count) = self.merged.last_mut().filter(|_| spanned) {
            *count += 1;
        }
        let covered = tag.local_name().as_ref() == "covered-table-cell";
        let counts = self.depth == 1 && self.repeated && !covered && !self.is_filled();
        counts.then(|| Value::of(tag)).filter(|value| value.repeat > 0)
    }

    fn is_filled(&self) -> bool {
        self.filled.last().copied().unwrap_or(true)
    }

    fn fill(&mut self, value: &Value, text: Result<String, TableError>) -> Result<(), TableError> {
        let cell = text.and_then(|text| value.cell(&mut Row::default(), &text));
        let something = match cell {
            Ok(cell) => !cell.is_empty(),
            // It is refused when its sheet is the one that is read.
            Err(TableError::RowTooLong { .. }) => true,
            Err(refusal) => return Err(refusal),
        };
        if let Some(filled) = self.filled.last_mut() {
            *filled = something;
        }
        Ok(())
    }
}

/// A name, unless it is far longer than names are.
fn short(name: String) -> Result<String, TableError> {
    if name.len() > limits::SHEET_NAME { Err(TableError::ClaimsTooMuch("a name")) } else { Ok(name) }
}

impl Workbook for Ods<'_> {
    fn sheets(&self) -> &[SheetName] {
        &self.known.sheets
    }

    fn epoch(&self) -> Option<Epoch> {
        None
    }

    fn merged(&self, sheet: usize) -> u64 {
        self.known.merged.get(sheet).copied().unwrap_or(0)
    }

    fn holds_rows(&mut self, sheet: usize) -> Result<bool, TableError> {
        Ok(self.known.filled.get(sheet).copied().unwrap_or(false))
    }

    fn rows(&mut self, sheet: usize, sink: &mut Sink<'_>) -> Result<(), TableError> {
        let mut xml = content(&mut self.archive)?;
        let mut buffer = Vec::new();
        let mut table = Table { row: Row::at(1), line: 1, column: 0, repeat: 1, sink };
        let (mut depth, mut before) = (0_usize, 0_usize);
        loop {
            buffer.clear();
            let event = next(&mut xml, &mut buffer)?;
            let inside = depth == 1 && before == sheet + 1;
            match event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "table" => {
                        before += usize::from(depth == 0);
                        depth += 1;
                    }
                    "table-row" if inside => table.begin_row(&tag),
                    "table-cell" | "covered-table-cell" if inside => {
                        let value = Value::of(&tag);
                        let covered = tag.local_name().as_ref() == "covered-table-cell";
                        let text = text_of(&mut xml, table.line)?;
                        table.cell(&value, &text, covered)?;
                    }
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    "table" => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 && before == sheet + 1 {
                            return Ok(());
                        }
                    }
                    "table-row" if inside && table.end_row()?.is_break() => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Err(TableError::Broken(CUT_SHORT)),
                _ => {}
            }
        }
    }
}

fn content<'b>(archive: &'b mut Archive<'_>) -> Result<Reader<impl std::io::BufRead + 'b>, TableError> {
    let entry = archive.by_name("content.xml").map_err(archive::refusal)?;
    let mut xml = Reader::from_reader(BufReader::new(entry));
    let config = xml.config_mut();
    config.expand_empty_elements = true;
    config.check_end_names = false;
    Ok(xml)
}

fn next<'b>(xml: &mut Reader<impl std::io::BufRead>, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, TableError> {
    xml.read_event_into(buffer).map_err(broken("its content is not well-formed"))
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(name).ok().flatten()?;
    let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}

/// The table while its rows are read.
struct Table<'a, 'b> {
    row: Row,
    line: u64,
    column: usize,
    repeat: u64,
    sink: &'a mut Sink<'b>,
}

impl Table<'_, '_> {
    fn begin_row(&mut self, tag: &BytesStart<'_>) {
        self.row = Row::at(self.line);
        self.column = 0;
        self.repeat = repeats(tag, "table:number-rows-repeated");
    }

    fn cell(&mut self, value: &Value, text: &str, covered: bool) -> Result<(), TableError> {
        let repeat = usize::try_from(value.repeat).unwrap_or(usize::MAX);
        let cell = if covered { Cell::Empty } else { value.cell(&mut self.row, text)? };
        let after = self.column.saturating_add(repeat);
        self.row.put_into(self.column..after, cell)?;
        self.column = after;
        Ok(())
    }

    fn end_row(&mut self) -> Result<ControlFlow<()>, TableError> {
        let row = std::mem::take(&mut self.row);
        if row.is_empty() {
            self.line = self.line.saturating_add(self.repeat);
            return Ok(ControlFlow::Continue(()));
        }
        for _ in 0..self.repeat {
            let copy = row.repeated_at(self.line);
            self.line = self.line.saturating_add(1);
            if (self.sink)(copy)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// What the attributes of a cell say.
struct Value {
    kind: String,
    saved: Option<String>,
    error: bool,
    repeat: u64,
}

impl Value {
    fn of(tag: &BytesStart<'_>) -> Self {
        let kind = attribute(tag, "office:value-type").unwrap_or_default();
        let saved = match kind.as_str() {
            "date" => attribute(tag, "office:date-value"),
            "time" => attribute(tag, "office:time-value"),
            "boolean" => attribute(tag, "office:boolean-value"),
            "string" => attribute(tag, "office:string-value"),
            _ => attribute(tag, "office:value"),
        };
        let error = attribute(tag, "calcext:value-type").as_deref() == Some("error");
        Self { kind, saved, error, repeat: repeats(tag, "table:number-columns-repeated") }
    }

    fn cell(&self, row: &mut Row, text: &str) -> Result<Cell, TableError> {
        if self.error {
            return Ok(Cell::Error(text.trim().to_owned()));
        }
        let value = self.saved.as_deref();
        let typed = match self.kind.as_str() {
            "float" | "currency" | "percentage" => value.and_then(|value| numeric(value, text.trim())),
            "date" => value.and_then(iso),
            "time" => value.and_then(period).map(elapsed),
            "boolean" => value.map(|value| Cell::Bool(value == "true")),
            "string" => value.map(|value| row.text(value)).transpose()?,
            _ => None,
        };
        typed.map_or_else(|| row.text(text), Ok)
    }
}

/// A number; zeros before it that only its format shows count, also where it shows marks between the digits.
fn numeric(value: &str, shown: &str) -> Option<Cell> {
    let cell = number(value.parse().ok()?);
    let marks = |c: char| matches!(c, '.' | '-' | '/' | '(' | ')' | ' ' | '\u{a0}');
    let only_digits: String = shown.chars().filter(|c| !marks(*c)).take(PADDED + 1).collect();
    let padded = (2..=PADDED).contains(&only_digits.len()) && only_digits.bytes().all(|b| b.is_ascii_digit());
    match cell {
        Cell::Number(digits) if padded && format!("{digits:0>width$}", width = only_digits.len()) == only_digits => {
            Some(Cell::Number(only_digits))
        }
        cell => Some(cell),
    }
}

fn repeats(tag: &BytesStart<'_>, name: &str) -> u64 {
    attribute(tag, name).and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// The text of a cell: its paragraphs, one to a line, without annotations.
fn text_of(xml: &mut Reader<impl std::io::BufRead>, line: u64) -> Result<String, TableError> {
    let mut text = String::new();
    let (mut depth, mut paragraphs, mut inside, mut ignored) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match next(xml, &mut buffer)? {
            Event::Start(tag) => {
                depth += 1;
                match tag.local_name().as_ref() {
                    _ if ignored > 0 => ignored += 1,
                    "annotation" | "table" | "shapes" | "frame" => ignored = 1,
                    "p" | "h" => {
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        paragraphs += 1;
                        inside += 1;
                    }
                    "s" => {
                        let count = attribute(&tag, "text:c").and_then(|c| c.parse().ok()).unwrap_or(1);
                        text.extend(std::iter::repeat_n(' ', BLANKS.min(count)));
                    }
                    "tab" => text.push('\t'),
                    "line-break" => text.push('\n'),
                    _ => {}
                }
            }
            Event::End(tag) => {
                if depth == 0 {
                    return Ok(text);
                }
                depth -= 1;
                if ignored > 0 {
                    ignored -= 1;
                } else if matches!(tag.local_name().as_ref(), "p" | "h") {
                    inside = inside.saturating_sub(1);
                }
            }
            Event::Text(piece) if inside > 0 && ignored == 0 => collapse(&piece.xml10_content(), &mut text),
            Event::CData(piece) if inside > 0 && ignored == 0 => collapse(&piece.xml10_content(), &mut text),
            Event::GeneralRef(entity) if inside > 0 && ignored == 0 => text.push_str(&resolve(&entity)?),
            Event::Eof => return Err(TableError::Broken(CUT_SHORT)),
            _ => {}
        }
        if text.len() > limits::ROW_BYTES {
            return Err(TableError::RowTooLong { line });
        }
    }
}

/// Blanks and line breaks of the markup are one blank.
fn collapse(piece: &str, text: &mut String) {
    for c in piece.chars() {
        match c {
            ' ' | '\n' | '\r' | '\t' if text.ends_with(' ') => {}
            ' ' | '\n' | '\r' | '\t' => text.push(' '),
            c => text.push(c),
        }
    }
}

fn resolve(entity: &BytesRef<'_>) -> Result<String, TableError> {
    if let Some(text) = resolve_predefined_entity(entity) {
        return Ok(text.to_owned());
    }
    match entity.resolve_char_ref().map_err(broken("a character of it does not exist"))? {
        Some(c) => Ok(c.to_string()),
        None => Err(TableError::Entities),
    }
}

/// A day, a moment or a time as ISO 8601 writes it.
pub fn iso(text: &str) -> Option<Cell> {
    let text = text.trim().trim_end_matches('Z');
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(Cell::Date(date));
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, format) {
            let midnight = at.time() == NaiveTime::MIN;
            return Some(if midnight { Cell::Date(at.date()) } else { Cell::DateTime(at) });
        }
    }
    NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok().map(Cell::Time)
}

/// A stretch of time such as `PT08H30M00S`, in days.
fn period(text: &str) -> Option<f64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let mut days = 0.0;
    let mut digits = String::new();
    for c in text.strip_prefix('P')?.chars() {
        let unit = match c {
            'T' => continue,
            'D' => 1.0,
            'H' => 24.0,
            'M' => 1_440.0,
            'S' => 86_400.0,
            c => {
                digits.push(if c == ',' { '.' } else { c });
                continue;
            }
        };
        days += digits.parse::<f64>().ok()? / unit;
        digits.clear();
    }
    Some(if negative { -days } else { days })
}
