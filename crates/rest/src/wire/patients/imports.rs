//! Imports on the wire.

use chrono::{DateTime, NaiveTime, Utc};
use kernel::Fault;
use kernel::ids::{ImportId, MembershipId};
use patients::model::import::{self, Field, Import, ImportOptions, ImportRow, Namespace, hex};
use patients::model::table::DateOrder;
use patients::usecase::{Reader, StartImport};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::openapi::{Described, Sketch};
use crate::schema::{self, AnySchema, Schemas};
use crate::upload::{self, Received, Upload};
use crate::{FromText, Problem, Wire, pages};

macro_rules! words {
    ($(#[doc = $doc:literal] $name:ident;)+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub import::$name);

        impl FromText for $name {
            fn from_text(text: &str) -> Result<Self, &'static str> {
                import::$name::parse(text).map(Self).ok_or("unknown_value")
            }

            fn text_schema() -> AnySchema {
                schema::reference(stringify!($name))
            }

            fn text_schemas(schemas: &mut Schemas) {
                schemas.add(stringify!($name), Self::schema);
            }
        }

        impl PartialSchema for $name {
            fn schema() -> AnySchema {
                let words: Vec<&str> = import::$name::ALL.iter().map(|value| value.as_str()).collect();
                schema::choice($doc.trim(), &words)
            }
        }

        impl ToSchema for $name {}
    )+};
}

words! {
    /// What the rows of a file are
    ImportKind;
    /// Where an import stands
    ImportStatus;
    /// What became of a row
    RowOutcome;
}

pub use RowOutcome as ImportOutcome;

/// A form that begins an import; its fields are those of [`FIELDS`].
#[derive(Debug)]
pub struct ImportForm(pub Upload);

/// The texts beside the file.
pub const FIELDS: [(&str, &str); 11] = [
    ("kind", "What the rows are: `patients` or `appointments`."),
    ("dry_run", "`true` reports what would happen and writes nothing else."),
    (
        "mapping",
        "A JSON object from titles of columns to fields, in place of what is proposed; `ignore` leaves a column out, `custom.NAME` is a field of your own.",
    ),
    (
        "date_order",
        "Which of two numbers in a date is the day: `day_first` or `month_first`; by default each column's own values tell.",
    ),
    ("namespace", "Where the file's own identifiers come from, such as the system that wrote it."),
    ("sheet", "The sheet of a workbook."),
    ("delimiter", "What separates the fields of a text: one character, or `tab`."),
    ("practitioner_id", "The practitioner of appointments whose row names none."),
    ("service_id", "The service of appointments whose row names none."),
    ("clinic_id", "The clinic of appointments whose row names none."),
    ("time", "The time of the day of appointments whose row says none, `HH:MM`."),
];

/// An import: what its file turned out to be, and how far it has come
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportWire {
    /// Its id.
    id: Uuid,
    /// What its rows are.
    kind: ImportKind,
    /// Where it stands.
    status: ImportStatus,
    /// True when nothing is written but this report.
    dry_run: bool,
    /// The stable code of what kept it from going on.
    failure: Option<String>,
    /// The name the file came with, without a path.
    file_name: String,
    /// Bytes of the file.
    size: u64,
    /// SHA-256 of the file, in hexadecimal digits.
    sha256: String,
    /// Rows of the file.
    rows: u64,
    /// Rows read so far.
    read: i64,
    /// Rows that made something.
    created: i64,
    /// Rows that changed something.
    updated: i64,
    /// Rows that found everything there.
    skipped: i64,
    /// Rows that are not acceptable.
    failed: i64,
    /// Rows whose record a rollback removed.
    removed: i64,
    /// Rows whose record stayed at a rollback.
    kept: i64,
    /// What was found out about the file.
    detected: DetectedWire,
    /// The columns, with what they are taken for.
    columns: Vec<ImportColumnWire>,
    /// Where the file's own identifiers come from.
    namespace: String,
    /// Who began it; `null` where no member did.
    started_by: Option<Uuid>,
    /// Rises by one with every batch of rows.
    version: i64,
    /// When it was begun.
    created_at: DateTime<Utc>,
    /// When it last came further.
    updated_at: DateTime<Utc>,
    /// When its last row was read.
    finished_at: Option<DateTime<Utc>>,
}

/// What was found out about an imported file
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportDetected)]
pub struct DetectedWire {
    /// `csv`, `json`, `json_lines`, `xlsx`, `xlsb`, `xls` or `ods`.
    format: String,
    /// How its text is encoded; of texts only.
    encoding: Option<String>,
    /// What separates its fields; of delimited texts only.
    delimiter: Option<String>,
    /// The sheets of a workbook.
    sheets: Vec<String>,
    /// The sheet that is read.
    sheet: Option<String>,
    /// The line of the titles, from 1; `null` when there are none.
    header_line: Option<u64>,
    /// What is odd about it and was read all the same.
    quirks: Vec<QuirkWire>,
}

