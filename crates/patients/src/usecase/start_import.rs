//! Beginning an import: what the file is, what its columns mean, and the work for the worker.

use chrono::{DateTime, Utc};
use kernel::ids::ImportId;
use kernel::{
    Actor, Change, Committed, Fault, FileError, FileKey, FromStore, Kind, NewJob, Permit, Refusal, Reply, StoreError,
    StoredFile, StoredReply, commit, unit_of_work,
};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::Imports;
use crate::model::import::{Field, Import, ImportCounts, ImportKind, ImportOptions, ImportStatus, Mapping, proposed};
use crate::permission::ImportsManage;
use crate::ports::imports::{IMPORT_RUNNING_ONCE, ReadFailed};

/// The kind of the job that reads the rows.
pub const KIND: &str = "patients.import";

/// A file that was stored, and what to do with it.
#[derive(Debug, Clone)]
pub struct StartImport {
    /// The id that it gets, under which the file lies.
    pub id: ImportId,
    /// What its rows are.
    pub kind: ImportKind,
    /// The name it came with.
    pub file_name: String,
    /// The file.
    pub stored: StoredFile,
    /// True when nothing is to be written but the report.
    pub dry_run: bool,
    /// What is asked beside it.
    pub options: ImportOptions,
    /// What its sender says of columns, by their titles.
    pub mapping: Vec<(String, Field)>,
    /// Who reads the rows.
    pub by: Reader,
}

/// Who reads the rows of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A worker, as soon as one is free.
    Worker,
    /// Whoever began it, itself.
    Itself,
}

/// Why an import was not begun; of a refusal's file nothing is kept.
#[derive(Debug, Error)]
pub enum StartImportError {
    /// Only who reaches the whole company imports.
    #[error("not the caller's to import")]
    OutOfReach,
    /// The file holds nothing.
    #[error("the file is empty")]
    Empty,
    /// The file is none that is read.
    #[error("the file cannot be read")]
    Unreadable(&'static str),
    /// The mapping names columns that are not there, or a field twice.
    #[error("the mapping does not fit the file")]
    Mapping(Vec<String>),
    /// No column says what is needed most; these are the columns.
    #[error("a column is missing")]
    MissingColumn {
        /// What is missing.
        code: &'static str,
        /// What the columns are taken for.
        mapping: Mapping,
    },
    /// The same file is being imported.
    #[error("the file is being imported")]
    Running(Option<ImportId>),
    /// The same file is being imported, with other options or columns.
    #[error(
        "the import {0} of this file has rows left and was asked for with other options: say the same, or finish it"
    )]
    Otherwise(ImportId),
    /// The file store failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins an import of a file that was stored under its id. A file that is refused is removed; where it is not known whether
/// the import was committed it stays.
pub async fn start_import(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    ask: StartImport,
    reply: Reply<Import>,
) -> Result<Committed<Import>, StartImportError> {
    let key = FileKey::of(permit.scope(), ask.id);
    let started = start(env, permit, ask, reply).await;
    if started.as_ref().is_err_and(StartImportError::is_certain) {
        // The refusal counts; a file that stays is but room lost.
        let _ = env.files.delete(&key).await;
    }
    started
}

async fn start(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    ask: StartImport,
    reply: Reply<Import>,
) -> Result<Committed<Import>, StartImportError> {
    if !permit.scope().reach().is_company() {
        return Err(StartImportError::OutOfReach);
    }
    if ask.stored.size == 0 {
        return Err(StartImportError::Empty);
    }
    let key = FileKey::of(permit.scope(), ask.id);
    let (sheet, sample) = env.tables.inspect(&key, ask.options.ask(&ask.file_name)).await?;
    let mapping = proposed(&sheet.columns, &sample, ask.kind).overridden(&ask.mapping);
    let mapping = mapping.map_err(StartImportError::Mapping)?;
    if let Some(code) = missing(ask.kind, &mapping) {
        return Err(StartImportError::MissingColumn { code, mapping });
    }
    let (now, by) = (env.clock.now(), ask.by);
    let import = Import {
        id: ask.id,
        kind: ask.kind,
        file_name: ask.file_name,
        size: ask.stored.size,
        sha256: ask.stored.sha256,
        dry_run: ask.dry_run,
        options: ask.options,
        sheet,
        mapping,
        status: ImportStatus::Waiting,
        failure: None,
        position: 0,
        counts: ImportCounts::default(),
        started_by: match permit.actor() {
            Actor::Member { membership, .. } => Some(membership),
            Actor::ApiKey(_) | Actor::System(_) => None,
        },
        version: 1,
        created_at: now,
        updated_at: now,
        finished_at: None,
    };
    unit_of_work(async || add(env, permit, &import, by, reply).await).await
}

