//! Positions of the journal and of the outbox: dense per tenant, given after the commit, so that no business transaction takes
//! a lock per tenant, and no reader of positions can miss a late commit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use kernel::seal::ChainKey;
use kernel::{StoreError, Transaction as _};
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use crate::canonical::{COLUMNS, Recorded};
use crate::database::Database;
use crate::errors::store;
use crate::session::SeaTx;

/// One process numbers at a time (the letters of `salusseq`).
const LOCK: i64 = 0x7361_6c75_7373_6571;
/// Rows that one round numbers at most, of each kind.
const BATCH: usize = 500;
/// How long the sequencer rests after a round that left nothing, however many commits wake it: fifty rounds a second at most.
const PAUSE: Duration = Duration::from_millis(20);
/// How long the sequencer sleeps when nothing wakes it.
const POLL: Duration = Duration::from_millis(100);
/// The mac before the first link.
pub(crate) const GENESIS: [u8; 32] = [0; 32];

/// Numbers what has been committed. Any number of them may run, in any number of processes: one at a time works.
#[derive(Debug)]
pub struct Sequencer {
    database: Database,
    journal: Stream,
    events: Stream,
    /// Whether it has read where the last sequencer ended.
    resumed: AtomicBool,
}

/// What the sequencer does after a round.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Nothing was there: it waits to be woken.
    Sleep,
    /// All that was there is numbered: it rests, so that what is committed meanwhile is one round's work.
    Rest,
    /// A batch was full: more is waiting.
    GoOn,
}

/// Everything before `from` has been numbered: transactions on PostgreSQL, row numbers on SQLite.
#[derive(Debug, Default)]
struct Stream {
    from: AtomicI64,
}

/// Up to where everything is decided: what was written before is visible, or never will be.
struct Horizon {
    journal: i64,
    events: i64,
}

/// A row that awaits its position.
struct Waiting<T> {
    tenant: Uuid,
    aggregate: (String, Uuid),
    version: i64,
    what: T,
}

impl Sequencer {
    /// A sequencer that goes on where the last one ended.
    pub fn new(database: Database) -> Self {
        Self { database, journal: Stream::default(), events: Stream::default(), resumed: AtomicBool::new(false) }
    }

    /// Numbers one batch of what is visible now; how many rows got a position. Zero as well when another one is at it.
    pub async fn run_once(&self) -> Result<usize, StoreError> {
        if !self.database.may_have_unnumbered(self.journal.from(), self.events.from()).await? {
            return Ok(0);
        }
        let tx = self.database.open_across("sequencer").await?;
        let Some(horizon) = horizon(&tx).await? else { return Ok(0) };
        self.resume(&tx, &horizon).await?;
        let (entries, journal_to) = self.number_entries(&tx, horizon.journal).await?;
        let (events, events_to) = self.number_events(&tx, horizon.events).await?;
        if entries + events > 0 {
            remember(&tx, journal_to, events_to).await?;
        }
        // Also when there was nothing to number: a dropped transaction would hold the lock a moment longer.
        Box::new(tx).finish().await?;
        self.database.meters().delivered.inc_by(u64::try_from(events).unwrap_or_default());
        self.journal.from.store(journal_to, Ordering::Release);
        self.events.from.store(events_to, Ordering::Release);
        Ok(entries + events)
    }

