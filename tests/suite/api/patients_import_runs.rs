//! Imports that are interrupted, overtaken or started from the command line (PT8).

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use kernel::ids::{ImportId, TenantId};
use kernel::{Clock as _, FileError, FileKey, ManualClock, StoreError, SystemClock, TenantScope, unheard};
use patients::Imports;
use patients::model::import::{Field, Import, ImportKind, ImportOptions, Namespace};
use patients::ports::imports::{IMPORT_RUNNING_ONCE, ImportsDb, ImportsTx, ImportsView};
use patients::usecase::{
    AskAgain, Reader, RunImportError, StartImport, StartImportError, Unwatched, Watcher, open_import, run_import,
    start_import, sweep_files, system_permit,
};
use serde_json::{Value, json};

use crate::both;
use crate::support::{TestApp, salus, text};

const IMPORTS: &str = "/api/v1/imports";
const ROWS: usize = 1_100;

/// Stops a run behind so many batches.
struct After(AtomicUsize);

impl Watcher for After {
    fn goes_on(&self, _: &Import) -> bool {
        self.0.fetch_sub(1, Ordering::SeqCst) > 1
    }
}

/// A database that fails in one way.
struct Failing(fn() -> StoreError);

#[async_trait]
impl ImportsDb for Failing {
    async fn begin(&self, _: &TenantScope) -> Result<Box<dyn ImportsTx>, StoreError> {
        Err((self.0)())
    }

    async fn view(&self, _: &TenantScope) -> Result<Box<dyn ImportsView>, StoreError> {
        Err((self.0)())
    }
}

/// Lets two runs write only when both know where the import stands.
struct Together {
    inner: Arc<dyn ImportsDb>,
    come: AtomicUsize,
    both: tokio::sync::Barrier,
}

#[async_trait]
impl ImportsDb for Together {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn ImportsTx>, StoreError> {
        if self.come.fetch_add(1, Ordering::SeqCst) < 2 {
            self.both.wait().await;
        }
        self.inner.begin(scope).await
    }

    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn ImportsView>, StoreError> {
        self.inner.view(scope).await
    }
}

/// A file of so many people, with a wrong telephone number at each hundredth.
fn people(rows: usize) -> String {
    let line = |n: usize| {
        let phone = if n % 100 == 99 { "ninguém".to_owned() } else { format!("(27) 9{n:04}-1234") };
        format!("{n};Pessoa Número {n};{phone}\n")
    };
    format!("Código;Nome;Telefone\n{}", (0..rows).map(line).collect::<Vec<_>>().concat())
}

async fn begun(app: &TestApp) -> (Value, TenantId) {
    let staff = app.admin().await;
    let company = text(&staff.get("/api/v1/auth/me").await.expect(200)["company_id"]).parse().unwrap();
    let begun = staff.upload(IMPORTS, &[("kind", "patients")], "p.csv", people(ROWS).as_bytes()).await.expect(201);
    (begun, TenantId::from_uuid(company))
}

fn id(import: &Value) -> ImportId {
    ImportId::from_uuid(text(&import["id"]).parse().unwrap())
}

async fn is_whole(app: &TestApp, import: &Value) {
    let told = app.admin().await.get(&format!("{IMPORTS}/{}", text(&import["id"]))).await.expect(200);
    assert_eq!(told["status"], "finished", "{told:#}");
    assert_eq!((&told["read"], &told["created"], &told["failed"]), (&json!(ROWS), &json!(ROWS - 11), &json!(11)));
    let sql = app.sql().await;
    let lines = sql.number("SELECT count(DISTINCT line) FROM import_row").await;
    assert_eq!((lines, sql.number("SELECT count(*) FROM import_row").await), (1_100, 1_100));
    let made = "SELECT count(*) FROM patient WHERE name LIKE 'Pessoa Número %'";
    assert_eq!(sql.number(made).await, 1_089);
}

async fn company(app: &TestApp) -> TenantId {
    let company = text(&app.admin().await.get("/api/v1/auth/me").await.expect(200)["company_id"]);
    TenantId::from_uuid(company.parse().unwrap())
}

