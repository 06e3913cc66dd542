//! Which adapter stands behind which port.

mod openid;
mod ports;
mod refusals;

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use gateways::argon2::Argon2Hasher;
use gateways::files;
use gateways::otlp::Exporter;
use gateways::randomness::SystemRandomness;
use gateways::redis::{Announcements, Redis};
use gateways::smtp::SmtpMailer;
use gateways::table_source::StoredTables;
use gateways::tables::Tables;
use identity::Identity;
use identity::model::access_token::Issuer;
use identity::model::callers::Callers;
use identity::ports::{Mailer, OpenId, PasswordHasher, Randomness};
use identity::usecase::send_mail::SendMail;
use identity::usecase::signing_keys::{self, KeysError};
use kernel::jobs::JobHandler;
use kernel::seal::Keyring;
use kernel::{Clock, FileStore, Ids, SystemClock, SystemIds};
use patients::usecase::{RollBackImport, RunImport, StripTag};
use patients::{Imports, Patients};
use persistence::{ConnectError, Database, Sequencer};
use rest::settings::OperatorToken;
use rest::state::Ports;
use scheduling::Scheduling;
use thiserror::Error;
use tokio::task::JoinSet;

pub use refusals::RefusalWriter;

use crate::settings::{Environment, Settings};
use crate::worker::{Pace, Tally, Worker};

/// Connections of one node to PostgreSQL that its HTTP workers share out among them, each at least [`LEAST_EACH`].
const CONNECTIONS: usize = 20;
/// Fewer would make the requests of one worker wait for each other.
const LEAST_EACH: usize = 4;

/// What the outer world gives, so that a test can give another one.
#[derive(Clone)]
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
    /// Fresh secrets.
    pub random: Arc<dyn Randomness>,
    /// Password hashing.
    pub passwords: Arc<dyn PasswordHasher>,
    /// The OpenID providers; `None` means those of the settings.
    pub openid: Option<Arc<dyn OpenId>>,
    /// Where files are kept; `None` means as the settings say.
    pub files: Option<Arc<dyn FileStore>>,
}

/// Everything wired: what `serve` and `worker` run, and what tests call in process.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub database: Database,
    /// Companies, members, sessions.
    pub identity: Data<Identity>,
    /// The registry.
    pub patients: Data<Patients>,
    /// Imports.
    pub imports: Data<Imports>,
    /// The agendas.
    pub scheduling: Data<Scheduling>,
    /// What all requests share.
    pub state: Data<rest::State>,
    /// The writer of refused attempts.
    pub refusals: RefusalWriter,
    /// The exporter of traces, where there is a collector.
    pub traces: Option<Exporter>,
    /// What nodes share, where there is Redis.
    pub redis: Option<Redis>,
    /// Ends with the last clone of the application.
    _listening: Arc<JoinSet<()>>,
    world: World,
    mailer: Arc<dyn Mailer>,
    tally: Tally,
    pages_url: String,
}

