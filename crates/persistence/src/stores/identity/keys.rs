//! Signing keys, and failed sign-ins.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use identity::model::backoff::{AttemptKey, Failures};
use identity::model::signing_key::StoredKey;
use identity::ports::{FailureReader, FailureStore, SigningKeyReader, SigningKeyStore};
use kernel::StoreError;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::rows::identity::{sign_in_failure, signing_key};
use crate::session::SeaTx;

#[async_trait]
impl SigningKeyReader for SeaTx {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let select = self.select::<signing_key::Entity>().order_by_desc(signing_key::Column::Number).limit(2);
        Ok(self.all(select).await?.into_iter().map(Into::into).collect())
    }
}

#[async_trait]
impl SigningKeyStore for SeaTx {
    async fn signing_key_add(&self, key: &StoredKey) -> Result<(), StoreError> {
        self.insert(signing_key::Model::from(key)).await
    }
}

#[async_trait]
impl FailureReader for SeaTx {
    async fn failures_of(&self, keys: &[AttemptKey]) -> Result<Vec<(AttemptKey, Failures)>, StoreError> {
        let keys = keys.iter().map(|key| key.as_bytes().to_vec());
        let select = self.select::<sign_in_failure::Entity>().filter(sign_in_failure::Column::Key.is_in(keys));
        self.all(select).await?.into_iter().map(TryInto::try_into).collect()
    }
}

/// One statement, so that two failures at once are both counted.
const COUNT: &str = "\
    INSERT INTO sign_in_failure (key, count, last_at) VALUES ($1, 1, $2) \
    ON CONFLICT (key) DO UPDATE SET last_at = excluded.last_at, \
    count = CASE WHEN sign_in_failure.last_at < $3 THEN 1 ELSE sign_in_failure.count + 1 END";

#[async_trait]
impl FailureStore for SeaTx {
    async fn failure_add(
        &self,
        keys: &[AttemptKey],
        now: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut keys: Vec<_> = keys.to_vec();
        keys.sort_unstable(); // one order for all callers, so that two of them never wait for each other
        for key in keys {
            self.run(COUNT, [key.as_bytes().to_vec().into(), now.into(), forget_before.into()]).await?;
        }
        Ok(())
    }

    async fn failures_forget(&self, key: &AttemptKey) -> Result<(), StoreError> {
        let delete = self.delete_where::<sign_in_failure::Entity>();
        self.exec(delete.filter(sign_in_failure::Column::Key.eq(key.as_bytes().to_vec()))).await.map(drop)
    }
}
