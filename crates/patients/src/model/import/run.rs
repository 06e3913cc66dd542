//! An import: what was asked, how far it has come, and the decisions about it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use kernel::Facts;
use kernel::ids::{ClinicId, ImportId, ImportRowId, MembershipId, PractitionerId, ServiceId};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::mapping::Mapping;
use super::plan::Plan;
use crate::model::Country;
use crate::model::redacted::redacted_debug;
use crate::model::table::DateOrder;
use crate::ports::tables::{Sheet, TableAsk};

/// How long a run may be silent before it counts as given up; each batch is a sign of life.
const PATIENCE: chrono::Duration = chrono::Duration::seconds(90);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$case_doc])* $case,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$case),*];

            /// The word on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word,)* }
            }

            /// What a word stands for; `None` for an unknown one.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// What the rows of a file are.
    ImportKind {
        /// A patient each.
        Patients = "patients",
        /// An appointment each, with whose it is.
        Appointments = "appointments",
    }
}

words! {
    /// Where an import stands.
    ImportStatus {
        /// It waits for a worker.
        Waiting = "waiting",
        /// Its rows are read.
        Running = "running",
        /// All rows were read.
        Finished = "finished",
        /// It could not go on; what it did until then stands.
        Failed = "failed",
        /// What it made is being removed.
        RollingBack = "rolling_back",
        /// What it made was removed, but for what was touched since.
        RolledBack = "rolled_back",
    }
}

words! {
    /// What became of a row.
    RowOutcome {
        /// Something was made.
        Created = "created",
        /// Something was changed.
        Updated = "updated",
        /// Nothing: it is there already.
        Skipped = "skipped",
        /// Nothing: the row is not acceptable.
        Failed = "failed",
        /// What it made was removed by a rollback.
        Removed = "removed",
        /// What it made stayed at a rollback, because it was touched since or is in use.
        Kept = "kept",
    }
}

/// Where the identifiers of a file come from, such as the system that wrote it: 1 to 60 letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Namespace(String);

/// What a sender asked beside the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportOptions {
    /// Which of two numbers in a date is the day, where the sender knows better than the column.
    pub date_order: Option<DateOrder>,
    /// Where the file's own identifiers come from.
    pub namespace: Namespace,
    /// The country by whose rules telephone numbers are read, ISO 3166-1 alpha-2.
    pub country: String,
    /// The sheet to read.
    pub sheet: Option<String>,
    /// What separates the fields of a text.
    pub delimiter: Option<char>,
    /// The practitioner of appointments whose row names none.
    pub practitioner_id: Option<PractitionerId>,
    /// The service of appointments whose row names none.
    pub service_id: Option<ServiceId>,
    /// The clinic of appointments whose row names none.
    pub clinic_id: Option<ClinicId>,
    /// The time of the day of appointments whose row says none.
    pub time: Option<NaiveTime>,
}

/// How many rows became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Rows read.
    pub read: i64,
    /// Rows that made something.
    pub created: i64,
    /// Rows that changed something.
    pub updated: i64,
    /// Rows that found everything there.
    pub skipped: i64,
    /// Rows that are not acceptable.
    pub failed: i64,
    /// Rows whose record a rollback removed.
    pub removed: i64,
    /// Rows whose record stayed at a rollback.
    pub kept: i64,
}

/// An import.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// What its rows are.
    pub kind: ImportKind,
    /// The name the file came with; shown, never used as a path.
    pub file_name: String,
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// True when nothing is to be written but the report.
    pub dry_run: bool,
    /// What was asked beside the file.
    pub options: ImportOptions,
    /// What the file turned out to be.
    pub sheet: Sheet,
    /// What its columns mean.
    pub mapping: Mapping,
    /// Where it stands.
    pub status: ImportStatus,
    /// The stable code of what kept it from going on.
    pub failure: Option<String>,
    /// The last line that was read, from 1; 0 before the first.
    pub position: i64,
    /// How many rows became what.
    pub counts: ImportCounts,
    /// Who began it; nothing where no member did.
    pub started_by: Option<MembershipId>,
    /// Rises by one with every batch.
    pub version: i64,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it last came further.
    pub updated_at: DateTime<Utc>,
    /// When its last row was read.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The cells of a row as they stood in the file, one text for each column.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OriginalCells(pub Vec<String>);

redacted_debug!(OriginalCells);

/// What a row wrote: a record and its version afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The patient or appointment.
    pub record: Uuid,
    /// Its version after this row; 0 in a dry run.
    pub version: i64,
    /// The patient that a row of appointments made too.
    pub patient: Option<Uuid>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRow {
    /// Its id.
    pub id: ImportRowId,
    /// Whose row.
    pub import_id: ImportId,
    /// Where it begins in the file, from 1.
    pub line: i64,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Why, where that needs saying.
    pub code: Option<String>,
    /// The title of the column that the code is about.
    pub column: Option<String>,
    /// The cells, of a row that is not acceptable.
    pub cells: Option<OriginalCells>,
    /// What it wrote or found.
    pub written: Option<Written>,
}

/// Why an import does not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ImportRefused {
    /// It is at work.
    #[error("the import is running")]
    Running,
    /// A dry run made nothing.
    #[error("a dry run made nothing")]
    DryRun,
}

