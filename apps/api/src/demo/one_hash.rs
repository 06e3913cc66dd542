//! One password, hashed once: sixteen accounts share it, and hashing is slow on purpose.

use std::sync::Arc;

use async_trait::async_trait;
use identity::model::password::{Password, PasswordAttempt, PasswordHash};
use identity::ports::{HashingFailed, PasswordHasher};
use tokio::sync::OnceCell;

/// A hasher of one password: every other gets the first one's hash.
pub(super) struct OneHash {
    hasher: Arc<dyn PasswordHasher>,
    hash: OnceCell<PasswordHash>,
}

impl OneHash {
    pub(super) fn by(hasher: Arc<dyn PasswordHasher>) -> Self {
        Self { hasher, hash: OnceCell::new() }
    }
}

#[async_trait]
impl PasswordHasher for OneHash {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HashingFailed> {
        self.hash.get_or_try_init(|| self.hasher.hash(password)).await.cloned()
    }

    async fn verify(
        &self,
        attempt: PasswordAttempt,
        hash: PasswordHash,
    ) -> Result<(bool, PasswordAttempt), HashingFailed> {
        self.hasher.verify(attempt, hash).await
    }
}
