//! Workbooks since Excel 2007, by the streaming readers of `calamine`. Their archive has been measured before; here it counts
//! how often it is read, for many sheets may be the same part of it.

use std::io::{self, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use calamine::{Cell as CellRead, DataRef, Reader, SheetType, SheetVisible, Style, Xlsb, XlsbError, Xlsx, XlsxError};
use patients::model::table::Cell;
use patients::ports::tables::{Epoch, SheetName, TableBytes, TableError, TableFormat};

use super::cells::{Row, broken, reading};
use super::formats::{Shown, custom};
use super::numbers::{Moment, elapsed, moment, number, padded};
use super::workbook::{Workbook, no_more_sheets};
use super::{Sink, limits};

/// Opens a workbook.
pub fn open<'a>(
    bytes: &'a mut dyn TableBytes,
    format: TableFormat,
    merged: u64,
) -> Result<Box<dyn Workbook + 'a>, TableError> {
    let size = bytes.seek(SeekFrom::End(0)).map_err(reading)?;
    bytes.seek(SeekFrom::Start(0)).map_err(reading)?;
    let left = Arc::new(AtomicU64::new(size.saturating_mul(limits::PASSES).saturating_add(limits::PASSES_SLACK)));
    let bytes = Metered { bytes, left: Arc::clone(&left) };
    let kind = if format == TableFormat::Xlsb {
        let book = unwinding(|| Xlsb::new(bytes).map_err(of_xlsb))?;
        Kind::Xlsb(Box::new(book))
    } else {
        let book = unwinding(|| Xlsx::new(bytes).map_err(of_xlsx))?;
        Kind::Xlsx(Box::new(book))
    };
    let (metadata, is_1904) = match &kind {
        Kind::Xlsx(book) => (book.sheets_metadata(), book.has_1904_epoch()),
        Kind::Xlsb(book) => (book.sheets_metadata(), book.has_1904_epoch()),
    };
    let sheets: Vec<SheetName> = metadata
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| SheetName { name: sheet.name.clone(), visible: sheet.visible == SheetVisible::Visible })
        .take(limits::SHEETS + 1)
        .collect();
    no_more_sheets(sheets.len().saturating_sub(1))?;
    let epoch = if is_1904 { Epoch::Y1904 } else { Epoch::Y1900 };
    Ok(Box::new(Calamine { kind, sheets, epoch, merged, left }))
}

struct Calamine<'a> {
    kind: Kind<'a>,
    sheets: Vec<SheetName>,
    epoch: Epoch,
    merged: u64,
    left: Arc<AtomicU64>,
}

/// A file of which only so many bytes are read.
struct Metered<'a> {
    bytes: &'a mut dyn TableBytes,
    left: Arc<AtomicU64>,
}

impl io::Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if most < buffer.len() && most == 0 {
            return Err(io::Error::other("it is read too often"));
        }
        let count = self.bytes.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.store(left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX)), Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Metered<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

enum Kind<'a> {
    Xlsx(Box<Xlsx<Metered<'a>>>),
    Xlsb(Box<Xlsb<Metered<'a>>>),
}

impl Workbook for Calamine<'_> {
    fn sheets(&self) -> &[SheetName] {
        &self.sheets
    }

    fn epoch(&self) -> Option<Epoch> {
        Some(self.epoch)
    }

    fn merged(&self, _sheet: usize) -> u64 {
        self.merged
    }

    fn rows(&mut self, sheet: usize, sink: &mut Sink<'_>) -> Result<(), TableError> {
        let name = &self.sheets.get(sheet).ok_or(TableError::NoSuchSheet)?.name;
        let mut rows = Rows { epoch: self.epoch, row: Row::default(), sink };
        let read = match &mut self.kind {
            Kind::Xlsx(book) => unwinding(|| {
                let Some(mut cells) = unless_no_cells(book.worksheet_cells_reader(name))? else {
                    return Ok(());
                };
                let widths: Vec<usize> = cells.styles().iter().map(zeros).collect();
                while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(of_xlsx)? {
                    let width = widths.get(style).copied().unwrap_or(0);
                    if rows.take(&cell, width)?.is_break() {
                        return Ok(());
                    }
                }
                rows.finish()
            }),
            Kind::Xlsb(book) => unwinding(|| {
                let mut cells = book.worksheet_cells_reader(name).map_err(of_xlsb)?;
                while let Some(cell) = cells.next_cell().map_err(of_xlsb)? {
                    if rows.take(&cell, 0)?.is_break() {
                        return Ok(());
                    }
                }
                rows.finish()
            }),
        };
        // However its reader puts it.
        let spent = self.left.load(Ordering::Relaxed) == 0;
        read.map_err(|refusal| if spent { TableError::ClaimsTooMuch("sheets") } else { refusal })
    }
}

