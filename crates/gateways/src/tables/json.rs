//! JSON: an array of objects, or an object on each line. A field of an inner object is a column `outer.inner`; an array of
//! plain values is one cell with `; ` between them.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;

use patients::model::table::Cell;
use patients::ports::tables::{HeaderAsk, Sheet, TableBytes, TableError, TableFormat};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::cells::Row;
use super::numbers::plain;
use super::survey::Survey;
use super::text::{Budget, Budgeted, Decoded, encoding_of, text_failure};
use super::{Sink, limits};

/// Objects inside each other.
const DEPTH: usize = 4;

/// Looks at the whole file.
pub fn inspect(bytes: &mut dyn TableBytes, format: TableFormat) -> Result<Sheet, TableError> {
    let encoding = encoding_of(bytes)?;
    let mut survey = Survey::new(HeaderAsk::Absent);
    let mut keys = Keys::default();
    let mut into_survey = super::into_survey(&mut survey);
    objects(Decoded::open(bytes, encoding)?, format, &mut keys, &mut into_survey)?;
    drop(into_survey);
    if survey.is_empty() {
        return Err(TableError::Empty);
    }
    let mut found = survey.finish();
    let more = keys.order.len().saturating_sub(found.columns.len());
    found.columns.extend((0..more).map(|_| patients::ports::tables::Column {
        title: String::new(),
        shape: patients::model::table::ColumnShape::default(),
    }));
    for (column, key) in found.columns.iter_mut().zip(keys.order) {
        column.title = key;
    }
    let mut quirks = found.quirks.into_list();
    quirks.retain(|quirk| quirk.kind != patients::ports::tables::QuirkKind::NoHeader);
    Ok(Sheet {
        format,
        encoding: Some(encoding),
        delimiter: None,
        sheets: Vec::new(),
        sheet: None,
        header_line: None,
        columns: found.columns,
        rows: found.rows,
        epoch: None,
        quirks,
    })
}

/// Hands over every object.
pub fn rows(bytes: &mut dyn TableBytes, sheet: &Sheet, sink: &mut Sink<'_>) -> Result<(), TableError> {
    let encoding = sheet.encoding.ok_or(TableError::Broken("it was not inspected as a text"))?;
    let mut keys = Keys::default();
    for column in &sheet.columns {
        keys.index(&column.title)?;
    }
    objects(Decoded::open(bytes, encoding)?, sheet.format, &mut keys, sink)
}

/// The columns, in the order in which their keys come first.
#[derive(Default)]
struct Keys {
    order: Vec<String>,
    places: HashMap<String, usize>,
}

impl Keys {
    fn index(&mut self, key: &str) -> Result<usize, TableError> {
        if let Some(place) = self.places.get(key) {
            return Ok(*place);
        }
        let place = self.order.len();
        if place >= limits::COLUMNS {
            return Err(TableError::TooManyColumns { limit: limits::COLUMNS });
        }
        self.order.push(key.to_owned());
        self.places.insert(key.to_owned(), place);
        Ok(place)
    }
}

/// Where the objects go, and why they stopped going there.
struct Progress<'a, 'b> {
    keys: &'a mut Keys,
    sink: &'a mut Sink<'b>,
    budget: Budget,
    element: u64,
    ended: Option<Result<(), TableError>>,
}

impl Progress<'_, '_> {
    /// Takes the next object; an end that was asked for, or a refusal, stops the parser by an error of its own.
    fn take(&mut self, object: Object) -> bool {
        self.element += 1;
        self.budget.renew();
        let outcome = self.row(object).and_then(|row| (self.sink)(row));
        match outcome {
            Ok(ControlFlow::Continue(())) => return true,
            Ok(ControlFlow::Break(())) => self.ended = Some(Ok(())),
            Err(refusal) => self.ended = Some(Err(refusal)),
        }
        false
    }

    fn row(&mut self, object: Object) -> Result<Row, TableError> {
        let mut row = Row::at(self.element);
        for (key, value) in object.0 {
            self.put(&mut row, key.trim(), value, DEPTH)?;
        }
        Ok(row)
    }

    fn put(&mut self, row: &mut Row, key: &str, value: Value, depth: usize) -> Result<(), TableError> {
        if key.len() > limits::TITLE {
            return Err(TableError::ClaimsTooMuch("a title"));
        }
        let cell = match value {
            Value::Object(fields) => {
                let depth = depth.checked_sub(1).ok_or(TableError::TooDeep { line: row.line })?;
                return fields
                    .into_iter()
                    .try_for_each(|(inner, value)| self.put(row, &format!("{key}.{}", inner.trim()), value, depth));
            }
            Value::Array(values) => {
                let texts: Option<Vec<String>> = values.into_iter().map(plain_text).collect();
                row.text(&texts.ok_or(TableError::TooDeep { line: row.line })?.join("; "))?
            }
            Value::String(text) => row.text(&text)?,
            Value::Number(number) => plain(&number.to_string()),
            Value::Bool(yes) => Cell::Bool(yes),
            Value::Null => Cell::Empty,
        };
        let column = self.keys.index(key)?;
        row.put(column, cell)
    }
}

fn plain_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn objects(text: impl Read, format: TableFormat, keys: &mut Keys, sink: &mut Sink<'_>) -> Result<(), TableError> {
    let budget = Budget::new(None);
    let reader = BufReader::with_capacity(64 << 10, Budgeted::new(text, budget.clone()));
    let mut json = serde_json::Deserializer::from_reader(reader);
    let mut progress = Progress { keys, sink, budget, element: 0, ended: None };
    let read = if format == TableFormat::Json {
        json.deserialize_seq(Objects(&mut progress)).and_then(|()| json.end())
    } else {
        json.into_iter::<Object>().try_for_each(|object| {
            if progress.take(object?) { Ok(()) } else { Err(serde_json::Error::custom("no more is wanted")) }
        })
    };
    match (progress.ended, read) {
        (Some(ended), _) => ended,
        (None, Ok(())) => Ok(()),
        (None, Err(error)) => Err(failure(error, progress.element + 1)),
    }
}

fn failure(error: serde_json::Error, element: u64) -> TableError {
    if error.is_io() {
        return text_failure(std::io::Error::from(error), element);
    }
    if error.to_string().starts_with("recursion limit") {
        return TableError::TooDeep { line: element };
    }
    if error.is_data() {
        return TableError::NotATable("JSON that is not a list of objects");
    }
    TableError::Broken("its JSON cannot be read")
}

/// An object, its fields in the order of the file.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry::<String, Value>()? {
            fields.push(field);
        }
        Ok(Object(fields))
    }
}

struct Objects<'a, 'b, 'c>(&'a mut Progress<'b, 'c>);

impl<'de> Visitor<'de> for Objects<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(object) = list.next_element::<Object>()? {
            if !self.0.take(object) {
                return Err(A::Error::custom("no more is wanted"));
            }
        }
        Ok(())
    }
}
