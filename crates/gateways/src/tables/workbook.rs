//! Workbooks of every kind, by the same steps: measure, choose a sheet, read its rows.

use std::ops::ControlFlow;

use patients::ports::tables::{Epoch, QuirkKind, Sheet, SheetName, TableAsk, TableBytes, TableError, TableFormat};

use super::survey::Survey;
use super::{Sink, archive, calamines, into_survey, limits, ods, xls};

/// A workbook that is open.
pub trait Workbook {
    /// Its sheets of cells, in its order.
    fn sheets(&self) -> &[SheetName];
    /// From when it counts its days.
    fn epoch(&self) -> Option<Epoch>;
    /// Merged ranges: of one sheet, or of all where a reader cannot tell them apart.
    fn merged(&self, sheet: usize) -> u64;
    /// Hands over the rows of a sheet.
    fn rows(&mut self, sheet: usize, sink: &mut Sink<'_>) -> Result<(), TableError>;
    /// Whether anything stands in a sheet.
    fn holds_rows(&mut self, sheet: usize) -> Result<bool, TableError> {
        let mut something = false;
        self.rows(sheet, &mut |row| {
            something = !row.is_empty();
            Ok(if something { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(something)
    }
}

/// Refuses one sheet more than a workbook has, once so many are known.
pub fn no_more_sheets(known: usize) -> Result<(), TableError> {
    if known < limits::SHEETS { Ok(()) } else { Err(TableError::ClaimsTooMuch("sheets")) }
}

/// Looks at the sheet that was asked for, or at the first visible one that holds anything.
pub fn inspect(bytes: &mut dyn TableBytes, format: TableFormat, ask: &TableAsk) -> Result<Sheet, TableError> {
    let mut book = open(bytes, format)?;
    let names = book.sheets().to_vec();
    let (chosen, survey) = match &ask.sheet {
        Some(name) => {
            let at = names.iter().position(|sheet| sheet.name == *name).ok_or(TableError::NoSuchSheet)?;
            (at, survey(&mut *book, at, ask)?)
        }
        None => first_with_rows(&mut *book, &names, ask)?.ok_or(TableError::Empty)?,
    };
    if survey.is_empty() {
        return Err(TableError::Empty);
    }
    let mut found = survey.finish();
    found.quirks.note(QuirkKind::MergedCells, None, book.merged(chosen), 0);
    let hidden = names.iter().filter(|sheet| !sheet.visible).count();
    found.quirks.note(QuirkKind::HiddenSheets, None, u64::try_from(hidden).unwrap_or(0), 0);
    let others = others_with_rows(&mut *book, &names, chosen)?;
    found.quirks.note(QuirkKind::OtherSheets, None, others, 0);
    Ok(Sheet {
        format,
        encoding: None,
        delimiter: None,
        sheet: names.get(chosen).map(|sheet| sheet.name.clone()),
        sheets: names,
        header_line: found.header_line,
        columns: found.columns,
        rows: found.rows,
        epoch: book.epoch(),
        quirks: found.quirks.into_list(),
    })
}

/// Hands over every row of the sheet that was inspected.
pub fn rows(bytes: &mut dyn TableBytes, sheet: &Sheet, sink: &mut Sink<'_>) -> Result<(), TableError> {
    let mut book = open(bytes, sheet.format)?;
    let at = book.sheets().iter().position(|one| Some(&one.name) == sheet.sheet.as_ref());
    book.rows(at.ok_or(TableError::NoSuchSheet)?, sink)
}

fn open(bytes: &mut dyn TableBytes, format: TableFormat) -> Result<Box<dyn Workbook + '_>, TableError> {
    match format {
        TableFormat::Xls => Ok(Box::new(xls::Xls::open(bytes)?)),
        TableFormat::Ods => {
            ods::refuse_encrypted(bytes)?;
            archive::prove(bytes, format)?;
            Ok(Box::new(ods::Ods::open(bytes)?))
        }
        _ => {
            let facts = archive::prove(bytes, format)?;
            calamines::open(bytes, format, facts.merged)
        }
    }
}

fn survey(book: &mut dyn Workbook, sheet: usize, ask: &TableAsk) -> Result<Survey, TableError> {
    let mut survey = Survey::new(ask.header);
    book.rows(sheet, &mut into_survey(&mut survey))?;
    Ok(survey)
}

fn first_with_rows(
    book: &mut dyn Workbook,
    names: &[SheetName],
    ask: &TableAsk,
) -> Result<Option<(usize, Survey)>, TableError> {
    for (at, _) in names.iter().enumerate().filter(|(_, sheet)| sheet.visible) {
        if book.holds_rows(at)? {
            return Ok(Some((at, survey(book, at, ask)?)));
        }
    }
    Ok(None)
}

fn others_with_rows(book: &mut dyn Workbook, names: &[SheetName], chosen: usize) -> Result<u64, TableError> {
    let mut others = 0;
    for (at, _) in names.iter().enumerate().filter(|(at, sheet)| *at != chosen && sheet.visible) {
        others += match book.holds_rows(at) {
            Ok(something) => u64::from(something),
            Err(refusal @ TableError::ClaimsTooMuch(_)) => return Err(refusal),
            // A sheet that nobody asked for may be broken.
            Err(_broken) => 0,
        };
    }
    Ok(others)
}