/// Something odd about an imported file
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportQuirk)]
pub struct QuirkWire {
    /// What, such as `negative_numbers`, `repeated_rows` or `exponents`.
    kind: String,
    /// The title of the column; `null` when it is the whole file's.
    column: Option<String>,
    /// How often.
    count: u64,
    /// The first line where; 0 when it has no line.
    first_line: u64,
}

/// A column of an imported file
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportColumn)]
pub struct ImportColumnWire {
    /// What a mapping calls it: its title, with a number where the title is repeated or absent.
    column: String,
    /// The field that it is taken for; `ignore` when it is left out.
    field: String,
}

/// What became of a row of an imported file
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRow)]
pub struct ImportRowWire {
    /// Where it begins in the file, from 1.
    line: i64,
    /// What became of it.
    outcome: RowOutcome,
    /// Why, where that needs saying.
    code: Option<String>,
    /// The column that the code is about.
    column: Option<String>,
    /// The cells as they stood there, of a row that is not acceptable.
    cells: Option<Vec<String>>,
    /// The patient or appointment that it made, changed or found.
    record_id: Option<Uuid>,
}

pages! {
    /// A page of imports
    ImportPage of ImportWire;
    /// A page of an import's rows
    ImportRowPage of ImportRowWire;
}

impl Described for ImportForm {
    fn describe(sketch: &mut Sketch) {
        let sample = json!({ "kind": "patients", "dry_run": "true", "file": "Nome;CPF\nAna Souza;093.808.260-44\n" });
        upload::describe(sketch, &FIELDS, &["kind"], sample);
    }
}

impl actix_web::FromRequest for ImportForm {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &actix_web::HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(Upload::from_request(request, payload).into_inner().map(Self))
    }
}

/// The names of the texts beside the file.
pub(crate) fn fields() -> [&'static str; FIELDS.len()] {
    FIELDS.map(|(name, _)| name)
}

/// What a form asks for; all bad fields at once.
pub(crate) fn start(received: &Received, id: ImportId, country: String) -> Result<StartImport, Problem> {
    let mut faults = Vec::new();
    let kind = read(received, "kind", import::ImportKind::parse, "unknown_value", &mut faults);
    if received.text("kind").is_none() {
        faults.push(Fault::at("/kind", "required"));
    }
    let options = options(received, country, &mut faults);
    let dry_run = read(received, "dry_run", truth, "wrong_type", &mut faults).unwrap_or(false);
    let mapping = mapping(received, kind.unwrap_or(import::ImportKind::Patients), &mut faults);
    match kind {
        Some(kind) if faults.is_empty() => Ok(StartImport {
            id,
            kind,
            file_name: received.file_name.clone(),
            stored: received.stored,
            dry_run,
            options,
            mapping,
            by: Reader::Worker,
        }),
        _ => Err(Problem::invalid(faults)),
    }
}

fn options(received: &Received, country: String, faults: &mut Vec<Fault>) -> ImportOptions {
    let order = |text: &str| match text {
        "day_first" => Some(DateOrder::DayFirst),
        "month_first" => Some(DateOrder::MonthFirst),
        _ => None,
    };
    let delimiter = |text: &str| match (text, text.chars().next()) {
        ("tab", _) => Some('\t'),
        (one, Some(c)) if one.chars().count() == 1 => Some(c),
        _ => None,
    };
    let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
    ImportOptions {
        date_order: read(received, "date_order", order, "unknown_value", faults),
        namespace: read(received, "namespace", Namespace::parse, "invalid_characters", faults).unwrap_or_default(),
        country,
        sheet: received.text("sheet").map(str::to_owned),
        delimiter: read(received, "delimiter", delimiter, "unknown_value", faults),
        practitioner_id: read_id(received, "practitioner_id", faults),
        service_id: read_id(received, "service_id", faults),
        clinic_id: read_id(received, "clinic_id", faults),
        time: read(received, "time", time, "invalid_time_of_day", faults),
    }
}

fn mapping(received: &Received, kind: import::ImportKind, faults: &mut Vec<Fault>) -> Vec<(String, Field)> {
    let Some(text) = received.text("mapping") else { return Vec::new() };
    let Ok(Value::Object(says)) = serde_json::from_str::<Value>(text) else {
        faults.push(Fault::at("/mapping", "wrong_type"));
        return Vec::new();
    };
    let mut fields = Vec::new();
    for (label, word) in says {
        if let Some(field) = word.as_str().and_then(|word| Field::parse(word, kind).ok()) {
            fields.push((label, field));
        } else {
            let label = label.replace('~', "~0").replace('/', "~1");
            faults.push(Fault::at(format!("/mapping/{label}"), "unknown_value"));
        }
    }
    fields
}

