//! Positions of the journal and of the outbox: dense per tenant, given after the commit, so that no business transaction takes
//! a lock per tenant, and no reader of positions can miss a late commit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use kernel::seal::ChainKey;
use kernel::{StoreError, Transaction as _};
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use crate::canonical::{Author, COLUMNS, Recorded};
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
    /// The first place of an entry that this process could not link and another may; the largest number when there is none.
    held: AtomicI64,
    /// The newest place that got a link and may lie behind the remembered one, because another transaction was open then; the
    /// largest number when there is none.
    owed: AtomicI64,
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

/// Everything before its place has been looked at.
#[derive(Debug, Default)]
struct Stream(Mutex<Cursor>);

/// A place (a transaction on PostgreSQL, a row number on SQLite) and the last row that was looked at there; nil before the first.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    place: i64,
    after: Uuid,
}

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Round {
    /// Rows that got a position.
    numbered: usize,
    /// More may be waiting.
    is_full: bool,
}

/// What a round did with one kind of row.
struct Batch {
    numbered: usize,
    is_full: bool,
    /// The last place that got a position.
    newest: Option<i64>,
    to: Cursor,
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
        Self {
            database,
            journal: Stream::default(),
            events: Stream::default(),
            held: AtomicI64::new(i64::MAX),
            owed: AtomicI64::new(i64::MAX),
            resumed: AtomicBool::new(false),
        }
    }

    /// Numbers one batch of what is visible now; how many rows got a position. Zero as well when another one is at it.
    pub async fn run_once(&self) -> Result<usize, StoreError> {
        self.round().await.map(|round| round.numbered)
    }

    /// Numbers everything that is visible now; how many rows got a position.
    pub async fn run_dry(&self) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            let round = self.round().await?;
            all += round.numbered;
            if round == Round::EMPTY {
                return Ok(all);
            }
        }
    }

    /// Numbers for ever: after each commit that this process hears of, and every 100 ms. Drop the future to stop it; a round
    /// that is cut short leaves nothing behind.
    pub async fn run(&self) {
        loop {
            match self.round().await.map(Next::after) {
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

    async fn round(&self) -> Result<Round, StoreError> {
        if !self.database.may_have_unnumbered(self.journal.from().place, self.events.from().place).await? {
            return Ok(Round::EMPTY);
        }
        let tx = self.database.open_across("sequencer").await?;
        let Some(horizon) = horizon(&tx).await? else { return Ok(Round::EMPTY) };
        self.resume(&tx, &horizon).await?;
        let entries = self.number_entries(&tx, horizon.journal).await?;
        let events = self.number_events(&tx, horizon.events).await?;
        let numbered = entries.numbered + events.numbered;
        let owed = entries.newest.unwrap_or_else(|| self.owed.load(Ordering::Acquire));
        let is_paid = entries.to.place > owed;
        if numbered > 0 || is_paid {
            let held = self.held.load(Ordering::Acquire);
            remember(&tx, entries.to.place.min(held), events.to.place).await?;
        }
        // Also when there was nothing to number: a dropped transaction would hold the lock a moment longer.
        Box::new(tx).finish().await?;
        self.database.meters().delivered.inc_by(u64::try_from(events.numbered).unwrap_or_default());
        self.owed.store(if is_paid { i64::MAX } else { owed }, Ordering::Release);
        self.journal.go_to(entries.to);
        self.events.go_to(events.to);
        Ok(Round { numbered, is_full: entries.is_full || events.is_full })
    }

    /// Reads, once, up to where the sequencers before this one have numbered. A place that lies ahead of the horizon was written
    /// by another server, before a restore from a dump, and says nothing here: then everything is looked at.
    async fn resume(&self, tx: &SeaTx, horizon: &Horizon) -> Result<(), StoreError> {
        if self.resumed.load(Ordering::Acquire) {
            return Ok(());
        }
        for row in tx.rows("SELECT stream, place FROM sequencer_horizon", []).await? {
            let Ok(place) = row.try_get::<i64>("", "place") else { continue };
            match row.try_get::<String>("", "stream").map_err(store)?.as_str() {
                "journal" if place <= horizon.journal => self.journal.go_to(Cursor::at(place)),
                "event" if place <= horizon.events => self.events.go_to(Cursor::at(place)),
                _ => {}
            }
        }
        let newest = format!("SELECT coalesce(max({}), 0) AS place FROM journal_entry", place(tx));
        if let Some(row) = tx.rows(&newest, []).await?.first() {
            self.owed.store(row.try_get("", "place").map_err(store)?, Ordering::Release);
        }
        self.resumed.store(true, Ordering::Release);
        Ok(())
    }

    async fn number_entries(&self, tx: &SeaTx, horizon: i64) -> Result<Batch, StoreError> {
        let place = place(tx);
        let sql = format!(
            "SELECT e.place, {COLUMNS} FROM (SELECT e.*, e.{place} AS place FROM journal_entry e \
             WHERE e.{place} >= $1 AND (e.{place} > $1 OR e.id > $2) \
             AND NOT EXISTS (SELECT 1 FROM journal_link l WHERE l.tenant_id = e.tenant_id AND l.entry_id = e.id) \
             ORDER BY e.{place}, e.id LIMIT {BATCH}) e \
             LEFT JOIN journal_change c ON c.tenant_id = e.tenant_id AND c.entry_id = e.id \
             ORDER BY e.place, e.id, c.ordinal"
        );
        let from = self.journal.from();
        let entries = Recorded::gather(&tx.rows(&sql, [from.place.into(), from.after.into()]).await?).map_err(store)?;
        let is_full = entries.len() == BATCH;
        let last = entries.last().map(|(place, entry)| Cursor { place: *place, after: entry.id });
        let entries = self.written_by_us(entries);
        let newest = entries.last().map(|(place, _)| *place);
        let mut numbered = 0;
        let waiting = entries.into_iter().map(|(place, entry)| Waiting {
            tenant: entry.tenant,
            aggregate: (entry.kind.clone(), entry.entity),
            version: entry.version,
            what: (place, entry),
        });
        let mut links = Vec::new();
        for (tenant, entries) in by_tenant(waiting) {
            let Some((key, mut position, mut prev)) = self.end_of_chain(tx, tenant).await? else {
                self.hold(entries.iter().map(|entry| entry.what.0).min());
                tracing::error!(tenant_id = %tenant, "the chain of an audit cannot be gone on with: verify it");
                continue;
            };
            for Waiting { what: (_, entry), .. } in in_version_order(entries) {
                let Some(bytes) = &entry.bytes else { continue };
                (position, numbered) = (position + 1, numbered + 1);
                let mac = link_mac(&key, position, &prev, bytes)?;
                links.push([tenant.into(), position.into(), entry.id.into(), prev.into(), mac.to_vec().into()]);
                prev = mac.to_vec();
            }
        }
        add(tx, "journal_link (tenant_id, position, entry_id, prev, mac)", links).await?;
        Ok(Batch { numbered, is_full, newest, to: Cursor::behind(last.filter(|_| is_full), horizon) })
    }

    /// The entries without those that somebody put there: they get no place, and verifying the journal finds them. Nor do those
    /// under a master key that is not known here, which a sequencer that knows it takes up: none forgets their place.
    fn written_by_us(&self, entries: Vec<(i64, Recorded)>) -> Vec<(i64, Recorded)> {
        let mut ours = Vec::with_capacity(entries.len());
        for (place, entry) in entries {
            let (entry_id, tenant_id) = (entry.id, entry.tenant);
            match entry.author(self.database.keys()) {
                Author::Salus => ours.push((place, entry)),
                Author::Foreign => tracing::error!(%entry_id, %tenant_id, "an audit entry that Salus did not write"),
                Author::Unknown => {
                    self.hold(Some(place));
                    tracing::error!(%entry_id, %tenant_id, "an audit entry under a master key that is not known here");
                }
            }
        }
        ours
    }

    /// Where a chain goes on: its key, its last position and the mac there. None when its key or its end cannot be read.
    async fn end_of_chain(
        &self,
        tx: &SeaTx,
        tenant: Uuid,
    ) -> Result<Option<(Arc<ChainKey>, i64, Vec<u8>)>, StoreError> {
        let Some((position, prev)) = head(tx, tenant).await? else { return Ok(None) };
        let key = self.database.kept_chain_key(tx, tenant, position).await?;
        Ok(key.map(|key| (key, position, prev)))
    }

    /// The place that is remembered for the next sequencer goes no further.
    fn hold(&self, place: Option<i64>) {
        self.held.fetch_min(place.unwrap_or(i64::MAX), Ordering::AcqRel);
    }

    async fn number_events(&self, tx: &SeaTx, horizon: i64) -> Result<Batch, StoreError> {
        let place = place(tx);
        let sql = format!(
            "SELECT e.{place} AS place, e.tenant_id, e.id, e.aggregate_kind, e.aggregate_id, e.version FROM event e \
             WHERE e.{place} >= $1 AND NOT EXISTS \
             (SELECT 1 FROM event_position p WHERE p.tenant_id = e.tenant_id AND p.event_id = e.id) \
             ORDER BY e.{place}, e.entry_id, e.ordinal LIMIT {BATCH}"
        );
        let rows = tx.rows(&sql, [self.events.from().place.into()]).await?;
        let is_full = rows.len() == BATCH;
        let last: Option<i64> = rows.last().map(|row| row.try_get("", "place")).transpose().map_err(store)?;
        // One that cannot be read was put there past Salus, and keeps no other waiting.
        let waiting = rows.iter().filter_map(|row| waiting_event(row).ok());
        let mut positions = Vec::new();
        for (tenant, events) in by_tenant(waiting) {
            let Some(mut position) = last_position(tx, tenant).await? else {
                tracing::error!(tenant_id = %tenant, "the last position of the events cannot be read");
                continue;
            };
            for event in in_version_order(events) {
                position += 1;
                positions.push([tenant.into(), position.into(), event.what.into()]);
            }
        }
        let numbered = positions.len();
        add(tx, "event_position (tenant_id, position, event_id)", positions).await?;
        Ok(Batch {
            numbered,
            is_full,
            newest: last,
            to: Cursor::behind(last.filter(|_| is_full).map(Cursor::at), horizon),
        })
    }
}

impl Next {
    fn after(round: Round) -> Self {
        match round {
            Round { is_full: true, .. } => Self::GoOn,
            Round { numbered: 0, .. } => Self::Sleep,
            Round { .. } => Self::Rest,
        }
    }
}

impl Round {
    const EMPTY: Self = Self { numbered: 0, is_full: false };
}

impl Stream {
    fn from(&self) -> Cursor {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_to(&self, cursor: Cursor) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = cursor;
    }
}

impl Cursor {
    fn at(place: i64) -> Self {
        Self { place, after: Uuid::nil() }
    }

    /// From where the next round looks: behind the last row of a full batch, else at the horizon. Rows of a transaction that is
    /// still open may come later, but never before the horizon.
    fn behind(last: Option<Self>, horizon: i64) -> Self {
        last.filter(|last| last.place < horizon).unwrap_or_else(|| Self::at(horizon))
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
/// that follow. None when another sequencer holds the lock. SQLite has one writer at a time, so its horizon is behind its
/// last row.
async fn horizon(tx: &SeaTx) -> Result<Option<Horizon>, StoreError> {
    let (sql, values) = if tx.is_postgres() {
        let xmin = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
        let sql = format!("SELECT pg_try_advisory_xact_lock($1) AS mine, {xmin} AS journal, {xmin} AS events");
        (sql, vec![LOCK.into()])
    } else {
        let last = |table: &str| format!("(SELECT coalesce(max(rowid), 0) + 1 FROM {table})");
        (format!("SELECT TRUE AS mine, {} AS journal, {} AS events", last("journal_entry"), last("event")), Vec::new())
    };
    let rows = tx.rows(&sql, values).await?;
    let row = rows.first().ok_or_else(|| StoreError::broken("no horizon"))?;
    let read = |column| row.try_get::<i64>("", column).map_err(store);
    let mine: bool = row.try_get("", "mine").map_err(store)?;
    Ok(if mine { Some(Horizon { journal: read("journal")?, events: read("events")? }) } else { None })
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

/// The last position of a chain and the mac there; none when somebody left a position that is no number.
async fn head(tx: &SeaTx, tenant: Uuid) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    let sql = "SELECT position, mac FROM journal_link WHERE tenant_id = $1 ORDER BY position DESC LIMIT 1";
    let rows = tx.rows(sql, [tenant.into()]).await?;
    let Some(row) = rows.first() else { return Ok(Some((0, GENESIS.to_vec()))) };
    let read = (row.try_get("", "position"), row.try_get("", "mac"));
    Ok(if let (Ok(position), Ok(mac)) = read { Some((position, mac)) } else { None })
}

/// The last position of a tenant's events; none when somebody left a position that is no number.
async fn last_position(tx: &SeaTx, tenant: Uuid) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT position FROM event_position WHERE tenant_id = $1 ORDER BY position DESC LIMIT 1";
    let rows = tx.rows(sql, [tenant.into()]).await?;
    Ok(rows.first().map_or(Some(0), |row| row.try_get("", "position").ok()))
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
        let round = |numbered| Round { numbered, is_full: numbered == BATCH };
        let next = [0, 1, BATCH - 1, BATCH].map(|numbered| Next::after(round(numbered)));
        assert_eq!(next, [Next::Sleep, Next::Rest, Next::Rest, Next::GoOn]);
        assert_eq!(Next::after(Round { numbered: 0, is_full: true }), Next::GoOn, "a batch that was nobody's");
        assert!(PAUSE + POLL < Duration::from_millis(200));
    }

    #[test]
    fn each_aggregate_is_in_version_order_among_its_own_places() {
        let ordered = in_version_order(rows(&[(1, 3), (2, 1), (1, 1), (1, 0), (1, 2), (2, 2)]));
        assert_eq!(ordered.iter().map(|row| row.what).collect::<Vec<_>>(), [2, 1, 4, 3, 0, 5]);
    }
}
