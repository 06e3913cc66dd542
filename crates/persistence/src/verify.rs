//! The proof of the audit (I11): walks a tenant's chain and finds the first row that was changed, moved or removed.

use kernel::StoreError;
use kernel::ids::TenantId;
use kernel::seal::ChainKey;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use crate::canonical::{Author, COLUMNS, Recorded};
use crate::database::Database;
use crate::errors::store;
use crate::sequencer::{GENESIS, link_mac, place};
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
    /// This entry has no link, and Salus did not write it, or under a master key that is not known here.
    Foreign(Uuid),
    /// The chain has links and its key is gone, or opens under no master key that is known here.
    Keyless,
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
        let numbered = self.numbered_before().await?;
        walk(&self.look_across("audit verify").await?, tenant.uuid(), after, limit, numbered).await
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

    /// Every company, and every other tenant that has left a trace in the audit.
    pub async fn audited_tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let tx = self.look_across("audit verify").await?;
        let sql = "SELECT tenant_id FROM journal_entry UNION SELECT tenant_id FROM journal_link \
                   UNION SELECT tenant_id FROM company ORDER BY tenant_id";
        let rows = tx.rows(sql, []).await?;
        let ids: Result<Vec<Uuid>, DbErr> = rows.iter().map(|row| row.try_get("", "tenant_id")).collect();
        Ok(ids.map_err(store)?.into_iter().map(TenantId::from_uuid).collect())
    }

    /// The place before which every entry of Salus's has its link, asked before the walk begins; 0 when it is not known. A
    /// place that lies ahead of everything was written by another server, before a restore from a dump.
    pub(crate) async fn numbered_before(&self) -> Result<i64, StoreError> {
        let tx = self.look_across("audit verify").await?;
        let newest = if tx.is_postgres() {
            "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        } else {
            "(SELECT coalesce(max(rowid), 0) + 1 FROM journal_entry)"
        };
        let sql = format!("SELECT place, {newest} AS newest FROM sequencer_horizon WHERE stream = 'journal'");
        let rows = tx.rows(&sql, []).await?;
        let read = |row: &QueryResult| Some((row.try_get("", "place").ok()?, row.try_get::<i64>("", "newest").ok()?));
        Ok(rows.first().and_then(read).filter(|(place, newest)| place <= newest).map_or(0, |(place, _)| place))
    }
}

/// The walk itself, in a transaction or view that sees the tenant; every entry before the place `numbered` must have a link.
pub(crate) async fn walk(
    tx: &SeaTx,
    tenant: Uuid,
    after: i64,
    limit: u32,
    numbered: i64,
) -> Result<Verified, StoreError> {
    let Some(mut head) = link_at(tx, tenant, after).await? else {
        let head = Head { position: 0, mac: GENESIS.to_vec() };
        return Ok(Verified { head, broken: Some(Broken::Missing(after)), complete: true });
    };
    let links = links_after(tx, tenant, after, limit).await?;
    let complete = u32::try_from(links.len()).is_ok_and(|found| found < limit);
    let key = tx.database.chain_key(tx, tenant).await?;
    if key.is_none() && (after > 0 || !links.is_empty()) {
        return Ok(Verified { head, broken: Some(Broken::Keyless), complete: true });
    }
    for link in links {
        if let Some(key) = &key
            && let Some(broken) = check(key, &head, &link)?
        {
            return Ok(Verified { head, broken: Some(broken), complete: true });
        }
        head = Head { position: link.position, mac: link.mac };
    }
    let broken = if complete { behind(tx, tenant, &head, numbered).await? } else { None };
    Ok(Verified { head, broken, complete })
}

/// What is wrong behind the last link: an entry without a link that was not written by Salus, or that had one once; or a company
/// without any entry, which no company is.
async fn behind(tx: &SeaTx, tenant: Uuid, head: &Head, numbered: i64) -> Result<Option<Broken>, StoreError> {
    let place = place(tx);
    let sql = format!(
        "SELECT e.place, {COLUMNS} FROM (SELECT e.*, e.{place} AS place FROM journal_entry e WHERE e.tenant_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM journal_link l WHERE l.tenant_id = e.tenant_id AND l.entry_id = e.id) \
         ORDER BY e.{place}, e.id LIMIT {WAITING}) e \
         LEFT JOIN journal_change c ON c.tenant_id = e.tenant_id AND c.entry_id = e.id ORDER BY e.place, e.id, c.ordinal"
    );
    let rows = tx.rows(&sql, [tenant.into()]).await?;
    let waiting = Recorded::gather(&rows).map_err(store)?;
    if waiting.is_empty() && head.position == 0 && link_at(tx, tenant, 1).await?.is_none() {
        return Ok(Some(Broken::Missing(1)));
    }
    let wrong = |(place, entry): &(i64, Recorded)| match entry.author(tx.keys()) {
        Author::Salus => (*place < numbered).then_some(Broken::Missing(head.position + 1)),
        Author::Foreign | Author::Unknown => Some(Broken::Foreign(entry.id)),
    };
    Ok(waiting.iter().find_map(wrong))
}

fn check(key: &ChainKey, head: &Head, link: &Link) -> Result<Option<Broken>, StoreError> {
    let next = head.position + 1;
    if link.position != next {
        return Ok(Some(Broken::Missing(next)));
    }
    let Some(entry) = &link.entry else { return Ok(Some(Broken::Altered(next))) };
    let Some(bytes) = &entry.bytes else { return Ok(Some(Broken::Altered(next))) };
    let mac = link_mac(key, next, &head.mac, bytes)?;
    Ok((link.prev != head.mac || link.mac != mac).then_some(Broken::Altered(next)))
}

async fn link_at(tx: &SeaTx, tenant: Uuid, position: i64) -> Result<Option<Head>, StoreError> {
    if position == 0 {
        return Ok(Some(Head { position, mac: GENESIS.to_vec() }));
    }
    let sql = "SELECT mac FROM journal_link WHERE tenant_id = $1 AND position = $2";
    let rows = tx.rows(sql, [tenant.into(), position.into()]).await?;
    // A mac that cannot be read is one that does not fit.
    Ok(rows.first().map(|row| Head { position, mac: row.try_get("", "mac").unwrap_or_default() }))
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
    Ok(links(&rows))
}

/// A position or mac that cannot be read is one that does not fit.
fn links(rows: &[QueryResult]) -> Vec<Link> {
    let position = |row: &QueryResult| row.try_get::<i64>("", "position").unwrap_or(-1);
    let bytes = |row: &QueryResult, column: &str| row.try_get::<Vec<u8>>("", column).unwrap_or_default();
    let own = rows.chunk_by(|one, next| position(one) == position(next)).filter_map(|own| Some((own.first()?, own)));
    let link = |(first, own): (&QueryResult, &[QueryResult])| Link {
        position: position(first),
        prev: bytes(first, "prev"),
        mac: bytes(first, "mac"),
        entry: first.try_get::<Option<Uuid>>("", "id").ok().flatten().map(|_| Recorded::of(first, own)),
    };
    own.map(link).collect()
}
