//! Workbooks of Excel 5 to 2003 (MS-XLS). Formulas are passed over; what counts is the result beside them.

use std::collections::HashMap;
use std::ops::ControlFlow;

use encoding_rs::{Encoding, WINDOWS_1252};
use patients::model::table::Cell;
use patients::ports::tables::{Epoch, SheetName, TableBytes, TableError};

use super::biff::{Pieces, Record, Shared, code_page, records};
use super::cells::Row;
use super::compound::{f64_at, u16_at, u32_at, workbook};
use super::formats::{Shown, builtin, custom};
use super::numbers::{Moment, elapsed, moment, number, padded};
use super::workbook::{Workbook, no_more_sheets};
use super::{Sink, limits};

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
const FORMULA: u16 = 0x0006;
const STRING: u16 = 0x0207;
const MERGED: u16 = 0x00E5;
/// Cells that hold something, each beginning with its row.
const CELLS: &[u16] = &[0x0203, 0x027E, 0x00BD, 0x00FD, 0x0204, 0x00D6, 0x0205, FORMULA, 0x0206, 0x0406];

const CUT_SHORT: &str = "it ends too soon";
const MISSING: &str = "what a cell refers to is missing";

/// A workbook that is open.
pub struct Xls {
    stream: Vec<u8>,
    modern: bool,
    encoding: &'static Encoding,
    epoch: Epoch,
    formats: Vec<Shown>,
    shared: Shared,
    sheets: Vec<SheetName>,
    places: Vec<usize>,
    /// Bytes of sheets that may still be looked through: several sheets may claim the same place.
    left: u64,
}

impl Xls {
    /// Reads what all sheets share.
    pub fn open(bytes: &mut dyn TableBytes) -> Result<Self, TableError> {
        let stream = workbook(bytes)?;
        let mut book = Self {
            stream: Vec::new(),
            modern: true,
            encoding: WINDOWS_1252,
            epoch: Epoch::Y1900,
            formats: Vec::new(),
            shared: Shared::default(),
            sheets: Vec::new(),
            places: Vec::new(),
            left: 0,
        };
        let mut named: HashMap<u16, Shown> = HashMap::new();
        let mut numbers = Vec::new();
        let mut ended = false;
        for record in records(&stream, 0) {
            match record.kind {
                BOF => book.modern = u16_at(record.data, 0) == Some(0x0600),
                0x002F if u16_at(record.data, 0).is_some() => return Err(TableError::Encrypted),
                0x0022 if u16_at(record.data, 0) == Some(1) => book.epoch = Epoch::Y1904,
                0x0042 => book.encoding = code_page(u16_at(record.data, 0).unwrap_or_default()),
                0x041E => {
                    if let (Some(id), Some(format)) = (u16_at(record.data, 0), book.string(&stream, record, 2)) {
                        named.insert(id, custom(&format));
                    }
                }
                0x00E0 => numbers.push(u16_at(record.data, 2).unwrap_or_default()),
                0x0085 => book.sheet(record.data)?,
                0x00FC => book.shared = Shared::read(&stream, record.at),
                EOF => {
                    ended = true;
                    break;
                }
                _ => {}
            }
        }
        book.formats = numbers.into_iter().map(|id| named.get(&id).copied().unwrap_or_else(|| builtin(id))).collect();
        book.left = u64::try_from(stream.len()).unwrap_or(u64::MAX).saturating_mul(limits::PASSES);
        book.stream = stream;
        if !ended {
            return Err(TableError::Broken(CUT_SHORT));
        }
        if book.sheets.is_empty() {
            return Err(TableError::NotATable("a workbook older than Excel 5"));
        }
        Ok(book)
    }

    fn sheet(&mut self, data: &[u8]) -> Result<(), TableError> {
        let (Some(place), Some([state, kind]), Some(count)) = (u32_at(data, 0), data.get(4..6), data.get(6)) else {
            return Ok(());
        };
        if *kind != 0 {
            return Ok(());
        }
        no_more_sheets(self.sheets.len())?;
        let count = usize::from(*count);
        let name = if self.modern {
            let wide = data.get(7).is_some_and(|flags| flags & 1 != 0);
            let width = if wide { 2 } else { 1 };
            let bytes = data.get(8..).unwrap_or_default();
            characters(bytes.get(..count * width).unwrap_or(bytes), wide)
        } else {
            let bytes = data.get(7..).unwrap_or_default();
            self.encoding.decode_without_bom_handling(bytes.get(..count).unwrap_or(bytes)).0.into_owned()
        };
        self.sheets.push(SheetName { name: name.replace('\0', ""), visible: matches!(state & 3, 0) });
        self.places.push(usize::try_from(place).unwrap_or(usize::MAX));
        Ok(())
    }