async fn add(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    import: &Import,
    by: Reader,
    reply: Reply<Import>,
) -> Result<Committed<Import>, StartImportError> {
    let tx = env.db.begin(permit.scope()).await?;
    let (id, now) = (import.id, import.created_at);
    let mut journal = permit.journal(id, now);
    for open in tx.imports_open(import.kind, &import.sha256).await? {
        if open.is_abandoned(now) {
            let after = open.failed("imports.gave_up", now);
            if !tx.import_save(&after).await? {
                return Err(StoreError::Contended.into());
            }
            journal = journal.changed(Change::updated(open.id, after.version, &open.facts(), &after.facts()));
        } else if open.dry_run == import.dry_run {
            return Err(StartImportError::Running(Some(open.id)));
        }
    }
    tx.import_add(import).await?;
    let mut journal = journal.changed(Change::created(id, 1, import.facts()));
    if by == Reader::Worker {
        journal = journal.job(job(id, now));
    }
    Ok(commit(tx, journal, import.clone(), reply).await?)
}

/// An import as it is asked for once more, to go on with it.
#[derive(Debug, Clone)]
pub struct AskAgain {
    /// What its rows are.
    pub kind: ImportKind,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// True of a dry run.
    pub dry_run: bool,
    /// What is asked beside it.
    pub options: ImportOptions,
    /// What its sender says of columns, by their titles.
    pub mapping: Vec<(String, Field)>,
}

/// The import of the same file, kind and dryness that has rows left to be read; one that was asked for otherwise is refused.
pub async fn open_import(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    ask: &AskAgain,
) -> Result<Option<Import>, StartImportError> {
    let open = env.db.view(permit.scope()).await?.imports_open(ask.kind, &ask.sha256).await?;
    let Some(open) = open.into_iter().find(|open| open.dry_run == ask.dry_run) else { return Ok(None) };
    if open.options != ask.options {
        return Err(StartImportError::Otherwise(open.id));
    }
    let key = FileKey::of(permit.scope(), open.id);
    let (sheet, sample) = env.tables.inspect(&key, ask.options.ask(&open.file_name)).await?;
    let mapping = proposed(&sheet.columns, &sample, ask.kind).overridden(&ask.mapping);
    let mapping = mapping.map_err(StartImportError::Mapping)?;
    if mapping == open.mapping { Ok(Some(open)) } else { Err(StartImportError::Otherwise(open.id)) }
}

/// The job that reads the rows of an import.
fn job(id: ImportId, now: DateTime<Utc>) -> NewJob {
    NewJob { kind: KIND, payload: json!({ "import_id": id }), run_at: now }
}

/// What a file cannot do without.
fn missing(kind: ImportKind, mapping: &Mapping) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| mapping.has(word));
    let named = has(&["name", "first_name", "last_name"]);
    match kind {
        ImportKind::Patients if !named => Some("imports.no_name_column"),
        ImportKind::Appointments if !has(&["start", "date"]) => Some("imports.no_start_column"),
        ImportKind::Appointments if !named && !has(&["external_id", "cpf", "cns", "ins"]) => {
            Some("imports.no_patient_column")
        }
        _ => None,
    }
}

impl From<ReadFailed> for StartImportError {
    fn from(failed: ReadFailed) -> Self {
        match failed {
            ReadFailed::File(error) => Self::File(error),
            ReadFailed::Table(error) => match error.code() {
                Some(code) => Self::Unreadable(code),
                None => Self::File(FileError::Unavailable(Box::new(error))),
            },
        }
    }
}

impl StartImportError {
    /// True when nothing was committed for sure: a store that fails may have committed before its answer was lost.
    fn is_certain(&self) -> bool {
        !matches!(self, Self::Store(StoreError::Unavailable(_) | StoreError::Broken(_)))
    }

    fn running(&self) -> bool {
        matches!(self, Self::Running(_) | Self::Otherwise(_) | Self::Store(StoreError::Constraint(IMPORT_RUNNING_ONCE)))
    }
}

impl Refusal for StartImportError {
    fn kind(&self) -> Kind {
        match self {
            _ if self.running() => Kind::Conflict,
            Self::OutOfReach => Kind::Forbidden,
            Self::Empty | Self::Unreadable(_) | Self::Mapping(_) | Self::MissingColumn { .. } => Kind::Invalid,
            Self::Running(_) | Self::Otherwise(_) => Kind::Conflict,
            Self::File(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            _ if self.running() => "imports.running",
            Self::OutOfReach => "patients.out_of_reach",
            Self::Empty => "imports.empty",
            Self::Unreadable(code) | Self::MissingColumn { code, .. } => code,
            Self::Mapping(_) => "invalid",
            Self::Running(_) | Self::Otherwise(_) => "imports.running",
            Self::File(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        let escaped = |label: &String| label.replace('~', "~0").replace('/', "~1");
        match self {
            Self::Mapping(labels) => {
                labels.iter().map(|label| Fault::at(format!("/mapping/{}", escaped(label)), "unknown_column")).collect()
            }
            Self::Empty => vec![Fault::at("/file", "imports.empty")],
            Self::Unreadable(code) => vec![Fault::at("/file", code)],
            Self::MissingColumn { code, .. } => vec![Fault::at("/mapping", code)],
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::Running(Some(id)) | Self::Otherwise(id) => Map::from_iter([("existing_id".to_owned(), json!(id))]),
            Self::MissingColumn { mapping, .. } => {
                let columns = mapping.columns().map(|(label, field)| (label.to_owned(), json!(field)));
                Map::from_iter([("mapping".to_owned(), Value::Object(columns.collect()))])
            }
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for StartImportError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
