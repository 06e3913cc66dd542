//! The proof of the audit (I11): walks a tenant's chain and finds the first row that was changed, moved or removed.

use kernel::StoreError;
use kernel::ids::TenantId;
use kernel::seal::ChainKey;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use crate::canonical::{COLUMNS, Recorded};
use crate::database::Database;
use crate::errors::store;
use crate::sequencer::{GENESIS, link_mac};
use crate::session::SeaTx;

/// A place in a chain and the mac that stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// From 1; 0 is the place before the first link.
    pub position: i64,
    /// HMAC-SHA-256.
    pub mac: Vec<u8>,
}

/// The first thing that is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// No link stands at this position, though later ones do, or a known head says that one did.
    Missing(i64),
    /// The link at this position does not vouch for its entry, its changes or its predecessor.
    Altered(i64),
    /// This entry has no link, and Salus did not write it.
    Foreign(Uuid),
}

/// What a walk found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last good link.
    pub head: Head,
    /// The first bad one.
    pub broken: Option<Broken>,
    /// False when the walk ended at its limit: go on after the head.
    pub complete: bool,
}

/// Entries without a link that are looked at: a sequencer leaves fewer.
const WAITING: u16 = 1_000;

/// A link as it is stored.
struct Link {
    position: i64,
    prev: Vec<u8>,
    mac: Vec<u8>,
    entry: Option<Recorded>,
}

impl Database {
    /// Walks at most `limit` links of a tenant behind a position (0: from the first).
    pub async fn verify_journal(&self, tenant: TenantId, after: i64, limit: u32) -> Result<Verified, StoreError> {
        walk(&self.look_across("audit verify").await?, tenant.uuid(), after, limit).await
    }

    /// Walks a tenant's whole chain; with a known head, also that the chain still holds it.
    pub async fn verify_whole_journal(&self, tenant: TenantId, known: Option<&Head>) -> Result<Verified, StoreError> {
        let mut seen = self.verify_journal(tenant, 0, 1_000).await?;
        while !seen.complete {
            seen = self.verify_journal(tenant, seen.head.position, 1_000).await?;
        }
        if let (Some(known), None) = (known, seen.broken) {
            let tx = self.look_across("audit verify").await?;
            seen.broken = match link_at(&tx, tenant.uuid(), known.position).await? {
                None => Some(Broken::Missing(known.position)),
                Some(stands) if stands != *known => Some(Broken::Altered(known.position)),
                Some(_) => None,
            };
        }
        Ok(seen)
    }

    /// True when nothing was ever done in this database: the audit has no entry of any tenant.
    pub async fn is_untouched(&self) -> Result<bool, StoreError> {
        let tx = self.look_across("demo").await?;
        Ok(tx.rows("SELECT 1 AS entry FROM journal_entry LIMIT 1", []).await?.is_empty())
    }

    /// Every tenant that has left a trace in the audit.
    pub async fn audited_tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let tx = self.look_across("audit verify").await?;
        let rows = tx.rows("SELECT DISTINCT tenant_id FROM journal_entry ORDER BY tenant_id", []).await?;
        let ids: Result<Vec<Uuid>, DbErr> = rows.iter().map(|row| row.try_get("", "tenant_id")).collect();
        Ok(ids.map_err(store)?.into_iter().map(TenantId::from_uuid).collect())
    }
}

/// The walk itself, in a transaction or view that sees the tenant.
pub(crate) async fn walk(tx: &SeaTx, tenant: Uuid, after: i64, limit: u32) -> Result<Verified, StoreError> {
    let Some(mut head) = link_at(tx, tenant, after).await? else {
        let head = Head { position: 0, mac: GENESIS.to_vec() };
        return Ok(Verified { head, broken: Some(Broken::Missing(after)), complete: true });
    };
    let links = links_after(tx, tenant, after, limit).await?;
    let complete = u32::try_from(links.len()).is_ok_and(|found| found < limit);
    let key = tx.database.chain_key(tx, tenant).await?;
    for link in links {
        if let Some(broken) = check(&key, &head, &link)? {
            return Ok(Verified { head, broken: Some(broken), complete: true });
        }
        head = Head { position: link.position, mac: link.mac };
    }
    let broken = if complete { foreign_entry(tx, tenant).await?.map(Broken::Foreign) } else { None };
    Ok(Verified { head, broken, complete })
}

