//! Which column means what: proposed by titles and values, and as the sender says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::aliases::meaning;
use super::field::Field;
use super::run::ImportKind;
use super::words::sex_of;
use crate::model::table::Cell;
use crate::model::{Cns, Cpf, Email};
use crate::ports::tables::Column;

/// As many values of a column are looked at to guess what an untitled one means.
pub const SAMPLE: usize = 50;

/// What each column means, in the order of the file. Columns are called by their titles; an untitled one by its number
/// (`#3`), the second of a title by title and number (`Telefone (2)`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(Vec<(String, Field)>);

/// Proposes what the columns mean; `sample` are some rows of the file.
pub fn proposed(columns: &[Column], sample: &[Vec<Cell>], kind: ImportKind) -> Mapping {
    let columns: Vec<Column> = columns.iter().cloned().map(untitled).collect();
    let columns = columns.as_slice();
    let mut fields: Vec<Option<Field>> = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let values: Vec<&Cell> =
            sample.iter().filter_map(|row| row.get(index)).filter(|cell| !cell.is_empty()).collect();
        let found = by_title(&column.title, &values, kind).or_else(|| by_values(column, &values));
        let taken = |field: &Field| !field.is_repeatable() && fields.iter().flatten().any(|other| other == field);
        fields.push(found.filter(|field| !taken(field)));
    }
    part_names(&mut fields);
    if !fields.iter().flatten().any(|field| field.is("name") || field.is("last_name")) {
        name_column(&mut fields, columns, sample);
    }
    let fields = fields.into_iter().map(|field| field.unwrap_or(Field::IGNORE));
    Mapping(labels(columns).into_iter().zip(fields).collect())
}

/// A column that a report called by its number has no title of its own.
fn untitled(mut column: Column) -> Column {
    let number = column.title.strip_prefix('#').filter(|rest| !rest.is_empty());
    if number.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit())) {
        column.title.clear();
    }
    column
}

fn by_title(title: &str, values: &[&Cell], kind: ImportKind) -> Option<Field> {
    let word = meaning(title, kind)?;
    // What people call gender is the administrative sex where it is letters, and else the person's own words.
    let is_sex = || values.iter().all(|cell| sex_of(&cell.shown()).is_some());
    if word == "sex" && !is_sex() { Some(Field::Known("gender")) } else { Field::parse(word, kind).ok() }
}

/// Values with check digits or a form of their own tell what an unknown column is.
fn by_values(column: &Column, values: &[&Cell]) -> Option<Field> {
    let all = |is: fn(&str) -> bool| values.len() >= 3 && values.iter().all(|cell| is(&cell.shown()));
    if all(|text| Cpf::parse(text).is_ok()) {
        return Some(Field::Known("cpf"));
    }
    if all(|text| Cns::parse(text).is_ok()) {
        return Some(Field::Known("cns"));
    }
    if all(|text| Email::parse(text).is_ok()) {
        return Some(Field::Known("email"));
    }
    let untitled = column.title.is_empty();
    if untitled && all(is_telephone) {
        return Some(Field::Known("phone"));
    }
    let shape = &column.shape;
    let dates = shape.dates + shape.certain_dates + shape.day_first + shape.month_first + shape.either_first;
    (untitled && dates > 0 && dates == shape.filled).then_some(Field::Known("birth_date"))
}

fn is_telephone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let marked = text.starts_with('+') || text.starts_with('(');
    marked && (8..=15).contains(&digits) && text.chars().all(|c| c.is_ascii_digit() || " +()-.".contains(c))
}

/// Beside a column of first names, one that is only called `name` holds the last ones.
fn part_names(fields: &mut [Option<Field>]) {
    let has = |fields: &[Option<Field>], word: &str| fields.iter().flatten().any(|field| field.is(word));
    if has(fields, "first_name")
        && !has(fields, "last_name")
        && let Some(name) = fields.iter_mut().flatten().find(|field| field.is("name"))
    {
        *name = Field::Known("last_name");
    }
}

/// The first untitled column whose values are all words of letters.
fn name_column(fields: &mut [Option<Field>], columns: &[Column], sample: &[Vec<Cell>]) {
    let is_name =
        |text: &str| text.split_whitespace().count() >= 2 && !text.chars().any(|c| c.is_ascii_digit() || c == '@');
    for (index, field) in fields.iter_mut().enumerate().filter(|(_, field)| field.is_none()) {
        let untitled = columns.get(index).is_some_and(|column| column.title.is_empty());
        let mut values = sample.iter().filter_map(|row| row.get(index)).filter(|cell| !cell.is_empty()).peekable();
        if untitled && values.peek().is_some() && values.all(|cell| is_name(&cell.shown())) {
            *field = Some(Field::Known("name"));
            return;
        }
    }
}

/// What the columns are called, each once.
fn labels(columns: &[Column]) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let label = |(index, column): (usize, &Column)| (index, column.title.clone());
    let plain: Vec<(usize, String)> = columns.iter().enumerate().map(label).collect();
    plain
        .iter()
        .map(|(index, title)| {
            let times = seen.entry(title).or_insert(0);
            *times += 1;
            match (title.is_empty(), *times) {
                (true, _) => format!("#{}", index + 1),
                (false, 1) => title.clone(),
                (false, times) => format!("{title} ({times})"),
            }
        })
        .collect()
}

impl Mapping {
    /// The mapping with what the sender says; the names of columns that are not there, and of fields that a second column
    /// would have, come back.
    pub fn overridden(mut self, says: &[(String, Field)]) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        for (label, field) in says {
            match self.0.iter_mut().find(|(known, _)| known == label) {
                Some((_, present)) => *present = field.clone(),
                None => wrong.push(label.clone()),
            }
        }
        for (label, field) in says.iter().filter(|(_, field)| !field.is_repeatable()) {
            // What the sender says goes before what was proposed.
            for (other, present) in self.0.iter_mut().filter(|(other, present)| other != label && present == field) {
                if says.iter().any(|(said, _)| said == other) {
                    wrong.push(label.clone());
                } else {
                    *present = Field::IGNORE;
                }
            }
        }
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }

    /// The columns in the order of the file, with what they mean.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Field)> {
        self.0.iter().map(|(label, field)| (label.as_str(), field.clone()))
    }

    /// What the columns are called.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(label, _)| label.as_str())
    }

    /// True where a column means the field of this word.
    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|(_, field)| field.is(word))
    }
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
