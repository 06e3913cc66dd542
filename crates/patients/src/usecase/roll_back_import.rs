//! Taking back what an import made, as far as nobody has touched it since.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use kernel::ids::{AppointmentId, ImportId, PatientId};
use kernel::jobs::{Failure, Job, JobHandler};
use kernel::{
    Change, Committed, Facts, FromStore, Kind, NewJob, Permit, Refusal, Reply, StoreError, StoredReply, commit,
    unchanged, unheard, unit_of_work,
};
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;
use uuid::Uuid;

use super::run_import::{save, system_permit};
use crate::Imports;
use crate::model::import::{Import, ImportKind, ImportRefused, ImportRow, ImportStatus, RowOutcome, Written};
use crate::permission::ImportsManage;
use crate::ports::imports::ImportsTx;

/// The kind of the job that removes what an import made.
pub const KIND: &str = "patients.import_rollback";
/// How many rows one transaction takes back.
const BATCH: u16 = 200;

/// Takes back imports.
pub struct RollBackImport {
    /// What it works on.
    pub imports: Imports,
}

/// Why an import is not taken back.
#[derive(Debug, Error)]
pub enum RollBackImportError {
    /// Only who reaches the whole company does so.
    #[error("not the caller's to roll back")]
    OutOfReach,
    /// Not there.
    #[error("no such import")]
    NotFound,
    /// It is at work, or made nothing.
    #[error(transparent)]
    Refused(#[from] ImportRefused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins to take back an import; a worker does it. Repeating it has no effect.
pub async fn roll_back_import(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    id: ImportId,
    reply: Reply<Import>,
) -> Result<Committed<Import>, RollBackImportError> {
    unit_of_work(async || begin(env, permit, id, reply).await).await
}

async fn begin(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    id: ImportId,
    reply: Reply<Import>,
) -> Result<Committed<Import>, RollBackImportError> {
    if !permit.scope().reach().is_company() {
        return Err(RollBackImportError::OutOfReach);
    }
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    let before = tx.import_by_id(id).await?.ok_or(RollBackImportError::NotFound)?;
    let Some(after) = before.rolling_back(now)? else { return Ok(unchanged(tx, before, reply).await?) };
    if !tx.import_save(&after).await? {
        return Err(StoreError::Contended.into());
    }
    let change = Change::updated(id, after.version, &before.facts(), &after.facts());
    let job = NewJob { kind: KIND, payload: json!({ "import_id": id }), run_at: now };
    Ok(commit(tx, permit.journal(id, now).changed(change).job(job), after, reply).await?)
}

#[derive(Deserialize)]
struct Payload {
    import_id: ImportId,
}

#[async_trait]
impl JobHandler for RollBackImport {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Job) -> Result<(), Failure> {
        let Payload { import_id } = Payload::deserialize(&job.payload).or(Err(Failure::Final("unreadable payload")))?;
        take_back(&self.imports, &system_permit(job.tenant), import_id)
            .await
            .or(Err(Failure::Retry("the store failed")))
    }
}

/// Takes back row by row what is left of an import, in batches.
async fn take_back(env: &Imports, permit: &Permit<ImportsManage>, id: ImportId) -> Result<(), StoreError> {
    loop {
        let tx = env.db.begin(permit.scope()).await?;
        let Some(import) = tx.import_by_id(id).await? else { return Ok(()) };
        if import.status != ImportStatus::RollingBack {
            return Ok(());
        }
        // From the end of the file: what a later row made may name what an earlier one did.
        let rows = tx.import_rows_made(id, BATCH).await?;
        if rows.is_empty() {
            drop(tx);
            save(env, permit, &import, Import::rolled_back).await?;
            return Ok(());
        }
        batch(env, permit, tx, &import, rows).await?;
    }
}

async fn batch(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    tx: Box<dyn ImportsTx>,
    import: &Import,
    rows: Vec<ImportRow>,
) -> Result<(), StoreError> {
    let now = env.clock.now();
    let mut appointments = HashSet::new();
    if import.kind == ImportKind::Appointments {
        let made = |written: &Written| (AppointmentId::from_uuid(written.record), written.version);
        let made: Vec<_> = rows.iter().filter_map(|row| row.written.as_ref().map(made)).collect();
        let untouched = tx.appointments_untouched(&made).await?;
        tx.appointments_remove(&untouched).await?;
        appointments.extend(untouched);
    }
    let written: Vec<Uuid> = rows.iter().filter_map(|row| Some(row.written?.record)).collect();
    let versions: HashMap<Uuid, i64> = tx.import_versions(import.id, &written).await?.into_iter().collect();
    let patient = |row: &ImportRow| {
        let written = row.written.as_ref()?;
        match import.kind {
            // A later row of the file may have changed what this one made.
            ImportKind::Patients => {
                let version = versions.get(&written.record).map_or(written.version, |version| *version);
                Some((PatientId::from_uuid(written.record), version))
            }
            ImportKind::Appointments => written.patient.map(|patient| (PatientId::from_uuid(patient), 1)),
        }
    };
    let made: Vec<_> = rows.iter().filter_map(patient).collect();
    let patients = tx.patients_untouched(&made).await?;
    tx.patients_remove(&patients).await?;
    let gone = appointments.iter().map(|id| id.uuid());
    let removed: HashSet<Uuid> = patients.iter().map(|id| id.uuid()).chain(gone).collect();
    let settled: Vec<ImportRow> = rows.into_iter().map(|row| settled(row, &removed)).collect();
    tx.import_rows_settle(&settled).await?;
    let after = import.stepped_back(&settled, now);
    if !tx.import_save(&after).await? {
        return Err(StoreError::Contended);
    }
    let change = Change::updated(after.id, after.version, &import.facts(), &after.facts());
    let mut journal = permit.journal(after.id, now).changed(change);
    let origin = || Facts::new().open("import_id", import.id);
    for appointment in appointments {
        journal = journal.changed(Change::removed(appointment, 2, origin()));
    }
    for patient in patients {
        let version = made.iter().find(|(id, _)| *id == patient).map_or(1, |(_, version)| *version);
        journal = journal.changed(Change::removed(patient, version + 1, origin()));
    }
    commit(tx, journal, (), unheard).await.map(drop)
}

/// What became of a row that is taken back.
fn settled(row: ImportRow, removed: &HashSet<Uuid>) -> ImportRow {
    let is_gone = row.written.is_some_and(|written| removed.contains(&written.record));
    let also_made = row.written.and_then(|written| written.patient);
    if is_gone && also_made.is_some_and(|patient| !removed.contains(&patient)) {
        ImportRow { outcome: RowOutcome::Removed, code: Some("patient_kept".to_owned()), ..row }
    } else if is_gone {
        ImportRow { outcome: RowOutcome::Removed, code: None, ..row }
    } else {
        ImportRow { outcome: RowOutcome::Kept, code: Some("touched_since".to_owned()), ..row }
    }
}

impl Refusal for RollBackImportError {
    fn kind(&self) -> Kind {
        match self {
            Self::OutOfReach => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::Refused(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach => "patients.out_of_reach",
            Self::NotFound => "not_found",
            Self::Refused(ImportRefused::Running) => "imports.running",
            Self::Refused(ImportRefused::DryRun) => "imports.dry_run",
            Self::Store(error) => error.code(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for RollBackImportError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
