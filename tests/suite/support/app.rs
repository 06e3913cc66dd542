//! A whole Salus in the test's own process.

use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use api::demo;
use api::settings::{Settings, Variables};
use api::wiring::{App, World};
use api::worker::Pace;
use chrono::{DateTime, TimeZone, Utc};
use kernel::ManualClock;

use super::caller::Caller;
use super::database::{Kind, TestDatabase};
use super::dead::ON_PURPOSE;
use super::openid::FakeOpenId;
use super::sql::Sql;
use super::world::OTHER_ADMIN;

/// The key of every test database.
pub const MASTER_KEY: &str = "v1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// A Wednesday, noon in London, on which the tests take place.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 3, 10, 12, 0, 0).unwrap()
}

/// A server on a copy of the two companies' database.
pub struct TestApp {
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub base: String,
    http: reqwest::Client,
    server: ServerHandle,
    database: Option<TestDatabase>,
    kind: Kind,
}

impl TestApp {
    /// A server on a copy of the world.
    pub async fn start(kind: Kind) -> Self {
        Self::serve(kind, TestDatabase::copy_of_world(kind)).await
    }

    /// A server on this database.
    pub async fn serve(kind: Kind, database: TestDatabase) -> Self {
        Self::serve_with(kind, database, &[]).await
    }

    /// The same with more settings.
    pub async fn serve_with(kind: Kind, database: TestDatabase, more: &[(&str, &str)]) -> Self {
        let clock = Arc::new(ManualClock::new(noon()));
        let app = wire(&database, clock.clone(), more).await;
        let (base, server) = listen(&app);
        let http = tests::http().build().unwrap();
        Self { app, clock, base, http, server, database: Some(database), kind }
    }

    /// The application on a database, without a server.
    pub async fn connect(database: &TestDatabase) -> App {
        wire(database, Arc::new(ManualClock::new(noon())), &[]).await
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn database(&self) -> &TestDatabase {
        self.database.as_ref().unwrap()
    }

    pub fn anonymous(&self) -> Caller {
        Caller { base: self.base.clone(), token: None, http: self.http.clone() }
    }

    /// The member of Clínica Aurora with this role, signed in.
    pub async fn member(&self, role: &str) -> Caller {
        self.signed_in(&demo::address_of(role), demo::PASSWORD).await
    }

    pub async fn admin(&self) -> Caller {
        self.member("admin").await
    }

    pub async fn receptionist(&self) -> Caller {
        self.member("receptionist").await
    }

    /// The admin of the other company.
    pub async fn other_admin(&self) -> Caller {
        self.signed_in(OTHER_ADMIN, demo::PASSWORD).await
    }

    pub async fn signed_in(&self, email: &str, password: &str) -> Caller {
        let ask = serde_json::json!({ "email": email, "password": password });
        let session = self.anonymous().post("/api/v1/auth/sign-in", &ask).await.expect(200);
        Caller { token: Some(session["access_token"].as_str().unwrap().to_owned()), ..self.anonymous() }
    }

    /// Stops the server; the database is left as it is.
    pub fn into_database(mut self) -> TestDatabase {
        self.database.take().unwrap()
    }

    /// A look behind the application.
    pub async fn sql(&self) -> Sql {
        Sql::connect(self.database()).await
    }

    /// How many acts the journal holds.
    pub async fn entries(&self) -> i64 {
        self.sql().await.number("SELECT count(*) FROM journal_entry").await
    }

    /// Runs everything that waits for the worker and the sequencer; nothing may be left.
    pub async fn settle(&self) {
        let worker = self.app.worker(Pace::default());
        worker.run_due().await.unwrap();
        api::duplicates::run_dry(&self.app).await.unwrap();
        self.app.sequencer().run_dry().await.unwrap();
        self.app.refusals.written().await;
    }

    /// The token of the last verification mail to a company, after its jobs have run.
    pub async fn mailed_token(&self, company: uuid::Uuid) -> String {
        self.app.worker(Pace::default()).run_due().await.unwrap();
        let company = kernel::ids::TenantId::from_uuid(company);
        let mails = self.app.database.caught_mails(company).await.unwrap();
        let (_, rest) = mails.last().unwrap().text.split_once("token=").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }

    /// The same database behind a second server, as another node.
    pub async fn second_node(&self) -> (App, Caller, ServerHandle) {
        self.second_node_with(&[]).await
    }

    /// The same with more settings.
    pub async fn second_node_with(&self, more: &[(&str, &str)]) -> (App, Caller, ServerHandle) {
        let app = wire(self.database(), self.clock.clone(), more).await;
        let (base, server) = listen(&app);
        (app, Caller { base, token: None, http: self.http.clone() }, server)
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// Runs one test on one database; events that it leaves undelivered are its failure.
pub fn run(kind: Kind, test: impl AsyncFnOnce(&TestApp)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let app = TestApp::start(kind).await;
        test(&app).await;
        app.settle().await;
        let left = format!("SELECT count(*) FROM job WHERE coalesce(last_error, '') <> '{ON_PURPOSE}'");
        assert_eq!(app.sql().await.number(&left).await, 0, "jobs are left over");
        app.app.database.close().await;
    });
}

async fn wire(database: &TestDatabase, clock: Arc<ManualClock>, more: &[(&str, &str)]) -> App {
    let place = database.settings();
    let mut variables = vec![
        ("DATABASE_URL", place.url.as_str()),
        ("MASTER_KEY", MASTER_KEY),
        ("RATE_LIMITS", "off"),
        ("PUBLIC_URL", "http://127.0.0.1:8080"),
        ("SALUS_ENV", if place.development { "development" } else { "production" }),
    ];
    // Beside the database where that is a file.
    let name = place.url.rsplit('/').next().unwrap().split('?').next().unwrap();
    let files = format!("file://{}", std::env::temp_dir().join("salus-test-files").join(name).display());
    if let Some(owner) = &place.migration_url {
        variables.push(("MIGRATION_DATABASE_URL", owner.as_str()));
        variables.push(("FILES_URL", files.as_str()));
    }
    variables.extend(more);
    let settings = Settings::parse(&Variables::new(variables)).unwrap();
    let keys = settings.master_key.clone().unwrap();
    App::start(&settings, keys, World { clock, openid: Some(Arc::new(FakeOpenId)), ..World::real() }).await.unwrap()
}

fn listen(app: &App) -> (String, ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (state, services) = (app.state.clone(), app.services());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = rest::serve(listener, state, services).unwrap();
            tell.send(server.handle()).unwrap();
            server.await.unwrap();
        });
    });
    (base, told.recv().unwrap())
}
