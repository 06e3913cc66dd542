//! The ports of the HTTP layer, answered by identity and the database.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use async_trait::async_trait;
use identity::Identity;
use identity::usecase::authenticate::{AuthenticateError, authenticate};
use kernel::{AccessLog, Principal, StoreError};
use persistence::Database;
use rest::authentication::Authenticate;
use rest::health::{Health, HealthCheck, Readiness};
use rest::state::{RefusalLog, RefusedAttempt};

use crate::worker::Alarm;

/// Access tokens.
pub(super) struct Tokens(pub(super) Data<Identity>);

/// The parts of a node.
pub(super) struct Parts(pub(super) Database);

/// Refused attempts.
pub(super) struct Refusals(pub(super) Database);

#[async_trait]
impl Authenticate for Tokens {
    async fn principal(&self, token: &str) -> Result<Option<Arc<Principal>>, StoreError> {
        match authenticate(&self.0, token).await {
            Ok(principal) => Ok(Some(principal)),
            Err(AuthenticateError::Store(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

#[async_trait]
impl Readiness for Parts {
    async fn checks(&self) -> Vec<HealthCheck> {
        let answers = self.0.answers().await;
        let late = if answers { self.0.sequencer_is_late().await.unwrap_or(true) } else { true };
        let database = if answers { Health::Fine } else { Health::Down };
        let sequencer = if late { Health::Degraded } else { Health::Fine };
        [("database", database), ("sequencer", sequencer)]
            .into_iter()
            .map(|(name, status)| HealthCheck { name: name.to_owned(), status })
            .collect()
    }
}

#[async_trait]
impl RefusalLog for Refusals {
    async fn refused(&self, attempt: RefusedAttempt) {
        if let Err(error) = self.0.attempt_refused(&noted(attempt)).await {
            tracing::warn!(%error, "a refused attempt was not noted");
        }
    }
}

#[async_trait]
impl Alarm for Database {
    async fn woken(&self, at_most: Duration) {
        Self::woken(self, at_most).await;
    }
}

/// The attempt as the access log keeps it: the route instead of the operation, which may be renamed.
fn noted(attempt: RefusedAttempt) -> kernel::RefusedAttempt {
    let entry = rest::operations().iter().find(|entry| entry.id() == attempt.operation);
    let principal = attempt.session.as_ref().map(kernel::Session::principal);
    kernel::RefusedAttempt {
        tenant: principal.map(|principal| principal.tenant),
        membership: principal.map(|principal| principal.membership),
        at: attempt.at,
        origin: attempt.origin,
        method: entry.map_or("", |entry| entry.method().as_str()).to_owned(),
        route: entry.map_or("", rest::Entry::path).to_owned(),
        status: if principal.is_some() { 403 } else { 401 },
        code: attempt.code.to_owned(),
    }
}
