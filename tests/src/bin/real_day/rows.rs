//! The file: its rows, its people, its health units, and what is odd about it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use ::tests::measure::Random;
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use flate2::read::MultiGzDecoder;

use crate::Outcome;

/// Everything a file tells.
#[derive(Debug, Default)]
pub struct Rows {
    /// In the order they were booked.
    pub visits: Vec<Visit>,
    /// Each once, in order of first appearance.
    pub people: Vec<Person>,
    /// Each once, in order of first appearance.
    pub units: Vec<Unit>,
    quirks: BTreeMap<&'static str, usize>,
}

/// One row: who goes where on which day, and whether they came.
#[derive(Debug)]
pub struct Visit {
    /// Place in [`Rows::people`].
    pub person: usize,
    /// Place in [`Rows::units`].
    pub unit: usize,
    /// `AppointmentID` of the file, unique.
    pub appointment: String,
    /// Day of the appointment, as in the file.
    pub day: NaiveDate,
    /// The column `No-show` says "Yes" to those who did not.
    pub came: bool,
}

/// A patient of the file.
#[derive(Debug)]
pub struct Person {
    /// As the file writes it: some are `9377952927E-5`, so a number would lose them.
    pub source_id: String,
    /// Column `Gender`.
    pub female: bool,
    /// A day that fits the age; none where the file says −1.
    pub birth_date: Option<NaiveDate>,
}

/// A health unit, named after its neighbourhood.
#[derive(Debug)]
pub struct Unit {
    /// As in the file.
    pub name: String,
    /// Appointments on its busiest day.
    pub busiest_day: usize,
    /// Whether it ever works on a Saturday or Sunday.
    pub weekends: bool,
}

struct Columns(HashMap<String, usize>);

#[derive(Default)]
struct Reader {
    rows: Rows,
    people: HashMap<String, usize>,
    units: HashMap<String, usize>,
    days: HashMap<(usize, NaiveDate), usize>,
    met: HashSet<(usize, NaiveDate)>,
    seen: HashSet<String>,
}

impl Rows {
    /// Reads at most `limit` rows of a CSV file, gzipped when its name ends in `.gz`.
    pub fn open(path: &Path, limit: Option<usize>) -> Outcome<Self> {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if path.extension().is_some_and(|ending| ending == "gz") {
            Self::read(BufReader::new(MultiGzDecoder::new(file)), limit)
        } else {
            Self::read(BufReader::new(file), limit)
        }
    }

    /// Reads at most `limit` rows; a row that does not fit the header ends the reading with its line number.
    pub fn read(text: impl BufRead, limit: Option<usize>) -> Outcome<Self> {
        let mut lines = text.lines();
        let columns = Columns::parse(&lines.next().ok_or("the file is empty")??);
        let mut reader = Reader::default();
        for (number, line) in lines.take(limit.unwrap_or(usize::MAX)).enumerate() {
            let line = line?;
            reader.row(&columns, &line).map_err(|error| format!("line {}: {error}", number + 2))?;
        }
        for ((unit, _), visits) in reader.days {
            if let Some(unit) = reader.rows.units.get_mut(unit) {
                unit.busiest_day = unit.busiest_day.max(visits);
            }
        }
        if reader.rows.visits.is_empty() { Err("the file has no rows".into()) } else { Ok(reader.rows) }
    }

    /// The earliest day of an appointment.
    pub fn first_day(&self) -> NaiveDate {
        self.visits.iter().map(|visit| visit.day).min().unwrap_or_default()
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} rows, {} patients, {} health units", self.visits.len(), self.people.len(), self.units.len())?;
        self.quirks.iter().try_for_each(|(quirk, count)| write!(out, "\n  {count:>6} {quirk}"))
    }
}

impl Reader {
    fn row(&mut self, columns: &Columns, line: &str) -> Outcome<()> {
        let cells: Vec<&str> = line.trim_end_matches('\r').split(',').collect();
        if cells.len() != columns.0.len() {
            return Err(format!("{} cells instead of {}", cells.len(), columns.0.len()).into());
        }
        let cell = |name: &str| columns.cell(&cells, name);
        let (day, booked) = (date(cell("AppointmentDay")?)?, date(cell("ScheduledDay")?)?);
        let person = self.person(cell("PatientId")?, cell("Gender")? == "F", cell("Age")?.parse()?, booked);
        let unit = self.unit(cell("Neighbourhood")?);
        let appointment = cell("AppointmentID")?.to_owned();
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        self.note(booked > day, "booked after their own day: kept");
        self.note(weekend, "on a Saturday or Sunday: those units open then");
        let again = !self.met.insert((person, day));
        self.note(again, "of a patient with another one that day: at another time");
        if !self.seen.insert(appointment.clone()) {
            return Err(format!("appointment {appointment} comes twice").into());
        }
        if let Some(unit) = self.rows.units.get_mut(unit) {
            unit.weekends |= weekend;
        }
        *self.days.entry((unit, day)).or_default() += 1;
        let came = cell("No-show")? == "No";
        self.rows.visits.push(Visit { person, unit, appointment, day, came });
        Ok(())
    }

