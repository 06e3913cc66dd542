//! Workbooks against what a reference reader sees in them.

use std::collections::BTreeSet;
use std::path::Path;

use patients::model::table::Cell;
use patients::ports::tables::{SheetName, TableError};
use serde_json::Value;

use crate::facts::{ENCRYPTED, FACTS, SIBLINGS};
use crate::{Grid, Outcome, content, grid};

/// What is told of a file: how it agrees, or where it does not.
pub type Verdict = Result<String, String>;

/// Compares a workbook.
pub fn workbook(folder: &Path, path: &Path, name: &str) -> Outcome<Verdict> {
    let bytes = content(path)?;
    if ENCRYPTED.contains(&name) {
        return Ok(match grid(&bytes, name, None) {
            Err(TableError::Encrypted) => Ok("refused: imports.encrypted".to_owned()),
            other => Err(format!("should be refused as encrypted, and is {}", told(&other))),
        });
    }
    if let Some((_, sibling)) = SIBLINGS.iter().find(|(one, _)| *one == name) {
        return Ok(same_as(&bytes, name, &content(&path.with_file_name(sibling))?, sibling));
    }
    if let Some((_, sheets)) = FACTS.iter().find(|(one, _)| *one == name) {
        return Ok(facts(&bytes, name, sheets));
    }
    let expected = folder.join("expected").join(format!("{name}.json.gz"));
    if !expected.is_file() {
        return Ok(Err("nobody said what stands in it".to_owned()));
    }
    let expected: Value = serde_json::from_slice(&content(&expected)?)?;
    Ok(reference(&bytes, name, &expected))
}

fn reference(bytes: &[u8], name: &str, expected: &Value) -> Verdict {
    let sheets = expected["sheets"].as_array().ok_or("the reference failed, and nobody said why")?;
    let (mut cells, mut names) = (0, Vec::new());
    for sheet in sheets {
        let title = sheet["sheet"].as_str().unwrap_or_default();
        let grid = match grid(bytes, name, Some(title)) {
            Ok((read, grid)) => {
                names = read.sheets;
                grid
            }
            Err(TableError::Empty) => Grid::new(),
            Err(error) => return Err(format!("sheet {title}: {error}")),
        };
        cells += same_cells(&grid, sheet).map_err(|place| format!("sheet {title}: {place}"))?;
        visibility(&names, title, sheet["state"].as_str())?;
    }
    Ok(format!("{} sheets, {cells} cells", sheets.len()))
}

fn visibility(names: &[SheetName], title: &str, state: Option<&str>) -> Result<(), String> {
    let Some(read) = names.iter().find(|sheet| sheet.name == title) else {
        return Ok(());
    };
    match state {
        Some(state) if read.visible != (state == "visible") => Err(format!("sheet {title} should be {state}")),
        _ => Ok(()),
    }
}

/// Rows and columns of a sheet that a reference holds at most.
const REFERENCE_ROWS: u64 = 60;
const REFERENCE_COLUMNS: usize = 40;

/// Compares the cells that the reference has, and that there are no others as far as it has looked.
fn same_cells(grid: &Grid, sheet: &Value) -> Result<usize, String> {
    let size =
        |names: [&str; 2]| names.iter().find_map(|name| sheet[*name].as_u64()).ok_or("of no size in its reference");
    let (rows, columns) = (size(["max_row", "nrows"])?, size(["max_col", "ncols"])?);
    let first_rows = sheet["first_rows"].as_array().ok_or("without rows in its reference")?;
    let mut expected_rows = Vec::new();
    for row in first_rows {
        expected_rows.push(row.as_array().ok_or("with a row in its reference that is none")?);
    }
    for (line, read) in grid {
        let expected = usize::try_from(*line - 1).ok().and_then(|at| expected_rows.get(at)).map_or(0, |row| row.len());
        let looked_at = |column: usize| {
            (rows <= REFERENCE_ROWS || *line <= REFERENCE_ROWS)
                && (columns <= u64::try_from(REFERENCE_COLUMNS).unwrap_or(0) || column < REFERENCE_COLUMNS)
        };
        let mut beyond = read.iter().enumerate().skip(expected);
        if let Some((column, cell)) = beyond.find(|(column, cell)| looked_at(*column) && !cell.is_empty()) {
            return Err(format!("row {line} column {}: nothing was read as {cell:?} {}", column + 1, cell.shown()));
        }
    }
    let mut cells = 0;
    for (row, expected) in (1..).zip(expected_rows) {
        let read = grid.get(&row).map(Vec::as_slice).unwrap_or_default();
        for (column, expected) in expected.iter().enumerate() {
            let cell = read.get(column).unwrap_or(&Cell::Empty);
            if !same(cell, expected) {
                let shown = cell.shown();
                return Err(format!("row {row} column {}: {expected} was read as {cell:?} {shown}", column + 1));
            }
            cells += usize::from(!cell.is_empty());
        }
    }
    Ok(cells)
}

