//! Which adapter stands behind which port.

mod ports;
mod refusals;

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use gateways::argon2::Argon2Hasher;
use gateways::randomness::SystemRandomness;
use identity::Identity;
use identity::model::access_token::Issuer;
use identity::ports::{PasswordHasher, Randomness};
use identity::usecase::signing_keys::{self, KeysError};
use identity::usecase::verification_mail::VerificationMail;
use kernel::jobs::JobHandler;
use kernel::seal::Keyring;
use kernel::{Clock, Ids, SystemClock, SystemIds};
use patients::Patients;
use persistence::{ConnectError, Database, Sequencer};
use rest::settings::OperatorToken;
use rest::state::Ports;
use scheduling::Scheduling;
use thiserror::Error;

pub use refusals::RefusalWriter;

use crate::settings::{Environment, Settings};
use crate::worker::{Pace, Worker};

/// Connections of one node to PostgreSQL at most.
const MAX_CONNECTIONS: u32 = 20;

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
    /// The agendas.
    pub scheduling: Data<Scheduling>,
    /// What all requests share.
    pub state: Data<rest::State>,
    /// The writer of refused attempts.
    pub refusals: RefusalWriter,
    world: World,
    public_url: String,
}

/// Why the application cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] ConnectError),
    /// There is no key to sign access tokens with.
    #[error(transparent)]
    SigningKeys(#[from] KeysError),
}

impl World {
    /// The real one; passwords are hashed on as many threads as there are cores, less one.
    pub fn real() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            random: Arc::new(SystemRandomness),
            passwords: Arc::new(Argon2Hasher::new(cores.saturating_sub(1))),
        }
    }
}

/// The database part of the settings.
pub fn database_settings(settings: &Settings) -> persistence::Settings {
    persistence::Settings {
        url: settings.database.url().to_owned(),
        migration_url: settings.migration_database.as_ref().map(|owner| owner.url().to_owned()),
        max_connections: MAX_CONNECTIONS,
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
        let identity = Data::new(Identity {
            db: db.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            random: world.random.clone(),
            passwords: world.passwords.clone(),
            keyring: Arc::new(keys),
            issuer: Issuer { iss: settings.public_url.clone(), aud: "salus".to_owned() },
            keys: identity::model::live_keys::LiveKeys::default(),
            callers: identity::model::callers::Callers::default(),
        });
        signing_keys::ready(&identity).await?;
        let patients = Data::new(Patients { db: db.clone(), clock: clock.clone(), ids: ids.clone() });
        let scheduling = Data::new(Scheduling { db, clock: clock.clone(), ids: ids.clone() });
        let refusals = RefusalWriter::start(Arc::new(database.clone()));
        let outside = Ports {
            clock,
            ids,
            authenticate: Arc::new(ports::Tokens(identity.clone())),
            readiness: Arc::new(ports::Parts(database.clone())),
            refusals: Arc::new(refusals.clone()),
        };
        let state = rest::State::new(rest_settings(settings), outside, rest::operations());
        let public_url = settings.public_url.clone();
        Ok(Self { database, identity, patients, scheduling, state, refusals, world, public_url })
    }

    /// Adds the contexts to an HTTP application.
    pub fn services(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
        let (identity, patients, scheduling) = (self.identity.clone(), self.patients.clone(), self.scheduling.clone());
        move |config| {
            config.app_data(identity.clone()).app_data(patients.clone()).app_data(scheduling.clone());
        }
    }

    /// A worker of this database.
    pub fn worker(&self, pace: Pace) -> Worker {
        let mailer = Arc::new(self.database.clone());
        let handlers: [Arc<dyn JobHandler>; 1] =
            [Arc::new(VerificationMail { mailer, public_url: self.public_url.clone() })];
        let queue = Arc::new(self.database.clone());
        Worker::new(queue, handlers, self.world.clock.clone(), self.world.ids.clone(), pace)
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

fn rest_settings(settings: &Settings) -> rest::Settings {
    rest::Settings {
        public_url: settings.public_url.clone(),
        cors_origins: settings.cors_origins.clone(),
        trusted_proxies: settings.trusted_proxies.clone(),
        rates: settings.rate_limits.clone(),
        operator: settings.metrics_token.as_ref().map(|token| OperatorToken::new(token.expose())),
        ..rest::Settings::default()
    }
}
