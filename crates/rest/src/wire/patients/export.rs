//! Records on their way out: CSV for spreadsheets, JSON Lines for programs.

use std::pin::Pin;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use futures_util::stream::{self, Stream};
use kernel::ids::PatientId;
use kernel::{Committed, Permit, StoreError};
use patients::Patients;
use patients::model::{BirthDate, Contact, ContactKind, Identifier, IdentifierKind, Patient, PatientSelection};
use patients::permission::PatientsExport;
use patients::usecase::export_patients::EXPORTED_AT_ONCE;
use patients::usecase::exported_patients;
use serde::Serialize;
use utoipa::ToSchema;

use super::PatientWire;
use crate::FromJson;
use crate::openapi::{Described, Sketch};
use crate::state::Env;

/// The form of an export
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, FromJson, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// A line for each record, for spreadsheets.
    Csv,
    /// A JSON object for each record, whole, in a line of its own.
    Jsonl,
}

const CSV: &str = "text/csv";
const JSONL: &str = "application/jsonl";

/// Without it, spreadsheets take UTF-8 for something older.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A column of the CSV: its title, and its cell in a record.
type Column = (&'static str, fn(&Patient) -> String);

const COLUMNS: &[Column] = &[
    ("id", |p| p.id.to_string()),
    ("name", |p| p.details.name.as_str().to_owned()),
    ("social_name", |p| p.details.social_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default()),
    ("birth_date", |p| p.details.birth_date.map(BirthDate::date).map(|day| day.to_string()).unwrap_or_default()),
    ("sex", |p| p.details.sex.map(|sex| sex.as_str().to_owned()).unwrap_or_default()),
    ("gender", |p| p.details.gender.as_ref().map(|gender| gender.as_str().to_owned()).unwrap_or_default()),
    ("mother_name", |p| p.details.mother_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default()),
    ("stage", |p| p.details.stage.as_str().to_owned()),
    ("cpf", |p| identifiers(p, |one| one.kind() == IdentifierKind::Cpf)),
    ("cns", |p| identifiers(p, |one| one.kind() == IdentifierKind::Cns)),
    ("ins", |p| identifiers(p, |one| one.kind() == IdentifierKind::Ins)),
    ("other_identifiers", other_identifiers),
    ("phones", |p| contacts(p, ContactKind::Phone)),
    ("whatsapp", |p| contacts(p, ContactKind::Whatsapp)),
    ("emails", |p| contacts(p, ContactKind::Email)),
    ("instagram", |p| contacts(p, ContactKind::Instagram)),
    ("street", |p| address(p, |parts| parts.street.clone())),
    ("number", |p| address(p, |parts| parts.number.clone())),
    ("complement", |p| address(p, |parts| parts.complement.clone())),
    ("neighbourhood", |p| address(p, |parts| parts.neighbourhood.clone())),
    ("city", |p| address(p, |parts| parts.city.clone())),
    ("region", |p| address(p, |parts| parts.region.clone())),
    ("postal_code", |p| address(p, |parts| parts.postal_code.clone())),
    ("country", |p| address(p, |parts| parts.country.clone())),
    ("health_plan", |p| plan(p, |parts| Some(parts.operator.clone()))),
    ("health_plan_product", |p| plan(p, |parts| parts.plan.clone())),
    ("health_plan_card", |p| plan(p, |parts| parts.card_number.clone())),
    ("health_plan_valid_until", |p| plan(p, |parts| parts.valid_until.map(|day| day.to_string()))),
    ("tags", |p| joined(p.details.tags.iter().map(|tag| tag.as_str().to_owned()))),
    ("notes", |p| p.details.notes.as_ref().map(|notes| notes.as_str().to_owned()).unwrap_or_default()),
    ("created_at", |p| p.created_at.to_rfc3339()),
    ("updated_at", |p| p.updated_at.to_rfc3339()),
];

/// A stream of records: read some at a time, and only as fast as they are taken.
pub struct Exported {
    source: Source,
    format: ExportFormat,
}

type Source = (Env<Patients>, Permit<PatientsExport>, PatientSelection);

/// Where a stream is.
enum Place {
    Begin,
    Behind(PatientId),
    End,
}

impl Exported {
    /// The records of a disclosure that is journalled.
    pub fn new(_journalled: Committed<()>, source: Source, format: ExportFormat) -> Self {
        Self { source, format }
    }

    fn pieces(self) -> Pin<Box<dyn Stream<Item = Result<Bytes, StoreError>>>> {
        let Self { source, format } = self;
        Box::pin(stream::try_unfold((source, Place::Begin), move |(source, place)| async move {
            let after = match place {
                Place::End => return Ok(None),
                Place::Begin => None,
                Place::Behind(id) => Some(id),
            };
            let (patients, permit, selection) = &source;
            let records = exported_patients(patients, permit, selection, after).await?;
            let mut text = if after.is_none() { format.head() } else { String::new() };
            for record in &records {
                format.write(record, &mut text)?;
            }
            let next = match records.last() {
                Some(last) if records.len() >= usize::from(EXPORTED_AT_ONCE) => Place::Behind(last.id),
                _ => Place::End,
            };
            Ok(Some((Bytes::from(text), (source, next))))
        }))
    }
}

impl ExportFormat {
    /// The word of the parameter.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }

    const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => JSONL,
        }
    }

    fn head(self) -> String {
        match self {
            Self::Csv => {
                let titles: Vec<&str> = COLUMNS.iter().map(|(title, _)| *title).collect();
                format!("{BYTE_ORDER_MARK}{}\r\n", titles.join(","))
            }
            Self::Jsonl => String::new(),
        }
    }

    fn write(self, record: &Patient, text: &mut String) -> Result<(), StoreError> {
        match self {
            Self::Csv => {
                for (place, (_, cell)) in COLUMNS.iter().enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    text.push_str(&csv_cell(cell(record)));
                }
                text.push_str("\r\n");
            }
            Self::Jsonl => {
                text.push_str(&json_line(&PatientWire::from(record))?);
                text.push('\n');
            }
        }
        Ok(())
    }
}

