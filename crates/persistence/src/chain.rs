//! The key of a tenant's chain: made once, from the oldest master key, and kept sealed, so that master keys can be changed and
//! removed without breaking a link.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::seal::{ChainKey, Place};
use kernel::{StoreError, Transaction as _};
use uuid::Uuid;

use crate::database::Database;
use crate::errors::store;
use crate::session::SeaTx;

/// Chain keys that were read from their rows.
#[derive(Debug, Default)]
pub(crate) struct ChainKeys(Mutex<HashMap<Uuid, Arc<ChainKey>>>);

impl Database {
    /// The key of a tenant's chain, to verify it.
    pub(crate) async fn chain_key(&self, tx: &SeaTx, tenant: Uuid) -> Result<Arc<ChainKey>, StoreError> {
        match self.stored_chain_key(tx, tenant).await? {
            Some(key) => Ok(key),
            // Nothing was linked since chain keys are kept.
            None => self.keys().chain_key(tenant).map(Arc::new).map_err(StoreError::broken),
        }
    }

    /// True once the key of the tenant's chain is kept, which it is from the first link on.
    pub(crate) async fn has_kept_chain_key(&self, tx: &SeaTx, tenant: Uuid) -> Result<bool, StoreError> {
        Ok(self.stored_chain_key(tx, tenant).await?.is_some())
    }

    /// The same, to link with it: it is kept from now on. Only who holds the sequencer's lock may ask.
    pub(crate) async fn kept_chain_key(&self, tx: &SeaTx, tenant: Uuid) -> Result<Arc<ChainKey>, StoreError> {
        if let Some(key) = self.stored_chain_key(tx, tenant).await? {
            return Ok(key);
        }
        let key = self.keys().chain_key(tenant).map_err(StoreError::broken)?;
        let sealed = self.keys().seal(place(tenant), key.as_bytes()).map_err(StoreError::broken)?;
        let sql = "INSERT INTO chain_key (tenant_id, id, sealed, created_at) VALUES ($1, $1, $2, $3) \
                   ON CONFLICT (tenant_id, id) DO NOTHING";
        tx.run(sql, [tenant.into(), sealed.into(), tx.now().into()]).await?;
        Ok(Arc::new(key))
    }

    /// Keeps the keys of chains that were linked before keys were kept; how many those were.
    pub(crate) async fn keep_chain_keys(&self) -> Result<u64, StoreError> {
        let tx = self.open_across("key rotation").await?;
        let sql = "SELECT l.tenant_id FROM journal_link l WHERE l.position = 1 AND NOT EXISTS \
                   (SELECT 1 FROM chain_key k WHERE k.tenant_id = l.tenant_id AND k.id = l.tenant_id)";
        let mut kept = 0;
        for row in tx.rows(sql, []).await? {
            self.kept_chain_key(&tx, row.try_get("", "tenant_id").map_err(store)?).await?;
            kept += 1;
        }
        Box::new(tx).finish().await?;
        Ok(kept)
    }

    async fn stored_chain_key(&self, tx: &SeaTx, tenant: Uuid) -> Result<Option<Arc<ChainKey>>, StoreError> {
        let known = |keys: &ChainKeys| keys.0.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        if let Some(key) = known(self.chain_keys()) {
            return Ok(Some(key));
        }
        let sql = "SELECT sealed FROM chain_key WHERE tenant_id = $1 AND id = $1";
        let rows = tx.rows(sql, [tenant.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let sealed: Vec<u8> = row.try_get("", "sealed").map_err(store)?;
        let bytes = self.keys().open(place(tenant), &sealed).map_err(StoreError::broken)?;
        let key = Arc::new(ChainKey::from_bytes(&bytes).map_err(StoreError::broken)?);
        self.chain_keys().0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, key.clone());
        Ok(Some(key))
    }
}

fn place(tenant: Uuid) -> Place<'static> {
    Place { tenant, purpose: "chain key", column: "chain_key.sealed", row: tenant }
}
