//! `salus import`: a file from the command line, with a bar that tells how far it has come.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use identity::permission::CompanyRead;
use identity::usecase::read_company::read_company;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::ids::{ClinicId, ImportId, PractitionerId, ServiceId, TenantId};
use kernel::{FileError, FileKey, Origin, Permit, StoreError, StoredFile, unheard};
use patients::Imports;
use patients::model::import::{Field, Import, ImportOptions, ImportStatus, Namespace};
use patients::permission::ImportsManage;
use patients::usecase::{
    AskAgain, Reader, RunImportError, StartImport, StartImportError, Watcher, open_import, run_import, start_import,
    system_permit,
};
use rest::wire::patients::ImportWire;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::cli::ImportFile;
use crate::ending::Ending;
use crate::wiring::App;

/// How much of the file is read at once.
const PIECE: usize = 64 * 1024;

/// Why a file was not imported, or not all of it.
#[derive(Debug, Error)]
pub enum ImportFailed {
    /// The file cannot be read.
    #[error("the file: {0}")]
    File(#[from] io::Error),
    /// There are several companies, or none.
    #[error("say --company with one of: {0}")]
    Company(String),
    /// What is said of the file cannot be meant.
    #[error("{0}")]
    Option(&'static str),
    /// It was refused.
    #[error("refused: {0}")]
    Refused(String),
    /// The file store failed.
    #[error(transparent)]
    Store(#[from] FileError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] StoreError),
    /// It was not read to its end.
    #[error(transparent)]
    Run(#[from] RunImportError),
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] serde_json::Error),
    /// It was asked to stop.
    #[error("stopped at line {0}: say the same again to go on")]
    Stopped(i64),
    /// Its file could not be read to the end.
    #[error("the import failed: {0}")]
    Failed(String),
}

/// Imports a file, or goes on with one that was interrupted, and prints the report that the API gives too.
pub async fn run(app: &App, ask: &ImportFile, out: &mut impl Write) -> Result<(), ImportFailed> {
    let mut ending = Ending::listen()?;
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = stopped.clone();
    let listening = tokio::spawn(async move {
        ending.asked().await;
        flag.store(true, Ordering::Release);
    });
    let tenant = company(app, ask).await?;
    let permit = system_permit(tenant);
    let import = begun(app, &permit, ask, tenant).await?;
    let bar = bar(&import);
    let watcher = Bar { bar: bar.clone(), stopped };
    let import = run_import(&app.imports, &permit, import.id, &watcher).await?;
    bar.finish_and_clear();
    listening.abort();
    app.sequencer().run_dry().await?;
    app.database.close().await;
    writeln!(out, "{}", serde_json::to_string_pretty(&ImportWire::from(&import))?)?;
    match import.status {
        ImportStatus::Finished => Ok(()),
        ImportStatus::Failed => Err(ImportFailed::Failed(import.failure.unwrap_or_default())),
        _ => Err(ImportFailed::Stopped(import.position)),
    }
}

/// The bar hears of each batch; a signal ends the run behind it.
struct Bar {
    bar: ProgressBar,
    stopped: Arc<AtomicBool>,
}

impl Watcher for Bar {
    fn goes_on(&self, import: &Import) -> bool {
        self.bar.set_position(u64::try_from(import.counts.read).unwrap_or_default());
        self.bar.set_message(format!("{} failed", import.counts.failed));
        !self.stopped.load(Ordering::Acquire)
    }
}

fn bar(import: &Import) -> ProgressBar {
    let bar = ProgressBar::new(import.sheet.rows);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {per_sec}, {eta} left, {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_position(u64::try_from(import.counts.read).unwrap_or_default());
    bar
}

/// The company that was named, or the only one.
async fn company(app: &App, ask: &ImportFile) -> Result<TenantId, ImportFailed> {
    let all = app.database.audited_tenants().await?;
    let wanted = ask.company.map(TenantId::from_uuid);
    match (wanted, all.as_slice()) {
        (Some(wanted), all) if all.contains(&wanted) => Ok(wanted),
        (None, [only]) => Ok(*only),
        _ => Err(ImportFailed::Company(all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))),
    }
}

/// The import of this file that was interrupted, or a new one.
async fn begun(
    app: &App,
    permit: &Permit<ImportsManage>,
    ask: &ImportFile,
    tenant: TenantId,
) -> Result<Import, ImportFailed> {
    let imports: &Imports = &app.imports;
    let company = Permit::<CompanyRead>::system(tenant, "import", Origin::default());
    let country = read_company(&app.identity, &company).await?.country.as_str().to_owned();
    let again = AskAgain {
        kind: ask.kind,
        sha256: hashed(&ask.file)?,
        dry_run: ask.dry_run,
        options: options(ask, country)?,
        mapping: mapping(ask)?,
    };
    match open_import(imports, permit, &again).await {
        Ok(Some(open)) => return Ok(open),
        Ok(None) => {}
        Err(refused) => return Err(ImportFailed::Refused(told(&refused))),
    }
    let AskAgain { options, mapping, .. } = again;
    let id: ImportId = imports.ids.next();
    let start = StartImport {
        id,
        kind: ask.kind,
        file_name: ask.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        dry_run: ask.dry_run,
        options,
        mapping,
        by: Reader::Itself,
        stored: stored(imports, &FileKey::of(permit.scope(), id), &ask.file).await?,
    };
    match start_import(imports, permit, start, unheard).await {
        Ok(import) => Ok(import.into_value()),
        Err(refused) => Err(ImportFailed::Refused(told(&refused))),
    }
}

fn told(refused: &StartImportError) -> String {
    use kernel::Refusal as _;
    let columns = refused.details().get("mapping").map(|mapping| format!("; columns: {mapping}")).unwrap_or_default();
    format!("{refused} ({}){columns}", refused.code())
}

fn options(ask: &ImportFile, country: String) -> Result<ImportOptions, ImportFailed> {
    let namespace = match &ask.namespace {
        None => Namespace::default(),
        Some(text) => Namespace::parse(text)
            .ok_or(ImportFailed::Option("a namespace has 1 to 60 letters, digits, dots, dashes and underscores"))?,
    };
    Ok(ImportOptions {
        date_order: ask.date_order,
        namespace,
        country,
        sheet: ask.sheet.clone(),
        delimiter: ask.delimiter,
        practitioner_id: ask.practitioner.map(PractitionerId::from_uuid),
        service_id: ask.service.map(ServiceId::from_uuid),
        clinic_id: ask.clinic.map(ClinicId::from_uuid),
        time: ask.time,
    })
}

fn mapping(ask: &ImportFile) -> Result<Vec<(String, Field)>, ImportFailed> {
    let Some(text) = &ask.mapping else { return Ok(Vec::new()) };
    let says: std::collections::BTreeMap<String, String> = serde_json::from_str(text)?;
    let read = says.into_iter().map(|(label, word)| Field::parse(&word, ask.kind).map(|field| (label, field)));
    read.collect::<Result<_, _>>().or(Err(ImportFailed::Option("the mapping names a field that does not exist")))
}

fn hashed(path: &Path) -> Result<[u8; 32], io::Error> {
    let (mut file, mut hash, mut piece) = (File::open(path)?, Sha256::new(), vec![0; PIECE]);
    loop {
        let length = file.read(&mut piece)?;
        match piece.get(..length) {
            Some([]) | None => return Ok(hash.finalize().into()),
            Some(bytes) => hash.update(bytes),
        }
    }
}

async fn stored(imports: &Imports, key: &FileKey, path: &Path) -> Result<StoredFile, ImportFailed> {
    let (mut file, mut piece) = (File::open(path)?, vec![0; PIECE]);
    let mut writer = imports.files.create(key).await?;
    loop {
        let length = file.read(&mut piece)?;
        match piece.get(..length) {
            Some([]) | None => return Ok(writer.finish().await?),
            Some(bytes) => writer.write(bytes).await?,
        }
    }
}
