//! What imports need from outside (PT8).

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::{AppointmentId, ClinicId, ImportId, PatientId, PractitionerId, ServiceId};
use kernel::{Facts, FileError, FileKey, Page, PageAsk, StoreError, TenantScope, Transaction};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::PatientWrites;
use super::tables::{Sheet, TableAsk, TableError, TableRow};
use crate::model::import::{Import, ImportKind, ImportRow, RowOutcome, When};
use crate::model::table::Cell;
use crate::model::{IdentifierKind, Patient};

/// The same file is imported once at a time: the constraint's name on both databases.
pub const IMPORT_RUNNING_ONCE: &str = "import_running_once";

/// Opens units of work on imports.
#[async_trait]
pub trait ImportsDb: Send + Sync {
    /// A read-write transaction.
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn ImportsTx>, StoreError>;
    /// Reads only.
    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn ImportsView>, StoreError>;
}

/// Reads of imports; only who reaches the whole company has any.
#[async_trait]
pub trait ImportReads: Send + Sync {
    /// The import, if it is there.
    async fn import_by_id(&self, id: ImportId) -> Result<Option<Import>, StoreError>;
    /// Those of these imports that are there.
    async fn imports_known(&self, ids: &[ImportId]) -> Result<Vec<ImportId>, StoreError>;
    /// A page of imports, newest first.
    async fn import_list(&self, ask: &PageAsk<ImportKey>) -> Result<Page<Import>, StoreError>;
    /// The imports of the same file as the same kind whose rows are still to be read: at most one, and at most one dry run.
    async fn imports_open(&self, kind: ImportKind, sha256: &[u8; 32]) -> Result<Vec<Import>, StoreError>;
    /// A page of its rows, in the order of the file.
    async fn import_rows(&self, ask: &ImportRowList) -> Result<Page<ImportRow>, StoreError>;
    /// The last rows of the file that made something and still have it, last one first, at most so many.
    async fn import_rows_made(&self, id: ImportId, most: u16) -> Result<Vec<ImportRow>, StoreError>;
    /// The highest version of each of these records that a row of the import wrote.
    async fn import_versions(&self, id: ImportId, records: &[Uuid]) -> Result<Vec<(Uuid, i64)>, StoreError>;
}

/// Writes of imports.
#[async_trait]
pub trait ImportWrites: Send + Sync {
    /// Adds an import; [`IMPORT_RUNNING_ONCE`] refuses a file that is being imported.
    async fn import_add(&self, import: &Import) -> Result<(), StoreError>;
    /// Saves an import that came further, if the stored version is one less; false when it is not.
    async fn import_save(&self, import: &Import) -> Result<bool, StoreError>;
    /// Adds what became of rows; a line is there once.
    async fn import_rows_add(&self, rows: &[ImportRow]) -> Result<(), StoreError>;
    /// Saves what a rollback did to rows: outcome and code.
    async fn import_rows_settle(&self, rows: &[ImportRow]) -> Result<(), StoreError>;
}

/// So many patients are looked at who share a telephone number or e-mail address; more share a placeholder.
pub const MOST_SHARING: usize = 200;

/// The registry as an import sees it: many records at once.
#[async_trait]
pub trait RegistryImport: Send + Sync {
    /// The references of these that are known.
    async fn references_known(&self, keys: &[ReferenceKey]) -> Result<Vec<ExternalReference>, StoreError>;
    /// Saves references, also those that are there already.
    async fn references_save(&self, references: &[ExternalReference]) -> Result<(), StoreError>;
    /// The live patients who have these identifiers.
    async fn identifiers_held(&self, identifiers: &[(IdentifierKind, String)]) -> Result<Vec<Held>, StoreError>;
    /// The patients who have one of these match keys of contacts; of each key at most [`MOST_SHARING`], those of the lowest ids.
    async fn contacts_held(&self, keys: &[String]) -> Result<Vec<(String, PatientId)>, StoreError>;
    /// These patients.
    async fn patients_by_ids(&self, ids: &[PatientId]) -> Result<Vec<Patient>, StoreError>;
    /// Adds patients; [`super::IDENTIFIER_UNIQUE`] refuses all of them.
    async fn patients_add(&self, patients: &[Patient]) -> Result<(), StoreError>;
    /// Of these patients, those at this very version that nothing else names; they are locked until the end.
    async fn patients_untouched(&self, patients: &[(PatientId, i64)]) -> Result<Vec<PatientId>, StoreError>;
    /// Removes patients with all that only describes them.
    async fn patients_remove(&self, ids: &[PatientId]) -> Result<(), StoreError>;
}

