//! The files of the judge: FEBRL 1 and 2 (Christen, ANU) and the fake thousand of Splink, all of invented people.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use chrono::NaiveDate;
use flate2::read::GzDecoder;
use patients::model::{AddressParts, Country, IdentifierKind};
use tests::linkage::Record;

use crate::Outcome;

/// One file, read.
pub struct Set {
    /// What it is called.
    pub name: &'static str,
    /// Its records.
    pub records: Vec<Record>,
    /// Where its telephone numbers are dialled.
    pub country: Country,
    /// Whether the bars hold for it.
    pub is_barred: bool,
}

/// The rows of a CSV without quotes, by column.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn read(folder: &Path, name: &str) -> Outcome<Self> {
        let mut text = String::new();
        let zipped = folder.join(format!("{name}.csv.gz"));
        if zipped.is_file() {
            GzDecoder::new(File::open(zipped)?).read_to_string(&mut text)?;
        } else {
            File::open(folder.join(format!("{name}.csv")))?.read_to_string(&mut text)?;
        }
        if text.contains('"') {
            return Err(format!("{name} has quotes").into());
        }
        let mut lines =
            text.lines().map(|line| line.split(',').map(|cell| cell.trim().to_owned()).collect::<Vec<String>>());
        let columns = lines.next().ok_or("an empty file")?;
        Ok(Self { columns, rows: lines.collect() })
    }

    /// The cell of a row; nothing when it is blank.
    fn cell(&self, row: &[String], column: &str) -> Option<String> {
        let place = self.columns.iter().position(|name| name == column)?;
        row.get(place).filter(|cell| !cell.is_empty()).cloned()
    }
}

/// A set of FEBRL, whose record ids say which records are one person's, and are compared nowhere.
pub fn febrl(folder: &Path, name: &'static str) -> Outcome<Set> {
    let table = Table::read(folder, name)?;
    let record = |row: &Vec<String>| {
        let cell = |column| table.cell(row, column);
        let number =
            cell("rec_id").and_then(|id| id.split('-').nth(1).map(str::to_owned)).ok_or("a row without its id")?;
        let names: Vec<String> = [cell("given_name"), cell("surname")].into_iter().flatten().collect();
        Ok(Record {
            person: number,
            name: names.join(" "),
            birth_date: cell("date_of_birth").and_then(|date| NaiveDate::parse_from_str(&date, "%Y%m%d").ok()),
            identifiers: cell("soc_sec_id").into_iter().map(|value| (IdentifierKind::Other, value)).collect(),
            address: AddressParts {
                street: cell("address_1"),
                number: cell("street_number"),
                complement: cell("address_2"),
                neighbourhood: cell("suburb"),
                region: cell("state"),
                postal_code: cell("postcode"),
                country: Some("AU".to_owned()),
                ..AddressParts::default()
            },
            ..Record::default()
        })
    };
    let records = table.rows.iter().map(record).collect::<Outcome<Vec<Record>>>()?;
    Ok(Set { name, records, country: Country::parse("AU")?, is_barred: true })
}

/// The set of Splink, for information: its names were chosen to be mistaken.
pub fn splink(folder: &Path) -> Outcome<Set> {
    let table = Table::read(folder, "splink-fake-1000")?;
    let record = |row: &Vec<String>| {
        let cell = |column| table.cell(row, column);
        let names: Vec<String> = [cell("first_name"), cell("surname")].into_iter().flatten().collect();
        Ok(Record {
            person: cell("cluster").ok_or("a row without its cluster")?,
            name: names.join(" "),
            birth_date: cell("dob").and_then(|date| date.parse().ok()),
            email: cell("email"),
            address: AddressParts { city: cell("city"), ..AddressParts::default() },
            ..Record::default()
        })
    };
    let records = table.rows.iter().map(record).collect::<Outcome<Vec<Record>>>()?;
    Ok(Set { name: "splink-fake-1000", records, country: Country::parse("GB")?, is_barred: false })
}