/// A file that is stored under a fresh id, and what it takes to begin its import.
async fn stored(imports: &Imports, tenant: TenantId) -> (FileKey, StartImport) {
    let id: ImportId = imports.ids.next();
    let key = FileKey::of(system_permit(tenant).scope(), id);
    let mut writer = imports.files.create(&key).await.unwrap();
    writer.write(b"Nome\nAna\n").await.unwrap();
    let options = ImportOptions {
        date_order: None,
        namespace: Namespace::default(),
        country: "BR".to_owned(),
        sheet: None,
        delimiter: None,
        practitioner_id: None,
        service_id: None,
        clinic_id: None,
        time: None,
    };
    let (kind, by, stored) = (ImportKind::Patients, Reader::Worker, writer.finish().await.unwrap());
    let file_name = "a.csv".to_owned();
    (key, StartImport { id, kind, file_name, stored, dry_run: false, options, mapping: Vec::new(), by })
}

both! {
    async fn pt8_an_import_goes_on_where_it_was_interrupted(app) {
        let (import, tenant) = begun(app).await;
        let (imports, permit) = (&app.app.imports, system_permit(tenant));
        let stopped = run_import(imports, &permit, id(&import), &After(1.into())).await.unwrap();
        assert!(stopped.is_open() && (1..1_000).contains(&stopped.counts.read), "{:?}", stopped.counts);
        let told = app.admin().await.get(&format!("{IMPORTS}/{}", text(&import["id"]))).await.expect(200);
        assert_eq!((told["status"].as_str(), told["read"].as_i64()), (Some("running"), Some(stopped.counts.read)));
        app.settle().await;
        is_whole(app, &import).await;
    }

    async fn pt8_of_two_runs_at_once_none_does_a_row_twice(app) {
        let (import, tenant) = begun(app).await;
        let permit = system_permit(tenant);
        let db = Together { inner: app.app.imports.db.clone(), come: 0.into(), both: tokio::sync::Barrier::new(2) };
        let imports = Imports { db: Arc::new(db), ..(**app.app.imports).clone() };
        let run = || run_import(&imports, &permit, id(&import), &Unwatched);
        let (one, other) = tokio::join!(run(), run());
        let lost = [&one, &other].iter().filter(|run| run.is_err()).count();
        assert_eq!(lost, 1, "both began at the first row: {one:?} {other:?}");
        for run in [one, other] {
            if let Err(error) = run {
                assert!(matches!(error, RunImportError::Overtaken | RunImportError::Store(_)), "{error:?}");
            }
        }
        app.settle().await;
        is_whole(app, &import).await;
    }

    async fn pt8_files_that_cannot_be_kept_are_a_clear_problem(app) {
        let nowhere = format!("file://{}/below-a-file", std::env::current_exe().unwrap().display());
        let (_, node, server) = app.second_node_with(&[("FILES_URL", &nowhere)]).await;
        let staff = crate::support::Caller { token: app.admin().await.token, ..node };
        let refused = staff.upload(IMPORTS, &[("kind", "patients")], "a.csv", b"Nome\nAna\n").await;
        assert!(refused.header("retry-after").is_some(), "{}: {}", refused.status, refused.text());
        refused.refused(503, "files_unavailable");
        assert_eq!(app.sql().await.number("SELECT count(*) FROM import").await, 0);
        server.stop(false).await;
    }

    async fn pt8_a_file_stays_where_its_import_may_have_been_committed(app) {
        let tenant = company(app).await;
        let begun = async |fails: fn() -> StoreError| {
            let imports = Imports { db: Arc::new(Failing(fails)), ..(**app.app.imports).clone() };
            let (key, ask) = stored(&imports, tenant).await;
            start_import(&imports, &system_permit(tenant), ask, unheard).await.unwrap_err();
            imports.files.open(&key).await.map(drop)
        };
        begun(|| StoreError::Unavailable(None)).await.unwrap();
        begun(|| StoreError::broken("the answer was lost")).await.unwrap();
        let refused = begun(|| StoreError::Constraint(IMPORT_RUNNING_ONCE)).await;
        assert!(matches!(refused, Err(FileError::NotThere)), "{refused:?}");
    }

    async fn pt8_files_that_no_import_stands_for_are_swept_after_a_day(app) {
        let (import, tenant) = begun(app).await;
        let permit = system_permit(tenant);
        let at = |days| Arc::new(ManualClock::new(SystemClock.now() + chrono::Duration::days(days)));
        let imports = |days| Imports { clock: at(days), ..(**app.app.imports).clone() };
        let (stray, _) = stored(&imports(0), tenant).await;
        assert_eq!(sweep_files(&imports(0), &permit).await.unwrap(), 0, "its import may just begin");
        let tomorrow = imports(2);
        assert_eq!(sweep_files(&tomorrow, &permit).await.unwrap(), 1);
        assert!(matches!(tomorrow.files.open(&stray).await, Err(FileError::NotThere)));
        tomorrow.files.open(&FileKey::of(permit.scope(), id(&import))).await.map(drop).unwrap();
        assert!(app.app.database.companies().await.unwrap().contains(&tenant));
        app.settle().await;
        is_whole(app, &import).await;
    }

    async fn pt8_the_command_line_imports_and_prints_the_report(app) {
        let staff = app.admin().await;
        let company = text(&staff.get("/api/v1/auth/me").await.expect(200)["company_id"]);
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        file.write_all(people(ROWS).as_bytes()).unwrap();
        let files = tempfile::tempdir().unwrap();
        let run = |more: &[&str]| {
            let mut command = salus(app.database());
            command.env("FILES_URL", format!("file://{}", files.path().display()));
            command.arg("import").arg(file.path()).args(["--kind", "patients", "--company", &company]).args(more);
            command.stdin(Stdio::null()).output().unwrap()
        };
        let dry = run(&["--dry-run"]);
        let report: Value = serde_json::from_slice(&dry.stdout).unwrap_or_else(|_| panic!("{dry:?}"));
        assert_eq!((report["dry_run"].as_bool(), report["created"].as_u64()), (Some(true), Some(1_089)));
        let done = run(&[]);
        let report: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{done:?}"));
        assert!(done.status.success());
        let told = staff.get(&format!("{IMPORTS}/{}", text(&report["id"]))).await.expect(200);
        assert_eq!(told, report, "the report of the API");
        let again: Value = serde_json::from_slice(&run(&[]).stdout).unwrap();
        assert_eq!((&again["created"], &again["skipped"]), (&json!(0), &json!(1_089)));
        let refused = run(&["--mapping", r#"{"Idade":"age"}"#]);
        assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("mapping"), "{refused:?}");
    }

    async fn pt8_a_dry_run_and_an_import_of_one_file_do_not_take_each_others_place(app) {
        let staff = app.admin().await;
        let file = people(3);
        let send = async |dry: &str| staff.upload(IMPORTS, &[("kind", "patients"), ("dry_run", dry)], "p.csv", file.as_bytes()).await;
        let dry = send("true").await.expect(201);
        assert_eq!(send("true").await.refused(409, "imports.running")["existing_id"], dry["id"]);
        let real = send("false").await.expect(201);
        let (imports, company) = (&app.app.imports, text(&staff.get("/api/v1/auth/me").await.expect(200)["company_id"]));
        let permit = system_permit(TenantId::from_uuid(company.parse().unwrap()));
        let stored = imports.db.view(permit.scope()).await.unwrap().import_by_id(id(&real)).await.unwrap().unwrap();
        let ask = AskAgain {
            kind: stored.kind, sha256: stored.sha256, dry_run: false, options: stored.options.clone(), mapping: Vec::new(),
        };
        let told = async |ask: AskAgain| open_import(imports, &permit, &ask).await;
        assert_eq!(told(ask.clone()).await.unwrap().map(|import| import.id), Some(id(&real)));
        assert_eq!(told(AskAgain { dry_run: true, ..ask.clone() }).await.unwrap().map(|import| import.id), Some(id(&dry)));
        let namespace = Namespace::parse("other").unwrap();
        let other = AskAgain { options: ImportOptions { namespace, ..ask.options.clone() }, ..ask.clone() };
        assert!(matches!(told(other).await, Err(StartImportError::Otherwise(open)) if open == id(&real)));
        let mapping = vec![("Telefone".to_owned(), Field::IGNORE)];
        assert!(matches!(told(AskAgain { mapping, ..ask }).await, Err(StartImportError::Otherwise(_))));
    }

    async fn pt8_a_dry_run_that_was_left_halfway_ends_when_its_file_is_imported(app) {
        let staff = app.admin().await;
        let dry = staff.upload(IMPORTS, &[("kind", "patients"), ("dry_run", "true")], "p.csv", people(3).as_bytes()).await.expect(201);
        let sql = app.sql().await;
        sql.run("UPDATE import SET started_by = NULL").await.unwrap();
        app.clock.advance(chrono::TimeDelta::seconds(120));
        staff.upload(IMPORTS, &[("kind", "patients")], "p.csv", people(3).as_bytes()).await.expect(201);
        let dry = staff.get(&format!("{IMPORTS}/{}", text(&dry["id"]))).await.expect(200);
        assert_eq!((&dry["status"], &dry["failure"]), (&json!("failed"), &json!("imports.gave_up")));
    }
}