/// The agenda as an import sees it: history that others kept, and what is booked already.
#[async_trait]
pub trait AgendaImport: Send + Sync {
    /// Who, what and where appointments can be with, by name.
    async fn agenda_offer(&self) -> Result<AgendaOffer, StoreError>;
    /// Which of these would overlap what is booked, or one that comes before them here; what is over is history and overlaps
    /// nothing. Until the end nothing else is booked in their agendas by an import.
    async fn appointments_clashing(&self, ask: &[NewAppointment], now: DateTime<Utc>) -> Result<Vec<bool>, StoreError>;
    /// Adds appointments that clash with nothing; what the journal records of each, in the same order. What is over excludes
    /// nothing from its agenda.
    async fn appointments_import(&self, ask: &[NewAppointment], now: DateTime<Utc>) -> Result<Vec<Facts>, StoreError>;
    /// Of these appointments, those at this very version.
    async fn appointments_untouched(
        &self,
        appointments: &[(AppointmentId, i64)],
    ) -> Result<Vec<AppointmentId>, StoreError>;
    /// Removes appointments and frees their time.
    async fn appointments_remove(&self, ids: &[AppointmentId]) -> Result<(), StoreError>;
}

/// A read-write transaction of an import.
pub trait ImportsTx: ImportReads + ImportWrites + RegistryImport + AgendaImport + PatientWrites + Transaction {}
impl<T: ImportReads + ImportWrites + RegistryImport + AgendaImport + PatientWrites + Transaction> ImportsTx for T {}

/// A read of imports.
pub trait ImportsView: ImportReads {}
impl<T: ImportReads> ImportsView for T {}

/// Reads tables out of stored files, on threads that may wait.
#[async_trait]
pub trait TableSource: Send + Sync {
    /// What a file is, and its first rows.
    async fn inspect(&self, key: &FileKey, ask: TableAsk) -> Result<(Sheet, Vec<Vec<Cell>>), ReadFailed>;
    /// The rows behind a line, in the order of the file.
    async fn rows(&self, key: &FileKey, sheet: Sheet, after: u64) -> Result<Box<dyn RowPieces>, ReadFailed>;
}

/// Rows on their way.
#[async_trait]
pub trait RowPieces: Send {
    /// The next rows, at most some hundreds; none at the end.
    async fn next(&mut self) -> Result<Vec<TableRow>, ReadFailed>;
}

/// Why a stored table was not read.
#[derive(Debug, Error)]
pub enum ReadFailed {
    /// The file is none that is read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// It cannot be fetched.
    #[error(transparent)]
    File(#[from] FileError),
}

/// By what a file knows a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReferenceKey {
    /// What the record is.
    pub kind: ImportKind,
    /// Where the value comes from; `row` for the fingerprint of a row without identifiers.
    pub namespace: String,
    /// The identifier, or the fingerprint.
    pub value: String,
}

/// What a file's identifier stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalReference {
    /// By what the file knows it.
    pub key: ReferenceKey,
    /// What the last imported row said.
    pub fingerprint: String,
    /// The patient or appointment.
    pub record: Uuid,
    /// SHA-256 of the file of that row.
    pub file: [u8; 32],
}

/// Who has an identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its kind.
    pub kind: IdentifierKind,
    /// Its value.
    pub value: String,
    /// The patient.
    pub patient: PatientId,
}

/// Who, what and where appointments can be with.
#[derive(Debug, Clone, Default)]
pub struct AgendaOffer {
    /// Practitioners, with their normalised names.
    pub practitioners: Vec<(PractitionerId, String)>,
    /// Services, with their normalised names and minutes.
    pub services: Vec<(ServiceId, String, i64)>,
    /// Clinics, with their normalised names and time zones.
    pub clinics: Vec<(ClinicId, String, chrono_tz::Tz)>,
}

/// An appointment to add.
#[derive(Debug, Clone)]
pub struct NewAppointment {
    /// Its id.
    pub id: AppointmentId,
    /// Who comes.
    pub patient_id: PatientId,
    /// With whom.
    pub practitioner_id: PractitionerId,
    /// What for.
    pub service_id: ServiceId,
    /// Where.
    pub clinic_id: ClinicId,
    /// The start.
    pub start: When,
    /// How long; as the service takes where it is absent.
    pub minutes: Option<i64>,
    /// What became of it; completed where it is over and nothing is said, else booked.
    pub status: Option<&'static str>,
    /// Why the patient comes.
    pub notes: Option<String>,
}

/// The key of an import in a list, as the cursor keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportKey {
    /// Begun at.
    pub at: DateTime<Utc>,
    /// The import.
    pub id: ImportId,
}

/// The key of a row in a list, as the cursor keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRowKey {
    /// Its line.
    pub line: i64,
}

/// Which rows to list.
#[derive(Debug, Clone)]
pub struct ImportRowList {
    /// Of which import.
    pub import_id: ImportId,
    /// Only those with one of these outcomes; none lets all through.
    pub outcomes: Vec<RowOutcome>,
    /// The page.
    pub page: PageAsk<ImportRowKey>,
}
