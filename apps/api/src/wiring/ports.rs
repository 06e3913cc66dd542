//! The ports of the HTTP layer, answered by identity and the database.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use async_trait::async_trait;
use gateways::otlp::{Attribute, Exporter, Span};
use gateways::redis::Redis;
use identity::Identity;
use identity::model::api_key::KeyText;
use identity::model::csrf::CsrfToken;
use identity::usecase::authenticate::{AuthenticateError, authenticate};
use kernel::ids::{SessionId, TenantId};
use kernel::seal::Keyring;
use kernel::{Principal, StoreError};
use persistence::Database;
use rest::authentication::Authenticate;
use rest::health::{Health, HealthCheck, Readiness};
use rest::limits::{SharedBucket, SharedBuckets, Taken};
use rest::traces::{AnsweredRequest, Traces};
use uuid::Uuid;

use crate::worker::Alarm;

/// Access tokens.
pub(super) struct Tokens(pub(super) Data<Identity>);

/// The parts of a node.
pub(super) struct Parts {
    pub(super) database: Database,
    pub(super) redis: Option<Redis>,
}

/// Buckets in Redis, under names that tell nobody without the master key whose they are.
pub(super) struct Buckets {
    redis: Redis,
    keyring: Arc<Keyring>,
}

impl Buckets {
    pub(super) fn shared(redis: Redis, keyring: Arc<Keyring>) -> Arc<dyn SharedBuckets> {
        Arc::new(Self { redis, keyring })
    }
}

#[async_trait]
impl SharedBuckets for Buckets {
    async fn take(&self, bucket: &SharedBucket) -> Option<Taken> {
        let name = name(&self.keyring, &bucket.key)?;
        let taken = self.redis.take(&name, bucket.requests, bucket.between).await?;
        Some(match taken {
            gateways::redis::Taken::Left(left) => Taken::Left(left),
            gateways::redis::Taken::Empty(wait) => Taken::Empty(wait),
        })
    }
}

/// Whoever knows all addresses knows all of their hashes, too, but not their MACs.
fn name(keyring: &Keyring, key: &str) -> Option<String> {
    let mac = keyring.mac(Uuid::nil(), "rate limits", key.as_bytes()).ok()?;
    Some(format!("{:032x}", u128::from_be_bytes(*mac.first_chunk()?)))
}

/// Answered requests, to the collector of traces.
pub(super) struct Spans(Exporter);

impl Spans {
    pub(super) fn shared(exporter: Exporter) -> Arc<dyn Traces> {
        Arc::new(Self(exporter))
    }
}

impl Traces for Spans {
    fn answered(&self, request: AnsweredRequest) {
        let name =
            request.route.map_or_else(|| request.method.to_owned(), |route| format!("{} {route}", request.method));
        let text = |key, text: &str| (key, Attribute::Text(text.to_owned()));
        let mut attributes = vec![
            text("http.request.method", request.method),
            ("http.response.status_code", Attribute::Number(request.status.into())),
            text("salus.request_id", &request.request_id.to_string()),
        ];
        attributes.extend(request.route.map(|route| text("http.route", route)));
        attributes.extend(request.operation.map(|operation| text("salus.operation", operation)));
        self.0.export(Span {
            trace: request.trace,
            id: request.span,
            parent: request.parent,
            name,
            begun: request.begun,
            took: request.took,
            attributes,
            failed: request.status >= 500,
        });
    }
}

#[async_trait]
impl Authenticate for Tokens {
    async fn principal(&self, token: &str) -> Result<Option<Arc<Principal>>, StoreError> {
        match authenticate(&self.0, token).await {
            Ok(principal) => Ok(Some(principal)),
            Err(AuthenticateError::Store(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn is_unproved(&self, token: &str) -> bool {
        KeyText::read(token).is_some() && self.0.callers.of(token, self.0.clock.now()).is_none()
    }

    fn is_csrf_token(&self, text: &str, tenant: TenantId, session: SessionId) -> bool {
        CsrfToken::fits(text, &self.0.keyring, tenant, session)
    }
}

#[async_trait]
impl Readiness for Parts {
    async fn checks(&self) -> Vec<HealthCheck> {
        let answers = self.database.answers().await;
        let late = if answers { self.database.sequencer_is_late().await.unwrap_or(true) } else { true };
        let database = if answers { Health::Fine } else { Health::Down };
        let sequencer = if late { Health::Degraded } else { Health::Fine };
        // Without Redis a node goes on alone.
        let redis = self.redis.as_ref().map(|redis| if redis.is_up() { Health::Fine } else { Health::Degraded });
        [Some(("database", database)), Some(("sequencer", sequencer)), redis.map(|redis| ("redis", redis))]
            .into_iter()
            .flatten()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c11_a_shared_bucket_is_named_by_what_only_holders_of_the_master_key_can_work_out() {
        let (ours, theirs) = (Keyring::single([1; 32]), Keyring::single([2; 32]));
        let key = "sign-in:00112233445566778899aabbccddeeff";
        let named = name(&ours, key).unwrap();
        assert_eq!(Some(&named), name(&ours.clone(), key).as_ref(), "every node names it alike");
        assert_ne!(Some(&named), name(&theirs, key).as_ref());
        assert_ne!(Some(&named), name(&ours, "sign-up:00112233445566778899aabbccddeeff").as_ref());
        assert!(named.len() == 32 && !named.contains("00112233"));
    }
}