    fn person(&mut self, source_id: &str, female: bool, age: i32, booked: NaiveDate) -> usize {
        if let Some(known) = self.people.get(source_id) {
            return *known;
        }
        self.note(age < 0, "patients of a negative age: no birth date");
        self.note(age > 100, "patients over a hundred: taken as they are");
        self.note(
            !source_id.bytes().all(|byte| byte.is_ascii_digit()),
            "patients whose id is no whole number: kept as text",
        );
        let birth_date = u32::try_from(age).ok().and_then(|age| birth_date(source_id, age, booked));
        let place = self.rows.people.len();
        self.rows.people.push(Person { source_id: source_id.to_owned(), female, birth_date });
        self.people.insert(source_id.to_owned(), place);
        place
    }

    fn unit(&mut self, name: &str) -> usize {
        if let Some(known) = self.units.get(name) {
            return *known;
        }
        let place = self.rows.units.len();
        self.rows.units.push(Unit { name: name.to_owned(), busiest_day: 0, weekends: false });
        self.units.insert(name.to_owned(), place);
        place
    }

    fn note(&mut self, odd: bool, quirk: &'static str) {
        if odd {
            *self.rows.quirks.entry(quirk).or_default() += 1;
        }
    }
}

impl Columns {
    fn parse(header: &str) -> Self {
        let names = header.trim_start_matches('\u{feff}').trim_end().split(',');
        Self(names.enumerate().map(|(place, name)| (name.to_owned(), place)).collect())
    }

    fn cell<'a>(&self, cells: &[&'a str], name: &str) -> Outcome<&'a str> {
        let place = self.0.get(name).ok_or_else(|| format!("no column {name}"))?;
        Ok(cells.get(*place).copied().unwrap_or_default())
    }
}

/// The date of `2016-05-04T00:00:00Z`; the clock time and its false `Z` say nothing.
fn date(instant: &str) -> Outcome<NaiveDate> {
    let day = instant.split('T').next().unwrap_or_default();
    Ok(NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|error| format!("{instant:?}: {error}"))?)
}

/// Some day on which a person of this age may have been born.
fn birth_date(source_id: &str, age: u32, booked: NaiveDate) -> Option<NaiveDate> {
    let days = u64::try_from(Random::of(source_id).below(364)).ok()?;
    booked.checked_sub_months(Months::new(age.checked_mul(12)?))?.checked_sub_days(Days::new(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "PatientId,AppointmentID,Gender,ScheduledDay,AppointmentDay,Age,Neighbourhood,Scholarship,\
                          Hipertension,Diabetes,Alcoholism,Handcap,SMS_received,No-show";

    fn read(rows: &[&str]) -> Outcome<Rows> {
        let text = [&[HEADER], rows].concat().join("\n");
        Rows::read(text.as_bytes(), None)
    }

    #[test]
    fn quirks_are_taken_as_they_are_and_counted() {
        let rows = read(&[
            "9377952927E-5,1,F,2016-05-03T10:00:00Z,2016-05-04T00:00:00Z,-1,JOANA D´ARC,0,0,0,0,0,0,No",
            "832256398961987,2,M,2016-05-05T07:13:56Z,2016-05-04T00:00:00Z,115,RESISTÊNCIA,0,0,0,0,0,1,Yes",
            "832256398961987,3,M,2016-05-04T07:13:56Z,2016-05-04T00:00:00Z,115,RESISTÊNCIA,0,0,0,0,0,1,No",
            "832256398961987,4,M,2016-05-04T07:13:56Z,2016-05-07T00:00:00Z,115,RESISTÊNCIA,0,0,0,0,0,1,No",
        ])
        .unwrap();
        assert_eq!((rows.visits.len(), rows.people.len(), rows.units.len()), (4, 2, 2));
        assert_eq!(rows.people[0].source_id, "9377952927E-5");
        assert_eq!(rows.people[0].birth_date, None);
        assert!(rows.people[1].birth_date.unwrap().year() <= 1901);
        assert_eq!(rows.units[0].name, "JOANA D´ARC");
        assert_eq!((rows.units[1].busiest_day, rows.units[1].weekends), (2, true));
        assert_eq!(rows.visits.iter().map(|visit| visit.came).collect::<Vec<_>>(), [true, false, true, true]);
        assert_eq!(rows.quirks.values().sum::<usize>(), 6);
    }

    #[test]
    fn a_broken_row_names_its_line() {
        let error = read(&["1,2,F"]).unwrap_err().to_string();
        assert_eq!(error, "line 2: 3 cells instead of 14");
        let twice = "1,2,F,2016-05-03T10:00:00Z,2016-05-04T00:00:00Z,3,A,0,0,0,0,0,0,No";
        assert!(read(&[twice, twice]).unwrap_err().to_string().starts_with("line 3: appointment 2"));
        assert!(read(&[]).is_err());
    }
}