impl Namespace {
    /// Reads a namespace; nothing where it has other characters or is too long.
    pub fn parse(text: &str) -> Option<Self> {
        let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        ((1..=60).contains(&text.len()) && text.chars().all(sound)).then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            date_order: None,
            namespace: Namespace::default(),
            country: "BR".to_owned(),
            sheet: None,
            delimiter: None,
            practitioner_id: None,
            service_id: None,
            clinic_id: None,
            time: None,
        }
    }
}

impl ImportOptions {
    /// How the file is to be read.
    pub fn ask(&self, file_name: &str) -> TableAsk {
        let (sheet, delimiter) = (self.sheet.clone(), self.delimiter);
        TableAsk { file_name: file_name.to_owned(), sheet, delimiter, ..TableAsk::default() }
    }
}

impl ImportCounts {
    /// The counts with these rows too.
    #[must_use]
    pub fn with(mut self, rows: &[ImportRow]) -> Self {
        for row in rows {
            self.read += 1;
            match row.outcome {
                RowOutcome::Created => self.created += 1,
                RowOutcome::Updated => self.updated += 1,
                RowOutcome::Skipped => self.skipped += 1,
                RowOutcome::Failed => self.failed += 1,
                RowOutcome::Removed | RowOutcome::Kept => {}
            }
        }
        self
    }

    /// The counts after these rows were rolled back.
    #[must_use]
    pub fn rolled_back(mut self, rows: &[ImportRow]) -> Self {
        for row in rows {
            match row.outcome {
                RowOutcome::Removed => self.removed += 1,
                RowOutcome::Kept => self.kept += 1,
                _ => {}
            }
        }
        self
    }
}

impl Import {
    /// The import after these rows.
    #[must_use]
    pub fn advanced(&self, rows: &[ImportRow], now: DateTime<Utc>) -> Self {
        let position = rows.iter().map(|row| row.line).max().unwrap_or(self.position);
        self.changed(now, |import| {
            import.status = ImportStatus::Running;
            import.position = position;
            import.counts = import.counts.with(rows);
        })
    }

    /// The import with its last row read.
    #[must_use]
    pub fn finished(&self, now: DateTime<Utc>) -> Self {
        self.changed(now, |import| {
            import.status = ImportStatus::Finished;
            import.finished_at = Some(now);
        })
    }

    /// The import that cannot go on, with the stable code of the reason.
    #[must_use]
    pub fn failed(&self, code: &str, now: DateTime<Utc>) -> Self {
        self.changed(now, |import| {
            import.status = ImportStatus::Failed;
            import.failure = Some(code.to_owned());
            import.finished_at = Some(now);
        })
    }

    /// The import whose records are to be removed; nothing where that is being done or was. One that is at work goes first.
    pub fn rolling_back(&self, now: DateTime<Utc>) -> Result<Option<Self>, ImportRefused> {
        let silent = now - self.updated_at > PATIENCE;
        match self.status {
            _ if self.dry_run => Err(ImportRefused::DryRun),
            ImportStatus::Waiting | ImportStatus::Running if !silent => Err(ImportRefused::Running),
            // One that was given up is begun again.
            ImportStatus::RollingBack if !silent => Ok(None),
            ImportStatus::RolledBack => Ok(None),
            _ => Ok(Some(self.changed(now, |import| import.status = ImportStatus::RollingBack))),
        }
    }

    /// The import after these of its rows were rolled back.
    #[must_use]
    pub fn stepped_back(&self, rows: &[ImportRow], now: DateTime<Utc>) -> Self {
        self.changed(now, |import| import.counts = import.counts.rolled_back(rows))
    }

    /// The import whose records were removed.
    #[must_use]
    pub fn rolled_back(&self, now: DateTime<Utc>) -> Self {
        self.changed(now, |import| import.status = ImportStatus::RolledBack)
    }

    /// True of a dry run of nobody's that was left halfway.
    pub fn is_abandoned(&self, now: DateTime<Utc>) -> bool {
        self.dry_run && self.is_open() && self.started_by.is_none() && now - self.updated_at > PATIENCE
    }

    /// How its rows are read, on this day.
    pub fn plan(&self, today: NaiveDate) -> Plan {
        let country = Country::parse(&self.options.country).unwrap_or(Country::BRAZIL);
        Plan::new(&self.sheet, &self.mapping, country, self.options.date_order, today)
    }

    /// True while its rows are still to be read.
    pub fn is_open(&self) -> bool {
        matches!(self.status, ImportStatus::Waiting | ImportStatus::Running)
    }

    /// The fields as the journal keeps them; the name of a file may be a person's.
    pub fn facts(&self) -> Facts {
        let counts = [
            ("read", self.counts.read),
            ("created", self.counts.created),
            ("updated", self.counts.updated),
            ("skipped", self.counts.skipped),
            ("failed", self.counts.failed),
            ("removed", self.counts.removed),
            ("kept", self.counts.kept),
        ];
        Facts::new()
            .open("kind", self.kind)
            .open("status", self.status)
            .open("dry_run", self.dry_run)
            .open("sha256", hex(&self.sha256))
            .open("size", self.size)
            .open("position", self.position)
            .open("failure", &self.failure)
            .open("counts", BTreeMap::from(counts))
            .personal("file_name", &self.file_name)
    }

    fn changed(&self, now: DateTime<Utc>, edit: impl FnOnce(&mut Self)) -> Self {
        let mut import = self.clone();
        edit(&mut import);
        import.version += 1;
        import.updated_at = now;
        import
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
