//! Texts: damaged ones whose truth is known, and others that are only looked at.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::Path;

use gateways::tables::Tables;
use patients::model::table::{Cell, DateOrder, read_date};
use patients::ports::tables::{Sheet, TableAsk, TableReader, TextEncoding};

use crate::compare::Verdict;
use crate::{Outcome, content};

const LATEST: i32 = 2_026;

/// Encodings, delimiters, columns and rows of the damaged texts.
pub const DAMAGED: &[(&str, TextEncoding, char, usize, u64)] = &[
    ("sesa-T023.csv", TextEncoding::Windows1252, ',', 3, 82),
    ("sesa-T025.csv", TextEncoding::Utf8, ',', 2, 8),
    ("sesa-ads.csv", TextEncoding::Utf8, ';', 3, 22),
    ("sesa-populacao_municipios_ce.csv", TextEncoding::Utf8Bom, ';', 8, 184),
    ("sesa-procedimentos_portaria_3641_cirurgia.csv", TextEncoding::Windows1252, ';', 2, 53),
    ("sesa-tb_especialidade_hospitalar_0119.csv", TextEncoding::Utf8, ';', 3, 38),
    ("sesa-tb_forma_de_organizacao_0620.csv", TextEncoding::Windows1252, ';', 3, 389),
    ("sesa-tipos-de-estabelecimentos.csv", TextEncoding::Utf8, ';', 2, 30),
    ("synthea-allergies-excel-damaged.csv", TextEncoding::Utf8, ';', 6, 597),
    ("synthea-allergies-truth.csv", TextEncoding::Utf8, ',', 6, 597),
];

/// A damaged text: what it is, and for the pair with a known truth that both hold the same.
pub fn damaged(path: &Path, name: &str) -> Outcome<Verdict> {
    let (sheet, rows) = read(path)?;
    let Some((_, encoding, delimiter, columns, count)) = DAMAGED.iter().find(|(one, ..)| *one == name) else {
        return Ok(Err("nobody said what stands in it".to_owned()));
    };
    let found = (sheet.encoding, sheet.delimiter, sheet.columns.len(), sheet.rows, sheet.header_line);
    if found != (Some(*encoding), Some(*delimiter), *columns, *count, Some(1)) {
        return Ok(Err(format!("is {found:?}")));
    }
    if name.contains("damaged") {
        let (truth, true_rows) = read(&path.with_file_name(name.replace("excel-damaged", "truth")))?;
        if dated(&sheet, &rows) != dated(&truth, &true_rows) {
            return Ok(Err("its rows are not those of its truth".to_owned()));
        }
        let order = sheet.columns.first().map(|column| column.shape.date_order());
        return Ok(Ok(format!("{count} rows as before the damage, dates {order:?}")));
    }
    Ok(Ok(told(&sheet)))
}

/// Any other text: it has to be read.
pub fn survey(path: &Path) -> Verdict {
    match read(path) {
        Ok((sheet, _)) => Ok(told(&sheet)),
        Err(error) => Err(error.to_string()),
    }
}

fn told(sheet: &Sheet) -> String {
    let quirks: Vec<String> = sheet
        .quirks
        .iter()
        .map(|quirk| {
            let column = quirk.column.and_then(|at| sheet.columns.get(at)).map_or("", |column| column.title.as_str());
            format!("{:?} {column} ×{} from line {}", quirk.kind, quirk.count, quirk.first_line)
        })
        .collect();
    format!("{} rows, {} columns; {}", sheet.rows, sheet.columns.len(), quirks.join(", "))
}

fn read(path: &Path) -> Outcome<(Sheet, Vec<Vec<Cell>>)> {
    let mut bytes = Cursor::new(content(path)?);
    let sheet = Tables.inspect(&mut bytes, &TableAsk::default())?;
    let mut rows = Vec::new();
    Tables.rows(&mut bytes, &sheet, &mut |row| {
        rows.push(row.cells);
        ControlFlow::Continue(())
    })?;
    Ok((sheet, rows))
}

/// The rows with their dates written one way, read in the order that each column tells.
fn dated(sheet: &Sheet, rows: &[Vec<Cell>]) -> Vec<Vec<String>> {
    let orders: Vec<DateOrder> = sheet.columns.iter().map(|column| column.shape.date_order()).collect();
    let one = |(cell, order): (&Cell, &DateOrder)| {
        let text = cell.shown();
        read_date(&text, *order, LATEST).map_or_else(|_| text.into_owned(), |read| read.date.to_string())
    };
    rows.iter().map(|row| row.iter().zip(&orders).map(one).collect()).collect()
}