    /// A string with its length in two bytes before it, from a place of a record on.
    fn string(&self, stream: &[u8], record: Record<'_>, from: usize) -> Option<String> {
        if !self.modern {
            let count = usize::from(u16_at(record.data, from)?);
            let bytes = record.data.get(from + 2..)?;
            let bytes = bytes.get(..count).unwrap_or(bytes);
            return Some(self.encoding.decode_without_bom_handling(bytes).0.into_owned());
        }
        let mut text = String::new();
        let mut pieces = Pieces::at(stream, record.at);
        pieces.skip(from)?;
        pieces.string(&mut text)?;
        Some(text)
    }

    /// Refuses a sheet that does not end, and one too many times that sheets are looked through.
    fn prove(&mut self, sheet: usize) -> Result<(), TableError> {
        let place = self.places.get(sheet).copied().unwrap_or(usize::MAX);
        let mut depth = 0_usize;
        let end = records(&self.stream, place).find(|record| {
            match record.kind {
                BOF => depth += 1,
                EOF => depth = depth.saturating_sub(1),
                _ => {}
            }
            record.kind == EOF && depth == 0
        });
        let end = end.ok_or(TableError::Broken(CUT_SHORT))?.at;
        let bytes = u64::try_from(end.saturating_sub(place)).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(bytes).ok_or(TableError::ClaimsTooMuch("sheets"))?;
        Ok(())
    }

    /// The records of a sheet, without those of charts inside it.
    fn sheet_records(&self, sheet: usize) -> impl Iterator<Item = Record<'_>> {
        let place = self.places.get(sheet).copied().unwrap_or(usize::MAX);
        let mut depth = 0_usize;
        records(&self.stream, place)
            .map_while(move |record| {
                match record.kind {
                    BOF => depth += 1,
                    EOF if depth <= 1 => return None,
                    EOF => depth -= 1,
                    _ => {}
                }
                Some((depth, record))
            })
            .filter(|(depth, _)| *depth <= 1)
            .map(|(_, record)| record)
    }

    fn value(&self, value: f64, format: usize, row: &mut Row) -> Cell {
        match self.formats.get(format).copied().unwrap_or(Shown::Number) {
            Shown::Number => number(value),
            Shown::Padded(width) => padded(value, width),
            Shown::Elapsed => elapsed(value),
            Shown::Moment => match moment(value, self.epoch) {
                Moment::Cell(cell) => cell,
                Moment::Impossible(cell) => {
                    row.impossible += 1;
                    cell
                }
            },
        }
    }

    /// Puts what a record holds into its row.
    fn read(&self, record: Record<'_>, row: &mut Row) -> Result<(), TableError> {
        let data = record.data;
        let (Some(column), Some(format)) = (u16_at(data, 2), u16_at(data, 4)) else {
            return Err(TableError::Broken(CUT_SHORT));
        };
        let (column, format) = (usize::from(column), usize::from(format));
        let cell = match record.kind {
            0x0203 => f64_at(data, 6).map(|value| self.value(value, format, row)),
            0x027E => u32_at(data, 6).map(|packed| self.value(unpacked(packed), format, row)),
            0x00BD => return self.many(data, column, row),
            0x00FD => {
                let text = u32_at(data, 6).and_then(|at| usize::try_from(at).ok()).and_then(|at| self.shared.get(at));
                text.map(|text| row.text(text)).transpose()?
            }
            0x0204 | 0x00D6 => self.string(&self.stream, record, 6).map(|text| row.text(&text)).transpose()?,
            0x0205 => data.get(6).zip(data.get(7)).map(|(value, is_error)| truth_or_error(*value, *is_error)),
            _ => self.result(record, format, row)?,
        };
        row.put(column, cell.ok_or(TableError::Broken(MISSING))?)
    }

    /// Several packed numbers side by side.
    fn many(&self, data: &[u8], first: usize, row: &mut Row) -> Result<(), TableError> {
        let numbers = data.get(4..data.len().saturating_sub(2)).unwrap_or_default();
        for (at, one) in numbers.chunks_exact(6).enumerate() {
            if let (Some(format), Some(packed)) = (u16_at(one, 0), u32_at(one, 2)) {
                let cell = self.value(unpacked(packed), usize::from(format), row);
                row.put(first + at, cell)?;
            }
        }
        Ok(())
    }

    /// The saved result of a formula; a text stands in a record of its own behind it.
    fn result(&self, record: Record<'_>, format: usize, row: &mut Row) -> Result<Option<Cell>, TableError> {
        let Some(&[first, _, value, .., six, seven]) = record.data.get(6..14) else {
            return Ok(None);
        };
        if (six, seven) != (0xFF, 0xFF) {
            return Ok(f64_at(record.data, 6).map(|value| self.value(value, format, row)));
        }
        Ok(match first {
            0 => {
                let mut behind = records(&self.stream, record.at).skip(1).take(4);
                let text = behind.find(|r| r.kind == STRING || CELLS.contains(&r.kind)).filter(|r| r.kind == STRING);
                let text = text.and_then(|text| self.string(&self.stream, text, 0));
                text.map(|text| row.text(&text)).transpose()?
            }
            1 => Some(Cell::Bool(value != 0)),
            2 => Some(truth_or_error(value, 1)),
            _ => Some(Cell::Empty),
        })
    }
}

