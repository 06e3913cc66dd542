//! The ports of the HTTP layer, answered by identity and the database.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use async_trait::async_trait;
use identity::Identity;
use identity::usecase::authenticate::{AuthenticateError, authenticate};
use kernel::{Principal, StoreError};
use persistence::Database;
use rest::authentication::Authenticate;
use rest::health::{Health, HealthCheck, Readiness};

use crate::worker::Alarm;

/// Access tokens.
pub(super) struct Tokens(pub(super) Data<Identity>);

/// The parts of a node.
pub(super) struct Parts(pub(super) Database);

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
impl Alarm for Database {
    async fn woken(&self, at_most: Duration) {
        Self::woken(self, at_most).await;
    }
}
