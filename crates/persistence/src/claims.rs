//! Idempotency keys (C10): one request at a time holds a key, and a repeat gets the stored reply.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};
use kernel::seal::{Keyring, Place};
use kernel::{Claim, StoreError, StoredReply};
use sea_orm::{DbErr, QueryResult};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use uuid::Uuid;

/// How long a reply is kept.
pub(crate) fn kept() -> Duration {
    Duration::hours(24)
}

type Keys = Arc<Mutex<HashMap<(Uuid, Uuid), Holder>>>;

/// The keys that requests of this process are working on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims(Keys);

/// A key that one transaction holds until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    keys: Keys,
    key: (Uuid, Uuid),
    _ends: watch::Sender<()>,
}

/// The transaction that holds a key.
#[derive(Debug)]
struct Holder {
    /// Closed when it has let go.
    ends: watch::Receiver<()>,
    /// It did nothing and is on its way out.
    ending: bool,
}

impl Claims {
    /// Holds a key, or says that another request of this process works under it. A transaction that is being rolled back, such
    /// as an earlier try of the same request, is waited for.
    pub(crate) async fn hold(&self, tenant: Uuid, id: Uuid) -> Result<Held, StoreError> {
        let key = (tenant, id);
        loop {
            let mut end = match self.try_hold(key) {
                Ok(held) => return Ok(held),
                Err(end) => end.ok_or(StoreError::InProgress)?,
            };
            // An error: the sender is gone, which is the end.
            while end.changed().await.is_ok() {}
        }
    }

    /// The key, or the end to wait for where one is near.
    fn try_hold(&self, key: (Uuid, Uuid)) -> Result<Held, Option<watch::Receiver<()>>> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holder) = keys.get(&key) {
            return Err(holder.ending.then(|| holder.ends.clone()));
        }
        let (sender, ends) = watch::channel(());
        keys.insert(key, Holder { ends, ending: false });
        Ok(Held { keys: self.0.clone(), key, _ends: sender })
    }
}

impl Held {
    /// Whoever wants the key next waits until this is dropped, instead of being refused.
    pub(crate) fn ending(&self) {
        if let Some(holder) = self.keys.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&self.key) {
            holder.ending = true;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// The row that a claim is kept under: the first 128 bits of a hash over caller, route and key.
pub(crate) fn row_id(claim: &Claim) -> Uuid {
    let hash = Sha256::new()
        .chain_update(claim.caller.as_bytes())
        .chain_update(claim.route.as_bytes())
        .chain_update([0])
        .chain_update(claim.key)
        .finalize();
    let mut id = [0; 16];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    Uuid::from_bytes(id)
}

/// Where a stored reply's body is sealed.
pub(crate) fn place(tenant: Uuid, row: Uuid) -> Place<'static> {
    Place { tenant, purpose: "idempotency", column: "idempotency.body", row }
}

/// What a lookup of the key found: nothing, and the request may go on; or the reply of its predecessor.
pub(crate) fn judge(
    found: Option<&QueryResult>,
    claim: &Claim,
    tenant: Uuid,
    keys: &Keyring,
) -> Result<(), StoreError> {
    let Some(row) = found else { return Ok(()) };
    let stored = reply(row, claim, tenant, keys).map_err(StoreError::broken)?;
    Err(stored.map_or(StoreError::KeyReused, |reply| StoreError::Replay(Box::new(reply))))
}

fn reply(row: &QueryResult, claim: &Claim, tenant: Uuid, keys: &Keyring) -> Result<Option<StoredReply>, DbErr> {
    let body_hash: Vec<u8> = row.try_get("", "body_hash")?;
    if body_hash != claim.body {
        return Ok(None);
    }
    let sealed: Vec<u8> = row.try_get("", "body")?;
    let status: i32 = row.try_get("", "status")?;
    let body = keys.open(place(tenant, row_id(claim)), &sealed).map_err(|e| DbErr::Custom(e.to_string()))?;
    Ok(Some(StoredReply {
        status: u16::try_from(status).map_err(|e| DbErr::Custom(e.to_string()))?,
        location: row.try_get("", "location")?,
        etag: row.try_get("", "etag")?,
        body: body.to_vec(),
    }))
}

/// Where a transaction on PostgreSQL keeps whether it may go on under its key, for the statements of the same message.
pub(crate) const MINE: &str = "app.claimed";

/// The lookup, with the values already in the text: a tenant, a hash and an instant cannot inject.
pub(crate) fn lookup(tenant: Uuid, row: Uuid, now: DateTime<Utc>, postgres: bool) -> String {
    let columns = "i.body_hash, i.status, i.location, i.etag, i.body";
    if postgres {
        return format!(
            "SELECT set_config('{MINE}', (pg_try_advisory_xact_lock({}) AND i.id IS NULL)::text, true)::boolean AS mine, \
             {columns} FROM (SELECT 1) AS one LEFT JOIN idempotency i \
             ON i.tenant_id = '{tenant}' AND i.id = '{row}' AND i.expires_at > '{}'",
            lock_key("idempotency", tenant, row),
            now.to_rfc3339()
        );
    }
    format!(
        "SELECT {columns} FROM idempotency i WHERE i.tenant_id = x'{}' AND i.id = x'{}' AND i.expires_at > '{}'",
        tenant.simple(),
        row.simple(),
        now.to_rfc3339()
    )
}

/// The advisory lock of an id of a tenant, by purpose.
pub(crate) fn lock_key(purpose: &str, tenant: Uuid, id: Uuid) -> i64 {
    let hash =
        Sha256::new().chain_update(purpose).chain_update(tenant.as_bytes()).chain_update(id.as_bytes()).finalize();
    let mut key = [0; 8];
    key.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    i64::from_be_bytes(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn b4_c10_a_try_that_is_being_rolled_back_is_waited_for_and_one_at_work_is_not() {
        let (claims, tenant, id) = (Claims::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        let first = claims.hold(tenant, id).await.unwrap();
        assert!(matches!(claims.hold(tenant, id).await, Err(StoreError::InProgress)));
        first.ending();
        let waiting = tokio::spawn({
            let claims = claims.clone();
            async move { claims.hold(tenant, id).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "the rollback has not ended");
        drop(first);
        let second = waiting.await.unwrap().unwrap();
        assert!(matches!(claims.hold(tenant, id).await, Err(StoreError::InProgress)));
        drop(second);
        assert!(claims.0.lock().unwrap().is_empty());
    }
}
