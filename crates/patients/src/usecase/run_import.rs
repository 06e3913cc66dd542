//! Reading the rows of an import, batch by batch: each batch is a transaction that also says how far the import has come, so
//! that whoever goes on after a crash begins behind the last line that was dealt with, and of two that run at once one gives up.

mod agenda;
mod desk;
mod patients;

use std::sync::Mutex;

use async_trait::async_trait;
use chrono::NaiveTime;
use kernel::ids::{ImportId, TenantId};
use kernel::jobs::{Failure, Job, JobHandler, MAX_TRIES};
use kernel::{Change, FileKey, Journal, Origin, Permit, StoreError, commit, unheard};
use serde::Deserialize;
use thiserror::Error;

use self::desk::Imagined;
use super::start_import::KIND;
use crate::Imports;
use crate::model::import::{Import, ImportKind, Plan, PlannedColumn};
use crate::permission::ImportsManage;
use crate::ports::IDENTIFIER_UNIQUE;
use crate::ports::imports::{ImportsTx, ReadFailed};
use crate::ports::tables::TableRow;

/// The time of an appointment whose row says none.
const USUAL_TIME: NaiveTime = NaiveTime::MIN;
/// How often a batch is tried that others' writes get in the way of.
const ATTEMPTS: usize = 5;

/// Runs imports that wait.
pub struct RunImport {
    /// What it works on.
    pub imports: Imports,
}

/// Why a run ended before the import was at its end.
#[derive(Debug, Error)]
pub enum RunImportError {
    /// There is no such import.
    #[error("no such import")]
    NotFound,
    /// Another run is at it.
    #[error("another run is at it")]
    Overtaken,
    /// The file cannot be fetched.
    #[error(transparent)]
    Read(#[from] ReadFailed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who watches a run.
pub trait Watcher: Send + Sync {
    /// Hears how far it has come, after each batch; false asks it to stop there.
    fn goes_on(&self, import: &Import) -> bool;
}

/// Nobody watches.
pub struct Unwatched;

/// One run of an import.
pub(super) struct Run<'a> {
    pub(super) env: &'a Imports,
    pub(super) permit: &'a Permit<ImportsManage>,
    pub(super) plan: Plan,
    /// What a dry run would have made so far.
    pub(super) imagined: Mutex<Imagined>,
}

impl Watcher for Unwatched {
    fn goes_on(&self, _: &Import) -> bool {
        true
    }
}

#[derive(Deserialize)]
struct Payload {
    import_id: ImportId,
}

#[async_trait]
impl JobHandler for RunImport {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Job) -> Result<(), Failure> {
        let Payload { import_id } = Payload::deserialize(&job.payload).or(Err(Failure::Final("unreadable payload")))?;
        let permit = system_permit(job.tenant);
        match Box::pin(run_import(&self.imports, &permit, import_id, &Unwatched)).await {
            Ok(_) => Ok(()),
            Err(RunImportError::NotFound) => Err(Failure::Final("no such import")),
            Err(_) if job.tries >= MAX_TRIES => {
                let failed = fail(&self.imports, &permit, import_id, "imports.gave_up").await;
                Err(if failed.is_ok() { Failure::Final("gave up") } else { Failure::Retry("gave up") })
            }
            Err(RunImportError::Overtaken) => Err(Failure::Retry("another run is at it")),
            Err(RunImportError::Read(_)) => Err(Failure::Retry("the file cannot be fetched")),
            Err(RunImportError::Store(_)) => Err(Failure::Retry("the store failed")),
        }
    }
}

/// The permit of whoever reads rows: the import itself says on whose behalf.
pub fn system_permit(tenant: TenantId) -> Permit<ImportsManage> {
    Permit::system(tenant, "import", Origin::default())
}

/// Reads the rows of an import that are left. A file that turns out broken ends it as failed, which is no error here.
pub async fn run_import(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    id: ImportId,
    watcher: &dyn Watcher,
) -> Result<Import, RunImportError> {
    let import = env.db.view(permit.scope()).await?.import_by_id(id).await?.ok_or(RunImportError::NotFound)?;
    if !import.is_open() {
        return Ok(import);
    }
    let plan = import.plan(env.clock.now().date_naive());
    let run = Run { env, permit, plan, imagined: Mutex::default() };
    match run.rows(import, watcher).await {
        Err(RunImportError::Read(ReadFailed::Table(error))) if error.code().is_some() => {
            fail(env, permit, id, error.code().unwrap_or("imports.broken_file")).await
        }
        done => done,
    }
}

impl Run<'_> {
    async fn rows(&self, mut import: Import, watcher: &dyn Watcher) -> Result<Import, RunImportError> {
        let key = FileKey::of(self.permit.scope(), import.id);
        let after = u64::try_from(import.position).unwrap_or_default();
        let mut pieces = self.env.tables.rows(&key, import.sheet.clone(), after).await?;
        loop {
            let rows = pieces.next().await?;
            if rows.is_empty() {
                return Ok(save(self.env, self.permit, &import, Import::finished).await?);
            }
            import = self.batch_patiently(&import, &rows).await?;
            if !watcher.goes_on(&import) {
                return Ok(import);
            }
        }
    }

    /// A batch that somebody's write got in the way of sees that write when it is tried again.
    async fn batch_patiently(&self, import: &Import, rows: &[TableRow]) -> Result<Import, RunImportError> {
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            match self.batch(import, rows).await {
                Err(RunImportError::Store(StoreError::Contended | StoreError::Constraint(IDENTIFIER_UNIQUE)))
                    if left > 0 => {}
                done => return done,
            }
        }
    }

    async fn batch(&self, import: &Import, rows: &[TableRow]) -> Result<Import, RunImportError> {
        match import.kind {
            ImportKind::Patients => self.patients(import, rows).await,
            ImportKind::Appointments => self.appointments(import, rows).await,
        }
    }

    /// The time of appointments whose row says none.
    pub(super) fn usual_time(import: &Import) -> NaiveTime {
        import.options.time.unwrap_or(USUAL_TIME)
    }

    /// The columns that are read.
    pub(super) fn columns(&self) -> &[PlannedColumn] {
        self.plan.columns()
    }
}

/// Ends the transaction of a batch.
pub(super) async fn end(tx: Box<dyn ImportsTx>, journal: Journal, after: Import) -> Result<Import, StoreError> {
    Ok(commit(tx, journal, after, unheard).await?.into_value())
}

/// Ends an import that cannot go on.
async fn fail(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    id: ImportId,
    code: &str,
) -> Result<Import, RunImportError> {
    let import = env.db.view(permit.scope()).await?.import_by_id(id).await?.ok_or(RunImportError::NotFound)?;
    Ok(save(env, permit, &import, |import, now| import.failed(code, now)).await?)
}

/// Saves where an import stands, and says so in the journal.
pub(super) async fn save(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    import: &Import,
    change: impl Fn(&Import, chrono::DateTime<chrono::Utc>) -> Import,
) -> Result<Import, StoreError> {
    let now = env.clock.now();
    let after = change(import, now);
    let tx = env.db.begin(permit.scope()).await?;
    if !tx.import_save(&after).await? {
        return Err(StoreError::Contended);
    }
    let change = Change::updated(after.id, after.version, &import.facts(), &after.facts());
    Ok(commit(tx, permit.journal(after.id, now).changed(change), after, unheard).await?.into_value())
}
