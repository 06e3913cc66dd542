//! Judges the matching of patients (PT6) by files whose truth is known: `judge_matching FOLDER`.
//!
//! Each file is linked as the product links the records of a company, with the same blocks, bounds, weights and grades; printed
//! are precision and recall of the pairs of each grade or better. Ends with a failure when, on FEBRL 1 or 2, the precision of the
//! certain pairs is below 0.995 or the recall of the possible ones below 0.95.
#![expect(clippy::print_stdout, reason = "the report is what this program is for")]

mod files;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use patients::model::matching::Grade;
use tests::linkage::{Linked, Record, Tally, link};

use crate::files::Set;

/// What can go wrong in a client program: it is told and the program ends.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The lowest precision of certain pairs.
const PRECISION: f64 = 0.995;
/// The lowest recall of pairs that are at least possible.
const RECALL: f64 = 0.95;

/// Judges the matching of patients by files whose truth is known.
#[derive(Debug, Parser)]
struct Args {
    /// Where `febrl1.csv`, `febrl2.csv` (or `.csv.gz`) and, if wanted, `splink-fake-1000.csv` lie.
    folder: PathBuf,
    /// Also print so many of the pairs that were missed, and of those that are wrongly probable or certain.
    #[arg(long, default_value_t = 0)]
    show: usize,
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
    let mut sets = vec![files::febrl(&args.folder, "febrl1")?, files::febrl(&args.folder, "febrl2")?];
    if args.folder.join("splink-fake-1000.csv").is_file() {
        sets.push(files::splink(&args.folder)?);
    }
    let mut passed = true;
    for set in &sets {
        let linked = link(&set.records, set.country);
        print(set, &linked);
        show(set, &linked, args.show);
        passed &= !set.is_barred || reaches(&linked);
    }
    println!(
        "precision of certain pairs >= {PRECISION}, recall of possible ones >= {RECALL}: {}",
        if passed { "reached" } else { "MISSED" }
    );
    Ok(passed)
}

fn reaches(linked: &Linked) -> bool {
    linked.at(Grade::Certain).is_some_and(|tally| tally.precision() >= PRECISION)
        && linked.at(Grade::Possible).is_some_and(|tally| tally.recall() >= RECALL)
}

fn print(set: &Set, linked: &Linked) {
    let links = linked.tallies.first().map_or(0, |tally| tally.links);
    println!("{}: {} records, {links} links, {} of them share no block", set.name, set.records.len(), linked.unblocked);
    for tally in &linked.tallies {
        let Tally { grade, right, wrong, .. } = tally;
        let (precision, recall) = (tally.precision(), tally.recall());
        println!(
            "  {:<8} or better: {right:>5} right, {wrong:>5} wrong, precision {precision:.4}, recall {recall:.4}",
            grade.as_str()
        );
    }
}

fn show(set: &Set, linked: &Linked, most: usize) {
    let of = |place: usize| set.records.get(place);
    for (one, other) in linked.missed.iter().take(most) {
        println!("  missed {}\n         {}", line(of(*one)), line(of(*other)));
    }
    let wrong = linked.mistaken.iter().filter(|(.., grade)| grade.warns());
    for (one, other, grade) in wrong.take(most) {
        println!("  wrongly {} {}\n         {}", grade.as_str(), line(of(*one)), line(of(*other)));
    }
}

/// A record in one line; its people are invented.
fn line(record: Option<&Record>) -> String {
    record.map_or_else(String::new, |record| {
        let place = &record.address;
        let ids: Vec<&str> = record.identifiers.iter().map(|(_, value)| value.as_str()).collect();
        format!(
            "{} | {:?} | {:?} {:?} {:?} {:?} | {ids:?} {:?}",
            record.name,
            record.birth_date,
            place.street,
            place.number,
            place.neighbourhood,
            place.postal_code,
            record.email
        )
    })
}