/// Cells of a stream, put together to rows.
struct Rows<'a, 'b> {
    epoch: Epoch,
    row: Row,
    sink: &'a mut Sink<'b>,
}

impl Rows<'_, '_> {
    fn take(&mut self, cell: &CellRead<DataRef<'_>>, width: usize) -> Result<ControlFlow<()>, TableError> {
        let (row, column) = cell.get_position();
        let line = u64::from(row) + 1;
        if line < self.row.line {
            return Err(TableError::Broken("its rows are out of order"));
        }
        if line > self.row.line {
            let done = std::mem::replace(&mut self.row, Row::at(line));
            if !done.is_empty() && (self.sink)(done)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        let value = self.value(cell.get_value(), width)?;
        self.row.put(usize::try_from(column).unwrap_or(usize::MAX), value)?;
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self) -> Result<(), TableError> {
        let done = std::mem::take(&mut self.row);
        if !done.is_empty() {
            let _wants_more = (self.sink)(done)?;
        }
        Ok(())
    }

    fn value(&mut self, value: &DataRef<'_>, width: usize) -> Result<Cell, TableError> {
        Ok(match value {
            DataRef::Empty => Cell::Empty,
            DataRef::Int(value) => match value.to_string().parse() {
                Ok(value) => padded(value, width),
                Err(_) => Cell::Number(value.to_string()),
            },
            DataRef::Float(value) if width > 1 => padded(*value, width),
            DataRef::Float(value) => number(*value),
            DataRef::String(text) | DataRef::DurationIso(text) => self.row.text(text)?,
            DataRef::SharedString(text) => self.row.text(text)?,
            DataRef::Bool(yes) => Cell::Bool(*yes),
            DataRef::Error(error) => Cell::Error(error.to_string()),
            DataRef::DateTimeIso(text) => super::ods::iso(text).map_or_else(|| self.row.text(text), Ok)?,
            DataRef::DateTime(at) if at.is_duration() => elapsed(at.as_f64()),
            DataRef::DateTime(at) => match moment(at.as_f64(), self.epoch) {
                Moment::Cell(cell) => cell,
                Moment::Impossible(cell) => {
                    self.row.impossible += 1;
                    cell
                }
            },
        })
    }
}

fn zeros(style: &Style) -> usize {
    match style.number_format.as_ref().map(|format| custom(&format.format_code)) {
        Some(Shown::Padded(width)) => width,
        _ => 0,
    }
}

/// A sheet without any cells, such as one of charts, is an empty one.
fn unless_no_cells<T>(reader: Result<T, XlsxError>) -> Result<Option<T>, TableError> {
    match reader {
        Ok(reader) => Ok(Some(reader)),
        Err(XlsxError::NotAWorksheet(_) | XlsxError::WorksheetNotFound(_)) => Ok(None),
        Err(error) => Err(of_xlsx(error)),
    }
}

fn of_xlsx(error: XlsxError) -> TableError {
    match error {
        XlsxError::Password => TableError::Encrypted,
        XlsxError::Io(error) => reading(error),
        error => broken("its workbook cannot be read")(error),
    }
}

fn of_xlsb(error: XlsbError) -> TableError {
    match error {
        XlsbError::Password => TableError::Encrypted,
        XlsbError::Io(error) => reading(error),
        error => broken("its workbook cannot be read")(error),
    }
}

/// A reader that panics over a broken file has refused it.
fn unwinding<T>(read: impl FnOnce() -> Result<T, TableError>) -> Result<T, TableError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(TableError::Broken("its workbook cannot be read")))
}