fn read<T>(
    received: &Received,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    code: &'static str,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let read = parse(received.text(name)?);
    if read.is_none() {
        faults.push(Fault::at(format!("/{name}"), code));
    }
    read
}

fn read_id<I: kernel::Id>(received: &Received, name: &str, faults: &mut Vec<Fault>) -> Option<I> {
    read(received, name, |text| Uuid::from_text(text).ok(), "invalid_uuid", faults).map(I::from_uuid)
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The word that a value is written as in JSON.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

impl From<&Import> for ImportWire {
    fn from(import: &Import) -> Self {
        let (sheet, counts) = (&import.sheet, import.counts);
        let labels: Vec<&str> = import.mapping.labels().collect();
        let quirk = |quirk: &patients::ports::tables::Quirk| QuirkWire {
            kind: word(quirk.kind),
            column: quirk.column.and_then(|index| labels.get(index)).map(|label| (*label).to_owned()),
            count: quirk.count,
            first_line: quirk.first_line,
        };
        Self {
            id: import.id.uuid(),
            kind: ImportKind(import.kind),
            status: ImportStatus(import.status),
            dry_run: import.dry_run,
            failure: import.failure.clone(),
            file_name: import.file_name.clone(),
            size: import.size,
            sha256: hex(&import.sha256),
            rows: sheet.rows,
            read: counts.read,
            created: counts.created,
            updated: counts.updated,
            skipped: counts.skipped,
            failed: counts.failed,
            removed: counts.removed,
            kept: counts.kept,
            detected: DetectedWire {
                format: word(sheet.format),
                encoding: sheet.encoding.map(word),
                delimiter: sheet.delimiter.map(String::from),
                sheets: sheet.sheets.iter().map(|sheet| sheet.name.clone()).collect(),
                sheet: sheet.sheet.clone(),
                header_line: sheet.header_line,
                quirks: sheet.quirks.iter().map(quirk).collect(),
            },
            columns: import
                .mapping
                .columns()
                .map(|(column, field)| ImportColumnWire { column: column.to_owned(), field: field.to_string() })
                .collect(),
            namespace: import.options.namespace.as_str().to_owned(),
            started_by: import.started_by.map(MembershipId::uuid),
            version: import.version,
            created_at: import.created_at,
            updated_at: import.updated_at,
            finished_at: import.finished_at,
        }
    }
}

impl From<ImportRow> for ImportRowWire {
    fn from(row: ImportRow) -> Self {
        Self {
            line: row.line,
            outcome: RowOutcome(row.outcome),
            code: row.code,
            column: row.column,
            cells: row.cells.map(|cells| cells.0),
            record_id: row.written.map(|written| written.record),
        }
    }
}

impl Wire for ImportWire {
    fn sample() -> Self {
        let at = DateTime::from_timestamp(1_804_000_000, 0).unwrap_or_default();
        Self {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0031),
            kind: ImportKind(import::ImportKind::Patients),
            status: ImportStatus(import::ImportStatus::Finished),
            dry_run: false,
            failure: None,
            file_name: "pacientes.csv".to_owned(),
            size: 41,
            sha256: "0".repeat(64),
            rows: 1,
            read: 1,
            created: 1,
            updated: 0,
            skipped: 0,
            failed: 0,
            removed: 0,
            kept: 0,
            detected: DetectedWire {
                format: "csv".to_owned(),
                encoding: Some("utf8".to_owned()),
                delimiter: Some(";".to_owned()),
                sheets: Vec::new(),
                sheet: None,
                header_line: Some(1),
                quirks: vec![QuirkWire {
                    kind: "negative_numbers".to_owned(),
                    column: Some("Idade".to_owned()),
                    count: 1,
                    first_line: 7,
                }],
            },
            columns: vec![ImportColumnWire { column: String::from("Nome"), field: "name".to_owned() }],
            namespace: "default".to_owned(),
            started_by: None,
            version: 3,
            created_at: at,
            updated_at: at,
            finished_at: Some(at),
        }
    }
}

impl Wire for ImportRowWire {
    fn sample() -> Self {
        Self {
            line: 3,
            outcome: RowOutcome(import::RowOutcome::Failed),
            code: Some("invalid_cpf".to_owned()),
            column: Some("CPF".to_owned()),
            cells: Some(vec!["Ana Souza".to_owned(), "111.111.111-11".to_owned()]),
            record_id: None,
        }
    }
}
