//! Tables from whatever file people have (`patients::ports::tables`).
//!
//! The content decides what a file is, not its name. Text is read by `csv` and `encoding_rs`, JSON by `serde_json`, workbooks
//! since Excel 2007 by the streaming readers of `calamine` behind [`archive`], which unpacks every part once beforehand to see
//! what it really holds. The readers of `calamine` for older workbooks and `OpenDocument` hold all sheets at once and reserve
//! what a file claims, so those two are read here, row by row. Workbooks of Excel 5 to 2003 are read at all because
//! the corpus of odd workbooks by which the reading is judged holds many of them.
//!
//! Of merged cells the first holds the value and the others are empty, formulas count by the result that was saved with
//! them, and nothing is ever computed, downloaded or unpacked to a disk.

mod archive;
mod biff;
mod calamines;
mod cells;
mod compound;
mod delimited;
mod formats;
mod json;
mod limits;
mod markup;
mod numbers;
mod ods;
mod sniff;
mod survey;
mod text;
mod workbook;
mod xls;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use patients::ports::tables::{Sheet, TableAsk, TableBytes, TableError, TableFormat, TableReader, TableRow};

use cells::Row;
use survey::Survey;

/// Reads tables of every kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tables;

impl TableReader for Tables {
    fn inspect(&self, bytes: &mut dyn TableBytes, ask: &TableAsk) -> Result<Sheet, TableError> {
        match sniff::format(bytes, &ask.file_name)? {
            TableFormat::Csv => delimited::inspect(bytes, ask),
            format @ (TableFormat::Json | TableFormat::JsonLines) => json::inspect(bytes, format),
            format => workbook::inspect(bytes, format, ask),
        }
    }

    fn rows(
        &self,
        bytes: &mut dyn TableBytes,
        sheet: &Sheet,
        visit: &mut dyn FnMut(TableRow) -> ControlFlow<()>,
    ) -> Result<(), TableError> {
        let width = sheet.columns.len();
        let after = sheet.header_line.unwrap_or(0);
        let mut below_header = |row: Row| {
            if row.line <= after || row.is_empty() {
                return Ok(ControlFlow::Continue(()));
            }
            Ok(visit(TableRow { line: row.line, cells: row.padded_to(width) }))
        };
        match sheet.format {
            TableFormat::Csv => delimited::rows(bytes, sheet, &mut below_header),
            TableFormat::Json | TableFormat::JsonLines => json::rows(bytes, sheet, &mut below_header),
            _ => workbook::rows(bytes, sheet, &mut below_header),
        }
    }
}

/// Where rows go: it may ask for no more, or refuse.
type Sink<'a> = dyn FnMut(Row) -> Result<ControlFlow<()>, TableError> + 'a;

/// A survey that takes rows as a [`Sink`] does.
fn into_survey(survey: &mut Survey) -> impl FnMut(Row) -> Result<ControlFlow<()>, TableError> + '_ {
    |row| {
        survey.take(row)?;
        Ok(ControlFlow::Continue(()))
    }
}
