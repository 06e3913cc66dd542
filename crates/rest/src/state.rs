//! What all requests share.

use std::sync::{Arc, OnceLock};

use actix_web::web::{Bytes, Data};
use kernel::seal::Keyring;
use kernel::{Clock, Ids};

use crate::authentication::Authenticate;
use crate::health::Readiness;
use crate::limits::{Limits, SharedBuckets};
use crate::metrics::Metrics;
use crate::openapi;
use crate::operation::Entry;
use crate::settings::Settings;
use crate::traces::Traces;

/// The ports of one context, as an operation's parameter: `Env<Patients>`.
pub type Env<T> = Data<T>;

/// What the HTTP layer needs from outside.
#[derive(Clone)]
pub struct Ports {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh request ids.
    pub ids: Arc<dyn Ids>,
    /// The keys that cursors are sealed under.
    pub keyring: Arc<Keyring>,
    /// Who holds a token.
    pub authenticate: Arc<dyn Authenticate>,
    /// Whether this node can work.
    pub readiness: Arc<dyn Readiness>,
    /// Where refused attempts are noted.
    pub refusals: Arc<dyn RefusalLog>,
    /// Where answered requests are told of, if anywhere.
    pub traces: Option<Arc<dyn Traces>>,
    /// The rate limits' buckets that all nodes share; without them, each counts its own.
    pub buckets: Option<Arc<dyn SharedBuckets>>,
}

/// An attempt that was refused with 401 or 403.
#[derive(Debug, Clone)]
pub struct RefusedAttempt {
    /// When.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Operation id.
    pub operation: &'static str,
    /// What it needs, as `x-permission` writes it.
    pub permission: &'static str,
    /// The status of the refusal.
    pub status: u16,
    /// The code of the refusal.
    pub code: &'static str,
    /// The caller, when known.
    pub session: Option<kernel::Session>,
    /// Where from.
    pub origin: kernel::Origin,
}

/// The access log: refused attempts, which leave no journal entry. It must neither fail the request nor keep it waiting.
pub trait RefusalLog: Send + Sync {
    /// Takes the attempt, to be noted soon.
    fn refused(&self, attempt: RefusedAttempt);
}

/// What all requests share.
pub struct State {
    settings: Settings,
    ports: Ports,
    table: &'static [Entry],
    limits: Limits,
    metrics: Metrics,
    document: OnceLock<Bytes>,
}

impl State {
    /// The state of a server that answers the operations of a table.
    pub fn new(settings: Settings, ports: Ports, table: &'static [Entry]) -> Data<Self> {
        let limits = Limits::new(&settings.rates, ports.buckets.clone());
        Data::new(Self { settings, ports, table, limits, metrics: Metrics::new(), document: OnceLock::new() })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The outside.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The operations answered.
    pub fn table(&self) -> &'static [Entry] {
        self.table
    }

    /// The rate limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The metrics, to which others may add.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The OpenAPI document as JSON; made when it is first asked for, as that takes longer than the whole start.
    pub fn document(&self) -> &Bytes {
        self.document
            .get_or_init(|| openapi::document(self.table, openapi::SERVER).to_json().unwrap_or_default().into())
    }
}