fn same(cell: &Cell, expected: &Value) -> bool {
    let text = expected["v"].as_str().unwrap_or_default();
    match (expected["t"].as_str(), cell) {
        (None, cell) => cell.is_empty(),
        (Some("num"), Cell::Number(digits)) => {
            let (read, told) = (digits.parse::<f64>().unwrap_or(f64::NAN), expected["v"].as_f64().unwrap_or(f64::NAN));
            (read - told).abs() <= told.abs() * 1e-14
        }
        (Some("bool"), Cell::Bool(yes)) => expected["v"].as_bool() == Some(*yes),
        // A day that only the spreadsheet's calendar has: the reference takes a neighbour of it.
        (Some("datetime"), Cell::Text(day)) => {
            day == "1900-02-29" && (text.contains("1900-02-28") || text.contains("1900-03-01"))
        }
        (Some("datetime"), Cell::Date(date)) => text == format!("{date}T00:00:00"),
        (Some("datetime"), Cell::DateTime(at)) => {
            let told = text.parse::<chrono::NaiveDateTime>();
            told.is_ok_and(|told| (told - *at).num_milliseconds().abs() < 1_000)
        }
        (Some("date" | "time"), cell) => cell.shown() == text,
        (Some("str" | "error"), cell) => plain(&cell.shown()) == plain(text),
        _ => false,
    }
}

/// Text without the blanks around it and with one kind of line break; the reference leaves a spreadsheet's way to write one.
fn plain(text: &str) -> String {
    let text = text.replace("_x000D_", "\r").replace("\r\n", "\n").replace('\r', "\n");
    text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned()
}

fn same_as(bytes: &[u8], name: &str, other: &[u8], other_name: &str) -> Verdict {
    let sheets = match (grid(bytes, name, None), grid(other, other_name, None)) {
        (Err(TableError::Empty), Err(TableError::Empty)) => return Ok(format!("empty, as {other_name}")),
        (Ok((one, _)), Ok((two, _))) => {
            let (one, two): (BTreeSet<_>, BTreeSet<_>) =
                (one.sheets.into_iter().map(|s| s.name).collect(), two.sheets.into_iter().map(|s| s.name).collect());
            if one != two {
                return Err(format!("sheets {one:?} and {two:?} of {other_name}"));
            }
            one
        }
        (one, two) => return Err(format!("{} but {other_name} {}", told(&one), told(&two))),
    };
    let mut rows = 0;
    for sheet in &sheets {
        let read = |bytes: &[u8], name: &str| match grid(bytes, name, Some(sheet)) {
            Ok((_, grid)) => Ok(grid),
            Err(TableError::Empty) => Ok(Grid::new()),
            Err(error) => Err(format!("sheet {sheet} of {name}: {error}")),
        };
        let (one, two) = (read(bytes, name)?, read(other, other_name)?);
        if one != two {
            return Err(format!("sheet {sheet} differs from {other_name}"));
        }
        rows += one.len();
    }
    Ok(format!("{rows} rows, as {other_name}"))
}

fn facts(bytes: &[u8], name: &str, sheets: &[(&str, &[(u64, &str)])]) -> Verdict {
    for (sheet, rows) in sheets {
        let read = match grid(bytes, name, Some(sheet)) {
            Ok((_, grid)) => grid,
            Err(TableError::Empty) => Grid::new(),
            Err(error) => return Err(format!("sheet {sheet}: {error}")),
        };
        let more = rows.iter().any(|(_, row)| *row == "...");
        let read: Vec<(u64, String)> = read
            .into_iter()
            .map(|(line, cells)| (line, cells.iter().map(Cell::shown).collect::<Vec<_>>().join("|")))
            .collect();
        for (line, row) in rows.iter().filter(|(_, row)| *row != "...") {
            if !read.iter().any(|(at, text)| at == line && text.trim_end_matches('|') == *row) {
                return Err(format!(
                    "sheet {sheet}: line {line} is not {row:?}; read: {:?}",
                    read.iter().take(8).collect::<Vec<_>>()
                ));
            }
        }
        if !more && read.len() != rows.len() {
            return Err(format!("sheet {sheet}: {} rows, not {}", read.len(), rows.len()));
        }
    }
    Ok(format!("{} sheets", sheets.len()))
}

fn told<T>(read: &Result<T, TableError>) -> String {
    match read {
        Ok(_) => "is read".to_owned(),
        Err(error) => format!("is refused: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pt8_the_judge_refuses_what_its_reference_has_not() {
        let one = || Cell::Number("1".to_owned());
        let grid = |line: u64, cells: Vec<Cell>| Grid::from([(1, vec![one()]), (line, cells)]);
        let told = json!({ "nrows": 1, "ncols": 1, "first_rows": [[{ "t": "num", "v": 1.0 }]] });
        assert_eq!(same_cells(&grid(1, vec![one()]), &told), Ok(1));
        assert!(same_cells(&grid(1, vec![one(), one()]), &told).is_err(), "a column more");
        assert!(same_cells(&grid(2, vec![one()]), &told).is_err(), "a row more");
        assert!(same_cells(&grid(100, vec![one()]), &told).is_err(), "a row far below");
        assert!(
            same_cells(&grid(1, vec![one()]), &json!({ "nrows": 1, "ncols": 1 })).is_err(),
            "no rows to compare with"
        );
        assert!(same_cells(&grid(1, vec![one()]), &json!({ "first_rows": [] })).is_err(), "no size");
        let first: Vec<Value> = (0..60).map(|_| json!([{ "t": "num", "v": 1.0 }])).collect();
        let long = json!({ "nrows": 61, "ncols": 1, "first_rows": first });
        let sixty: Grid = (1..=61).map(|line| (line, vec![one()])).collect();
        assert_eq!(same_cells(&sixty, &long), Ok(60), "where it was not looked, it may hold anything");
    }
}
