//! The key of a tenant's chain: made once, from the oldest master key, and kept sealed, so that master keys can be changed and
//! removed without breaking a link.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::StoreError;
use kernel::seal::{ChainKey, Place};
use sea_orm::QueryResult;
use uuid::Uuid;

use crate::database::Database;
use crate::session::SeaTx;

/// Chain keys that were read from their rows.
#[derive(Debug, Default)]
pub(crate) struct ChainKeys(Mutex<HashMap<Uuid, Arc<ChainKey>>>);

impl Database {
    /// The key of a tenant's chain as its row holds it now, to verify the chain; none when the row is gone or does not open.
    pub(crate) async fn chain_key(&self, tx: &SeaTx, tenant: Uuid) -> Result<Option<ChainKey>, StoreError> {
        Ok(stored(tx, tenant).await?.and_then(|row| self.opened(tenant, &row)))
    }

    /// The same, to link behind a position: made and kept with the first link. None when the chain was begun and its key is
    /// gone or does not open: then nothing can be linked, and the chain is broken. Only who holds the sequencer's lock may ask.
    pub(crate) async fn kept_chain_key(
        &self,
        tx: &SeaTx,
        tenant: Uuid,
        position: i64,
    ) -> Result<Option<Arc<ChainKey>>, StoreError> {
        if let Some(key) = self.chain_keys().0.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant) {
            return Ok(Some(key.clone()));
        }
        let Some(row) = stored(tx, tenant).await? else {
            return if position == 0 { self.new_chain_key(tx, tenant).await } else { Ok(None) };
        };
        let Some(key) = self.opened(tenant, &row).map(Arc::new) else { return Ok(None) };
        self.chain_keys().0.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant, key.clone());
        Ok(Some(key))
    }

    /// As it stands in the row afterwards. It is remembered when it is read again, which is after the commit.
    async fn new_chain_key(&self, tx: &SeaTx, tenant: Uuid) -> Result<Option<Arc<ChainKey>>, StoreError> {
        let key = self.keys().chain_key(tenant).map_err(StoreError::broken)?;
        let sealed = self.keys().seal(place(tenant), key.as_bytes()).map_err(StoreError::broken)?;
        let sql = "INSERT INTO chain_key (tenant_id, id, sealed, created_at) VALUES ($1, $1, $2, $3) \
                   ON CONFLICT (tenant_id, id) DO NOTHING";
        tx.run(sql, [tenant.into(), sealed.into(), tx.now().into()]).await?;
        Ok(self.chain_key(tx, tenant).await?.map(Arc::new))
    }

    fn opened(&self, tenant: Uuid, row: &QueryResult) -> Option<ChainKey> {
        let sealed: Vec<u8> = row.try_get("", "sealed").ok()?;
        let bytes = self.keys().open(place(tenant), &sealed).ok()?;
        ChainKey::from_bytes(&bytes).ok()
    }
}

async fn stored(tx: &SeaTx, tenant: Uuid) -> Result<Option<QueryResult>, StoreError> {
    let sql = "SELECT sealed FROM chain_key WHERE tenant_id = $1 AND id = $1";
    Ok(tx.rows(sql, [tenant.into()]).await?.into_iter().next())
}

fn place(tenant: Uuid) -> Place<'static> {
    Place { tenant, purpose: "chain key", column: "chain_key.sealed", row: tenant }
}