/// An object in one line; the stream ends early rather than leave a record out.
fn json_line(object: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(object).map_err(StoreError::broken)
}

/// A cell, quoted where it has to be. What begins like a formula is told to be text: `=`, `+`, `-`, `@`, a tab, a carriage
/// return, or one of them behind spaces or in its full-width form.
fn csv_cell(mut text: String) -> String {
    let begins = text.trim_start_matches(' ').chars().next();
    if begins
        .is_some_and(|first| matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'))
    {
        text.insert(0, '\'');
    }
    if text.contains([',', ';', '"', '\r', '\n', '\t', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// Several values in one cell.
fn joined(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join("; ")
}

fn identifiers(patient: &Patient, of: fn(&Identifier) -> bool) -> String {
    joined(patient.details.identifiers.iter().filter(|one| of(one)).map(|one| one.value().to_owned()))
}

fn other_identifiers(patient: &Patient) -> String {
    let own = [IdentifierKind::Cpf, IdentifierKind::Cns, IdentifierKind::Ins];
    let others = patient.details.identifiers.iter().filter(|one| !own.contains(&one.kind()));
    joined(others.map(|one| format!("{}: {}", one.kind().as_str(), one.value())))
}

/// The preferred one first.
fn contacts(patient: &Patient, kind: ContactKind) -> String {
    let of_kind = patient.details.contacts.as_slice().iter().filter(|contact| contact.kind() == kind);
    let (first, rest): (Vec<&Contact>, Vec<&Contact>) = of_kind.partition(|contact| contact.is_primary());
    joined(first.into_iter().chain(rest).map(|contact| contact.value().to_owned()))
}

/// Of the first address; all are in JSON Lines.
fn address(patient: &Patient, of: fn(&patients::model::AddressParts) -> Option<String>) -> String {
    patient.details.addresses.first().and_then(|address| of(address.parts())).unwrap_or_default()
}

/// Of the first health plan; all are in JSON Lines.
fn plan(patient: &Patient, of: fn(&patients::model::HealthPlanParts) -> Option<String>) -> String {
    patient.details.health_plans.first().and_then(|plan| of(plan.parts())).unwrap_or_default()
}

impl std::fmt::Debug for Exported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exported").field("format", &self.format).finish_non_exhaustive()
    }
}

impl Responder for Exported {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let name = format!("attachment; filename=\"patients.{}\"", self.format.word());
        let media = HeaderValue::from_static(self.format.media());
        let mut response = HttpResponse::build(StatusCode::OK);
        response.insert_header((CONTENT_TYPE, media)).insert_header((CONTENT_DISPOSITION, name));
        response.streaming(self.pieces())
    }
}

impl Described for Exported {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_files(StatusCode::OK, "The records.", &[CSV, JSONL]);
        let titles = ExportFormat::Csv.head();
        sketch.example(StatusCode::OK, CSV, titles.trim_start_matches(BYTE_ORDER_MARK));
        let record = json_line(&<PatientWire as crate::Wire>::sample()).unwrap_or_default();
        sketch.example(StatusCode::OK, JSONL, &format!("{record}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt9_a_record_that_cannot_be_written_is_an_error_and_no_empty_line() {
        let unwritable = std::collections::HashMap::from([((1, 2), "a key that JSON does not have")]);
        assert!(json_line(&unwritable).is_err());
        assert_eq!(json_line(&serde_json::json!({ "name": "Ana\nLima" })).unwrap(), r#"{"name":"Ana\nLima"}"#);
    }

    #[test]
    fn pt9_what_a_spreadsheet_would_run_is_told_to_be_text() {
        for (cell, written) in [
            ("=1+1", "\"'=1+1\""),
            ("+55 27", "\"'+55 27\""),
            ("-2", "\"'-2\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("  =1", "\"'  =1\""),
            ("＝1", "\"'＝1\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("Ana", "Ana"),
            ("a-b=c+d@e", "a-b=c+d@e"),
            ("D'Ávila", "\"D'Ávila\""),
            ("a,b", "\"a,b\""),
            ("a\nb", "\"a\nb\""),
            ("", ""),
        ] {
            assert_eq!(csv_cell(cell.to_owned()), written, "{cell}");
        }
    }
}