/// The first entry that waits for its place and was not written by Salus.
async fn foreign_entry(tx: &SeaTx, tenant: Uuid) -> Result<Option<Uuid>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT e.* FROM journal_entry e WHERE e.tenant_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM journal_link l WHERE l.tenant_id = e.tenant_id AND l.entry_id = e.id) ORDER BY e.id LIMIT {WAITING}) e \
         LEFT JOIN journal_change c ON c.tenant_id = e.tenant_id AND c.entry_id = e.id ORDER BY e.id, c.ordinal"
    );
    let rows = tx.rows(&sql, [tenant.into()]).await?;
    let waiting = Recorded::gather(&rows).map_err(store)?;
    let Some(first) = waiting.iter().find(|entry| entry.is_ours(tx.keys()) != Some(true)) else { return Ok(None) };
    // Before the first link of a chain whose key is kept, entries were written without a mac.
    let is_older = first.mac.is_none() && !tx.database.has_kept_chain_key(tx, tenant).await?;
    Ok((!is_older).then_some(first.id))
}

fn check(key: &ChainKey, head: &Head, link: &Link) -> Result<Option<Broken>, StoreError> {
    let next = head.position + 1;
    if link.position != next {
        return Ok(Some(Broken::Missing(next)));
    }
    let Some(entry) = &link.entry else { return Ok(Some(Broken::Altered(next))) };
    let mac = link_mac(key, next, &head.mac, &entry.bytes)?;
    Ok((link.prev != head.mac || link.mac != mac).then_some(Broken::Altered(next)))
}

async fn link_at(tx: &SeaTx, tenant: Uuid, position: i64) -> Result<Option<Head>, StoreError> {
    if position == 0 {
        return Ok(Some(Head { position, mac: GENESIS.to_vec() }));
    }
    let sql = "SELECT mac FROM journal_link WHERE tenant_id = $1 AND position = $2";
    let rows = tx.rows(sql, [tenant.into(), position.into()]).await?;
    let mac = rows.first().map(|row| row.try_get("", "mac")).transpose().map_err(store)?;
    Ok(mac.map(|mac| Head { position, mac }))
}

async fn links_after(tx: &SeaTx, tenant: Uuid, after: i64, limit: u32) -> Result<Vec<Link>, StoreError> {
    let sql = format!(
        "SELECT l.position, l.prev, l.mac, l.entry_id, {COLUMNS} FROM \
         (SELECT * FROM journal_link WHERE tenant_id = $1 AND position > $2 ORDER BY position LIMIT {limit}) l \
         LEFT JOIN journal_entry e ON e.tenant_id = l.tenant_id AND e.id = l.entry_id \
         LEFT JOIN journal_change c ON c.tenant_id = e.tenant_id AND c.entry_id = e.id \
         ORDER BY l.position, c.ordinal"
    );
    let rows = tx.rows(&sql, [tenant.into(), after.into()]).await?;
    links(&rows).map_err(store)
}

fn links(rows: &[QueryResult]) -> Result<Vec<Link>, DbErr> {
    let mut links: Vec<Link> = Vec::new();
    let mut from = 0;
    while let Some(row) = rows.get(from) {
        let position: i64 = row.try_get("", "position")?;
        let mut to = from + 1;
        while let Some(next) = rows.get(to)
            && next.try_get::<i64>("", "position")? == position
        {
            to += 1;
        }
        let own = rows.get(from..to).unwrap_or_default();
        let entry = match row.try_get::<Option<Uuid>>("", "id")? {
            Some(_) => Recorded::gather(own)?.pop(),
            None => None,
        };
        links.push(Link { position, prev: row.try_get("", "prev")?, mac: row.try_get("", "mac")?, entry });
        from = to;
    }
    Ok(links)
}
