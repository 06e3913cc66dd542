//! Judges the reading of tables (PT8) by files that others found hard: `judge_spreadsheets FOLDER`.
//!
//! `FOLDER/files` holds workbooks and `FOLDER/expected` what a reference reader sees in them (`NAME.json.gz`); each sheet has to
//! hold the same cells, or the file has to be refused where the reference fails too; `FOLDER/index.csv` lists them, and one that
//! is missing fails. `FOLDER/csv` holds damaged texts. Other
//! folders of CSV files are only read, and what is odd about them is printed. Ends with a failure when anything differs.
#![expect(clippy::print_stdout, reason = "the report is what this program is for")]

mod compare;
mod facts;
mod texts;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use gateways::tables::Tables;
use patients::model::table::Cell;
use patients::ports::tables::{HeaderAsk, Sheet, TableAsk, TableError, TableReader};

/// What can go wrong in a client program: it is told and the program ends.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Workbooks below which nothing was judged.
const FEWEST: usize = 100;

/// Rows of a sheet by their line.
pub type Grid = BTreeMap<u64, Vec<Cell>>;

/// Judges the reading of tables by files that others found hard.
#[derive(Debug, Parser)]
struct Args {
    /// Where `files`, `expected` and `csv` lie.
    folder: PathBuf,
    /// Folders whose CSV files (also `.csv.gz`) are read as well.
    others: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match judge(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("nothing could be judged: {error}");
            ExitCode::FAILURE
        }
    }
}

fn judge(args: &Args) -> Outcome<bool> {
    let mut verdicts = Vec::new();
    for path in files_of(&args.folder.join("files"))? {
        let name = name_of(&path);
        verdicts.push((name.clone(), compare::workbook(&args.folder, &path, &name)?));
    }
    for path in files_of(&args.folder.join("csv"))? {
        let name = name_of(&path);
        verdicts.push((name.clone(), texts::damaged(&path, &name)?));
    }
    for folder in &args.others {
        let before = verdicts.len();
        for path in files_of(folder)?.into_iter().filter(|path| name_of(path).contains(".csv")) {
            verdicts.push((name_of(&path), texts::survey(&path)));
        }
        if verdicts.len() == before {
            verdicts.push((name_of(folder), Err("holds no texts".to_owned())));
        }
    }
    let named = listed(&args.folder)?.into_iter().chain(texts::DAMAGED.iter().map(|(name, ..)| (*name).to_owned()));
    for name in named {
        if !verdicts.iter().any(|(judged, _)| *judged == name) {
            verdicts.push((name, Err("is not there".to_owned())));
        }
    }
    let mut failed = 0;
    for (name, verdict) in &verdicts {
        match verdict {
            Ok(told) => println!("ok      {name:45} {told}"),
            Err(told) => {
                failed += 1;
                println!("FAILED  {name:45} {told}");
            }
        }
    }
    println!(
        "{} of {} files are read as they are, or refused as they must be",
        verdicts.len() - failed,
        verdicts.len()
    );
    Ok(failed == 0 && !verdicts.is_empty())
}

/// The names of the workbooks that `FOLDER/index.csv` lists, in its first column.
fn listed(folder: &Path) -> Outcome<Vec<String>> {
    let index = fs::read_to_string(folder.join("index.csv"))?;
    let names: Vec<String> =
        index.lines().skip(1).filter_map(|line| line.split(',').next()).map(str::to_owned).collect();
    if names.len() < FEWEST { Err("index.csv lists too few workbooks".into()) } else { Ok(names) }
}

/// The rows of a sheet, none of them a header; of the file's first sheet with rows unless one is named.
pub fn grid(bytes: &[u8], name: &str, sheet: Option<&str>) -> Result<(Sheet, Grid), TableError> {
    let ask = TableAsk {
        file_name: name.to_owned(),
        sheet: sheet.map(str::to_owned),
        delimiter: None,
        header: HeaderAsk::Absent,
    };
    let mut bytes = Cursor::new(bytes.to_vec());
    let sheet = Tables.inspect(&mut bytes, &ask)?;
    let mut grid = Grid::new();
    Tables.rows(&mut bytes, &sheet, &mut |row| {
        grid.insert(row.line, row.cells);
        ControlFlow::Continue(())
    })?;
    Ok((sheet, grid))
}

/// A file's content, unpacked if its name says that it is packed.
pub fn content(path: &Path) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.extension().is_some_and(|ending| ending == "gz") {
        flate2::read::GzDecoder::new(File::open(path)?).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn files_of(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
