//! Tests of every reader, with files made here.

mod hostile;
mod makers;
mod texts;
mod workbooks;

use std::io::Cursor;
use std::ops::ControlFlow;

use patients::ports::tables::{QuirkKind, Sheet, TableAsk, TableError, TableReader, TableRow};

use super::Tables;

/// What a file says of itself, and all its rows.
fn read_as(bytes: impl Into<Vec<u8>>, ask: &TableAsk) -> Result<(Sheet, Vec<TableRow>), TableError> {
    let mut bytes = Cursor::new(bytes.into());
    let sheet = Tables.inspect(&mut bytes, ask)?;
    let mut rows = Vec::new();
    Tables.rows(&mut bytes, &sheet, &mut |row| {
        rows.push(row);
        ControlFlow::Continue(())
    })?;
    assert_eq!(u64::try_from(rows.len()).unwrap(), sheet.rows);
    assert!(rows.iter().all(|row| row.cells.len() == sheet.columns.len()));
    Ok((sheet, rows))
}

fn read(bytes: impl Into<Vec<u8>>) -> (Sheet, Vec<TableRow>) {
    read_as(bytes, &TableAsk::default()).unwrap()
}

/// The rows as people would type them, fields between bars.
fn shown(rows: &[TableRow]) -> Vec<String> {
    rows.iter().map(|row| row.cells.iter().map(|cell| cell.shown()).collect::<Vec<_>>().join("|")).collect()
}

fn titles(sheet: &Sheet) -> Vec<&str> {
    sheet.columns.iter().map(|column| column.title.as_str()).collect()
}

/// How often something odd is reported, and the first line of it.
fn quirk(sheet: &Sheet, kind: QuirkKind) -> Option<(u64, u64)> {
    let mut found = sheet.quirks.iter().filter(|quirk| quirk.kind == kind);
    let first = found.next()?;
    Some((first.count + found.map(|quirk| quirk.count).sum::<u64>(), first.first_line))
}