impl Workbook for Xls {
    fn sheets(&self) -> &[SheetName] {
        &self.sheets
    }

    fn epoch(&self) -> Option<Epoch> {
        Some(self.epoch)
    }

    fn merged(&self, sheet: usize) -> u64 {
        let ranges = self.sheet_records(sheet).filter(|record| record.kind == MERGED);
        ranges.map(|record| u64::from(u16_at(record.data, 0).unwrap_or_default())).sum()
    }

    fn holds_rows(&mut self, sheet: usize) -> Result<bool, TableError> {
        self.prove(sheet)?;
        for record in self.sheet_records(sheet).filter(|record| CELLS.contains(&record.kind)) {
            let mut row = Row::default();
            self.read(record, &mut row)?;
            if !row.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn rows(&mut self, sheet: usize, sink: &mut Sink<'_>) -> Result<(), TableError> {
        self.prove(sheet)?;
        let mut cells: Vec<(u16, u32)> = self
            .sheet_records(sheet)
            .filter(|record| CELLS.contains(&record.kind))
            .filter_map(|record| Some((u16_at(record.data, 0)?, u32::try_from(record.at).ok()?)))
            .collect();
        cells.sort_by_key(|(row, _)| *row);
        for row_of_cells in cells.chunk_by(|a, b| a.0 == b.0) {
            let Some((first, _)) = row_of_cells.first() else {
                continue;
            };
            let mut row = Row::at(u64::from(*first) + 1);
            for (_, place) in row_of_cells {
                let place = usize::try_from(*place).unwrap_or(usize::MAX);
                if let Some(record) = records(&self.stream, place).next() {
                    self.read(record, &mut row)?;
                }
            }
            if let ControlFlow::Break(()) = sink(row)? {
                return Ok(());
            }
        }
        Ok(())
    }
}

fn characters(bytes: &[u8], wide: bool) -> String {
    if !wide {
        return bytes.iter().map(|byte| char::from(*byte)).collect();
    }
    let units: Vec<u16> = bytes.chunks_exact(2).filter_map(|pair| u16_at(pair, 0)).collect();
    String::from_utf16_lossy(&units)
}

/// A packed number (MS-XLS 2.5.122): thirty bits of a whole number or of the upper half of a float, perhaps a hundredfold.
fn unpacked(packed: u32) -> f64 {
    let value = if packed & 2 != 0 {
        f64::from(packed.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(packed & 0xFFFF_FFFC) << 32)
    };
    if packed & 1 != 0 { value / 100.0 } else { value }
}

fn truth_or_error(value: u8, is_error: u8) -> Cell {
    if is_error == 0 {
        return Cell::Bool(value != 0);
    }
    let error = match value {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        _ => "#ERROR!",
    };
    Cell::Error(error.to_owned())
}