    /// Numbers everything that is visible now; how many rows got a position.
    pub async fn run_dry(&self) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            match self.run_once().await? {
                0 => return Ok(all),
                some => all += some,
            }
        }
    }

    /// Numbers for ever: after each commit that this process hears of, and every 100 ms. Drop the future to stop it; a round
    /// that is cut short leaves nothing behind.
    pub async fn run(&self) {
        loop {
            match self.run_once().await.map(Next::after) {
                Ok(Next::Sleep) => self.database.wake().sequencer_woken(POLL).await,
                Ok(Next::Rest) => tokio::time::sleep(PAUSE).await,
                Ok(Next::GoOn) => {}
                Err(error) => {
                    note(&error);
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    /// Reads, once, up to where the sequencers before this one have numbered. A place that lies ahead of the horizon was written
    /// by another server, before a restore from a dump, and says nothing here: then everything is looked at.
    async fn resume(&self, tx: &SeaTx, horizon: &Horizon) -> Result<(), StoreError> {
        if self.resumed.load(Ordering::Acquire) {
            return Ok(());
        }
        for row in tx.rows("SELECT stream, place FROM sequencer_horizon", []).await? {
            let place: i64 = row.try_get("", "place").map_err(store)?;
            match row.try_get::<String>("", "stream").map_err(store)?.as_str() {
                "journal" if place <= horizon.journal => self.journal.from.store(place, Ordering::Release),
                "event" if place <= horizon.events => self.events.from.store(place, Ordering::Release),
                _ => {}
            }
        }
        self.resumed.store(true, Ordering::Release);
        Ok(())
    }

    async fn number_entries(&self, tx: &SeaTx, horizon: i64) -> Result<(usize, i64), StoreError> {
        let place = place(tx);
        let sql = format!(
            "SELECT e.place, {COLUMNS} FROM (SELECT e.*, e.{place} AS place FROM journal_entry e WHERE e.{place} >= $1 \
             AND NOT EXISTS (SELECT 1 FROM journal_link l WHERE l.tenant_id = e.tenant_id AND l.entry_id = e.id) \
             ORDER BY e.{place}, e.id LIMIT {BATCH}) e \
             LEFT JOIN journal_change c ON c.tenant_id = e.tenant_id AND c.entry_id = e.id \
             ORDER BY e.place, e.id, c.ordinal"
        );
        let rows = tx.rows(&sql, [self.journal.from().into()]).await?;
        let entries = Recorded::gather(&rows).map_err(store)?;
        let to = next_from(&rows, entries.len(), horizon)?;
        let entries = self.written_by_us(tx, entries).await?;
        let count = entries.len();
        let waiting = entries.into_iter().map(|entry| Waiting {
            tenant: entry.tenant,
            aggregate: (entry.kind.clone(), entry.entity),
            version: entry.version,
            what: entry,
        });
        let mut links = Vec::new();
        for (tenant, entries) in by_tenant(waiting) {
            let key = self.database.kept_chain_key(tx, tenant).await?;
            let (mut position, mut prev) = head(tx, tenant).await?;
            for entry in in_version_order(entries) {
                position += 1;
                let mac = link_mac(&key, position, &prev, &entry.what.bytes)?;
                links.push([tenant.into(), position.into(), entry.what.id.into(), prev.into(), mac.to_vec().into()]);
                prev = mac.to_vec();
            }
        }
        add(tx, "journal_link (tenant_id, position, entry_id, prev, mac)", links).await?;
        Ok((count, to))
    }

    /// The entries without those that somebody put there: they get no place, and verifying the journal finds them. Before the
    /// first link of a chain whose key is kept, entries were written without a mac.
    async fn written_by_us(&self, tx: &SeaTx, entries: Vec<Recorded>) -> Result<Vec<Recorded>, StoreError> {
        let mut ours = Vec::with_capacity(entries.len());
        for entry in entries {
            let is_ours = match entry.is_ours(self.database.keys()) {
                Some(is_ours) => is_ours,
                None => !self.database.has_kept_chain_key(tx, entry.tenant).await?,
            };
            if is_ours {
                ours.push(entry);
            } else {
                tracing::error!(entry_id = %entry.id, tenant_id = %entry.tenant, "an audit entry that Salus did not write");
            }
        }
        Ok(ours)
    }

    async fn number_events(&self, tx: &SeaTx, horizon: i64) -> Result<(usize, i64), StoreError> {
        let place = place(tx);
        let sql = format!(
            "SELECT e.{place} AS place, e.tenant_id, e.id, e.aggregate_kind, e.aggregate_id, e.version FROM event e \
             WHERE e.{place} >= $1 AND NOT EXISTS \
             (SELECT 1 FROM event_position p WHERE p.tenant_id = e.tenant_id AND p.event_id = e.id) \
             ORDER BY e.{place}, e.entry_id, e.ordinal LIMIT {BATCH}"
        );
        let rows = tx.rows(&sql, [self.events.from().into()]).await?;
        let waiting = rows.iter().map(waiting_event).collect::<Result<Vec<_>, _>>().map_err(store)?;
        let (count, to) = (waiting.len(), next_from(&rows, waiting.len(), horizon)?);
        let mut positions = Vec::new();
        for (tenant, events) in by_tenant(waiting) {
            let mut position = last_position(tx, tenant).await?;
            for event in in_version_order(events) {
                position += 1;
                positions.push([tenant.into(), position.into(), event.what.into()]);
            }
        }
        add(tx, "event_position (tenant_id, position, event_id)", positions).await?;
        Ok((count, to))
    }
}

impl Next {
    fn after(numbered: usize) -> Self {
        match numbered {
            0 => Self::Sleep,
            some if some < BATCH => Self::Rest,
            _ => Self::GoOn,
        }
    }
}

impl Stream {
    fn from(&self) -> i64 {
        self.from.load(Ordering::Acquire)
    }
}

impl Database {
    /// True when something committed more than five seconds ago has no position yet: no sequencer is alive.
    pub async fn sequencer_is_late(&self) -> Result<bool, StoreError> {
        let tx = self.look_across("health").await?;
        let place = place(&tx);
        let sql = format!(
            "SELECT e.id FROM (SELECT * FROM journal_entry WHERE at < $1 ORDER BY {place} DESC LIMIT 100) e \
             WHERE NOT EXISTS (SELECT 1 FROM journal_link l WHERE l.tenant_id = e.tenant_id AND l.entry_id = e.id) LIMIT 1"
        );
        Ok(!tx.rows(&sql, [(self.clock().now() - TimeDelta::seconds(5)).into()]).await?.is_empty())
    }
}

/// What a link's mac must be.
pub(crate) fn link_mac(key: &ChainKey, position: i64, prev: &[u8], entry: &[u8]) -> Result<[u8; 32], StoreError> {
    key.mac(&[prev, &position.to_be_bytes(), entry]).map_err(StoreError::broken)
}

fn note(error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(error, "sequencer failed; it goes on");
}

/// The column that orders rows by when they were written.
pub(crate) fn place(tx: &SeaTx) -> &'static str {
    if tx.is_postgres() { "xact" } else { "rowid" }
}

/// Takes the sequencer's lock: every transaction before the horizon has ended, and what it wrote is visible to the statements
/// that follow. None when another sequencer holds the lock. SQLite has one writer at a time, so its last row is its horizon.
async fn horizon(tx: &SeaTx) -> Result<Option<Horizon>, StoreError> {
    let (sql, values) = if tx.is_postgres() {
        let xmin = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
        let sql = format!("SELECT pg_try_advisory_xact_lock($1) AS mine, {xmin} AS journal, {xmin} AS events");
        (sql, vec![LOCK.into()])
    } else {
        let last = |table: &str| format!("(SELECT coalesce(max(rowid), 0) FROM {table})");
        (format!("SELECT TRUE AS mine, {} AS journal, {} AS events", last("journal_entry"), last("event")), Vec::new())
    };
    let rows = tx.rows(&sql, values).await?;
    let row = rows.first().ok_or_else(|| StoreError::broken("no horizon"))?;
    let read = |column| row.try_get::<i64>("", column).map_err(store);
    let mine: bool = row.try_get("", "mine").map_err(store)?;
    Ok(if mine { Some(Horizon { journal: read("journal")?, events: read("events")? }) } else { None })
}

/// From where the next round looks: at the last row of a full batch, else at the horizon. Rows of a transaction that is still
/// open may come later, but never before the horizon.
fn next_from(rows: &[QueryResult], count: usize, horizon: i64) -> Result<i64, StoreError> {
    let last: Option<i64> = rows.last().map(|row| row.try_get("", "place")).transpose().map_err(store)?;
    Ok(last.filter(|_| count == BATCH).map_or(horizon, |last| last.min(horizon)))
}

/// For the sequencer after this one, in the transaction that numbers.
async fn remember(tx: &SeaTx, journal: i64, events: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO sequencer_horizon (stream, place) VALUES ('journal', $1), ('event', $2) \
               ON CONFLICT (stream) DO UPDATE SET place = excluded.place";
    tx.run(sql, [journal.into(), events.into()]).await.map(drop)
}

fn waiting_event(row: &QueryResult) -> Result<Waiting<Uuid>, sea_orm::DbErr> {
    Ok(Waiting {
        tenant: row.try_get("", "tenant_id")?,
        aggregate: (row.try_get("", "aggregate_kind")?, row.try_get("", "aggregate_id")?),
        version: row.try_get("", "version")?,
        what: row.try_get("", "id")?,
    })
}

fn by_tenant<T>(waiting: impl IntoIterator<Item = Waiting<T>>) -> BTreeMap<Uuid, Vec<Waiting<T>>> {
    let mut tenants: BTreeMap<Uuid, Vec<Waiting<T>>> = BTreeMap::new();
    for one in waiting {
        tenants.entry(one.tenant).or_default().push(one);
    }
    tenants
}

/// The same rows, each aggregate's in version order among its own places: who got a transaction number first need not have
/// been first to lock the aggregate. What changed no version stays where it is.
fn in_version_order<T>(rows: Vec<Waiting<T>>) -> Vec<Waiting<T>> {
    let mut places: BTreeMap<(String, Uuid), Vec<(usize, i64)>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate().filter(|(_, row)| row.version > 0) {
        places.entry(row.aggregate.clone()).or_default().push((place, row.version));
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    for own in places.values() {
        let mut sorted = own.clone();
        sorted.sort_by_key(|(_, version)| *version);
        for ((place, _), (from, _)) in own.iter().zip(sorted) {
            if let Some(to) = order.get_mut(from) {
                *to = *place;
            }
        }
    }
    let mut ordered: Vec<_> = order.into_iter().zip(rows).collect();
    ordered.sort_by_key(|(place, _)| *place);
    ordered.into_iter().map(|(_, row)| row).collect()
}

async fn head(tx: &SeaTx, tenant: Uuid) -> Result<(i64, Vec<u8>), StoreError> {
    let sql = "SELECT position, mac FROM journal_link WHERE tenant_id = $1 ORDER BY position DESC LIMIT 1";
    let rows = tx.rows(sql, [tenant.into()]).await?;
    let Some(row) = rows.first() else { return Ok((0, GENESIS.to_vec())) };
    Ok((row.try_get("", "position").map_err(store)?, row.try_get("", "mac").map_err(store)?))
}

async fn last_position(tx: &SeaTx, tenant: Uuid) -> Result<i64, StoreError> {
    let sql = "SELECT position FROM event_position WHERE tenant_id = $1 ORDER BY position DESC LIMIT 1";
    let rows = tx.rows(sql, [tenant.into()]).await?;
    rows.first().map_or(Ok(0), |row| row.try_get("", "position").map_err(store))
}

async fn add<const N: usize>(tx: &SeaTx, into: &str, rows: Vec<[Value; N]>) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let places: Vec<String> = (0..rows.len())
        .map(|row| (1..=N).map(|n| format!("${}", row * N + n)).collect::<Vec<_>>().join(", "))
        .map(|row| format!("({row})"))
        .collect();
    tx.run(&format!("INSERT INTO {into} VALUES {}", places.join(", ")), rows.into_iter().flatten()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(u128, i64)]) -> Vec<Waiting<usize>> {
        rows.iter()
            .enumerate()
            .map(|(what, (id, version))| Waiting {
                tenant: Uuid::nil(),
                aggregate: ("appointment".to_owned(), Uuid::from_u128(*id)),
                version: *version,
                what,
            })
            .collect()
    }

    #[test]
    fn under_load_there_is_a_rest_between_rounds_until_a_batch_is_full() {
        assert_eq!([0, 1, BATCH - 1, BATCH].map(Next::after), [Next::Sleep, Next::Rest, Next::Rest, Next::GoOn]);
        assert!(PAUSE + POLL < Duration::from_millis(200));
    }

    #[test]
    fn each_aggregate_is_in_version_order_among_its_own_places() {
        let ordered = in_version_order(rows(&[(1, 3), (2, 1), (1, 1), (1, 0), (1, 2), (2, 2)]));
        assert_eq!(ordered.iter().map(|row| row.what).collect::<Vec<_>>(), [2, 1, 4, 3, 0, 5]);
    }
}