/// Why the application cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] ConnectError),
    /// The collector of traces cannot be used as it was given.
    #[error(transparent)]
    Traces(#[from] gateways::otlp::Unusable),
    /// Redis cannot be used as it was given.
    #[error(transparent)]
    Redis(#[from] gateways::redis::Unusable),
    /// The SMTP server cannot be used as it was given.
    #[error(transparent)]
    Smtp(#[from] gateways::smtp::Unusable),
    /// Files cannot be kept where they are to be kept.
    #[error(transparent)]
    Files(#[from] files::Unusable),
    /// There is no key to sign access tokens with.
    #[error(transparent)]
    SigningKeys(#[from] KeysError),
}

impl World {
    /// The real one; passwords are hashed on as many threads as there are cores, less one.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            random: Arc::new(SystemRandomness),
            passwords: Arc::new(Argon2Hasher::new(cores().saturating_sub(1))),
            openid: None,
            files: None,
        }
    }
}

/// Connections of each HTTP worker: there is one per core.
fn connections_each() -> u32 {
    let each = (CONNECTIONS / cores()).clamp(LEAST_EACH, CONNECTIONS / 2);
    u32::try_from(each).unwrap_or(u32::MAX)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The database part of the settings.
pub fn database_settings(settings: &Settings) -> persistence::Settings {
    persistence::Settings {
        url: settings.database.url().to_owned(),
        migration_url: settings.migration_database.as_ref().map(|owner| owner.url().to_owned()),
        max_connections: connections_each(),
        development: settings.environment == Environment::Development,
    }
}

impl App {
    /// Connects and migrates the database, reads the signing keys, and wires the contexts to it.
    pub async fn start(settings: &Settings, keys: Keyring, world: World) -> Result<Self, StartError> {
        let (clock, ids) = (world.clock.clone(), world.ids.clone());
        let database =
            Database::connect(&database_settings(settings), keys.clone(), clock.clone(), ids.clone()).await?;
        let db = Arc::new(database.clone());
        let mailer = mailer(settings, &database)?;
        let redis = match &settings.redis {
            Some(url) => Some(Redis::connect(url.expose()).await?),
            None => None,
        };
        let identity = Data::new(identity_of(settings, keys, &world, &database, callers(redis.as_ref())));
        signing_keys::ready(&identity).await?;
        let listening = Arc::new(listening(redis.as_ref(), &identity));
        let patients = Data::new(Patients { db: db.clone(), clock: clock.clone(), ids: ids.clone() });
        let imports = Data::new(imports(settings, &world, &database)?);
        let scheduling = Data::new(Scheduling { db, clock: clock.clone(), ids: ids.clone() });
        let traces = settings.otlp.as_deref().map(Exporter::start).transpose()?;
        let refusals = RefusalWriter::start(Arc::new(database.clone()));
        let outside = Ports {
            clock,
            ids,
            keyring: identity.keyring.clone(),
            authenticate: Arc::new(ports::Tokens(identity.clone())),
            readiness: Arc::new(ports::Parts { database: database.clone(), redis: redis.clone() }),
            refusals: Arc::new(refusals.clone()),
            traces: traces.clone().map(ports::Spans::shared),
            buckets: redis.clone().map(|redis| ports::Buckets::shared(redis, identity.keyring.clone())),
        };
        let state = rest::State::new(rest_settings(settings), outside, rest::operations());
        state.metrics().extend(|registry| database.meters().register(registry));
        let tally = Tally::registered(state.metrics());
        let pages_url = settings.app_url.clone();
        Ok(Self {
            database,
            identity,
            patients,
            imports,
            scheduling,
            state,
            refusals,
            traces,
            redis,
            _listening: listening,
            world,
            mailer,
            tally,
            pages_url,
        })
    }

    /// Adds the contexts to an HTTP application.
    pub fn services(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
        let (identity, patients, scheduling) = (self.identity.clone(), self.patients.clone(), self.scheduling.clone());
        let imports = self.imports.clone();
        move |config| {
            config.app_data(identity.clone()).app_data(patients.clone()).app_data(scheduling.clone());
            config.app_data(imports.clone());
        }
    }

    /// A worker of this database.
    pub fn worker(&self, pace: Pace) -> Worker {
        let handlers: Vec<Arc<dyn JobHandler>> = vec![
            Arc::new(SendMail { mailer: self.mailer.clone(), app_url: self.pages_url.clone() }),
            Arc::new(RunImport { imports: (**self.imports).clone() }),
            Arc::new(RollBackImport { imports: (**self.imports).clone() }),
            Arc::new(StripTag { patients: (**self.patients).clone() }),
        ];
        let queue = Arc::new(self.database.clone());
        let worker = Worker::new(queue, handlers, self.world.clock.clone(), self.world.ids.clone(), pace);
        worker.counting(self.tally.clone())
    }

    /// A sequencer of this database.
    pub fn sequencer(&self) -> Sequencer {
        Sequencer::new(self.database.clone())
    }

    /// The time as the application sees it.
    pub fn clock(&self) -> &dyn Clock {
        &*self.world.clock
    }
}

/// What an operator's command works on: the database and, with its signing keys read, identity alone. Other nodes learn of
/// what it does from the database.
pub async fn attend(settings: &Settings, keys: Keyring, world: World) -> Result<(Database, Identity), StartError> {
    let (clock, ids) = (world.clock.clone(), world.ids.clone());
    let database = Database::connect(&database_settings(settings), keys.clone(), clock, ids).await?;
    let identity = identity_of(settings, keys, &world, &database, Callers::default());
    signing_keys::ready(&identity).await?;
    Ok((database, identity))
}

/// Imports, with their files where the settings say.
fn imports(settings: &Settings, world: &World, database: &Database) -> Result<Imports, files::Unusable> {
    let files = match &world.files {
        Some(files) => files.clone(),
        None => settings.files.store()?,
    };
    let tables = Arc::new(StoredTables::new(files.clone(), Arc::new(Tables)));
    let (db, clock, ids) = (Arc::new(database.clone()), world.clock.clone(), world.ids.clone());
    Ok(Imports { db, files, tables, clock, ids })
}

fn identity_of(settings: &Settings, keys: Keyring, world: &World, database: &Database, callers: Callers) -> Identity {
    Identity {
        db: Arc::new(database.clone()),
        clock: world.clock.clone(),
        ids: world.ids.clone(),
        random: world.random.clone(),
        passwords: world.passwords.clone(),
        openid: openid::providers(settings, world),
        return_origins: openid::return_origins(settings),
        keyring: Arc::new(keys),
        issuer: Issuer { iss: settings.public_url.clone(), aud: "salus".to_owned() },
        keys: identity::model::live_keys::LiveKeys::default(),
        callers,
        seen: identity::model::seen::Seen::default(),
    }
}

/// Through the SMTP server that is set, else into the database.
fn mailer(settings: &Settings, database: &Database) -> Result<Arc<dyn Mailer>, gateways::smtp::Unusable> {
    Ok(match &settings.smtp {
        Some(server) => Arc::new(SmtpMailer::new(server, settings.mail_from.clone())?),
        None => Arc::new(database.clone()),
    })
}

/// Callers that are forgotten on all nodes at once where Redis tells them.
fn callers(redis: Option<&Redis>) -> Callers {
    redis.map_or_else(Callers::default, |redis| Callers::among(Arc::new(Announcements::start(redis.clone()))))
}

/// Forgets whom other nodes announce, and everybody when announcements may have been missed.
fn listening(redis: Option<&Redis>, identity: &Data<Identity>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    if let Some(redis) = redis.cloned() {
        let identity = identity.clone();
        tasks.spawn(async move {
            redis.listen(|| identity.callers.forget_all(), |whom| identity.callers.forget_announced(whom)).await;
        });
    }
    tasks
}

fn rest_settings(settings: &Settings) -> rest::Settings {
    rest::Settings {
        public_url: settings.public_url.clone(),
        serves_pages: settings.app_url == settings.public_url,
        keeps_mails: settings.environment == Environment::Development && settings.smtp.is_none(),
        cors_origins: settings.cors_origins.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        rates: settings.rate_limits.clone(),
        operator: settings.metrics_token.as_ref().map(|token| OperatorToken::new(token.expose())),
        ..rest::Settings::default()
    }
}
