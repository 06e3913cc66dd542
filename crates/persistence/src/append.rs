//! The end of a unit of work: journal, changes, events, jobs and the stored reply, in one statement on PostgreSQL.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::seal::{Keyring, Place};
use kernel::{Actor, Change, Claim, Entity, Journal, StoreError, StoredReply, Transaction};
use sea_orm::{QueryResult, Value};
use serde_json::Map;
use uuid::Uuid;

use crate::canonical::{ChangeRow, EntryRow, entry_mac};
use crate::claims::{self, lock_key};
use crate::data_keys::{FIRST_KEY, Sealing};
use crate::errors::store;
use crate::session::{ROWS_AT_ONCE, SeaTx};

/// One INSERT of any number of rows.
struct Insert {
    table: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
    tail: &'static str,
}

/// Data keys of a tenant that an entry is sealed under: those that were there before, as far as this process remembers, and the
/// others.
#[derive(Default)]
struct KnownKeys {
    tenant: Uuid,
    ids: Vec<Uuid>,
    /// The subjects of those that it makes.
    fresh: Vec<Uuid>,
}

/// What a statement found out in passing.
struct Written {
    /// How many stored replies it wrote.
    replies: i64,
    /// How many of the remembered keys are there.
    live_keys: i64,
}

/// The table of stored replies.
const REPLIES: &str = "idempotency";
const REPLACES_EXPIRED: &str = " ON CONFLICT (tenant_id, id) DO UPDATE SET caller_id = excluded.caller_id, \
    route = excluded.route, body_hash = excluded.body_hash, status = excluded.status, location = excluded.location, \
    etag = excluded.etag, body = excluded.body, expires_at = excluded.expires_at \
    WHERE idempotency.expires_at <= $now";

#[async_trait]
impl Transaction for SeaTx {
    async fn append(&self, journal: &Journal) -> Result<(), StoreError> {
        let tenant = journal.scope().tenant().uuid();
        if self.confined.is_some_and(|(own, _)| own != tenant) {
            return Err(StoreError::broken("a journal of another tenant"));
        }
        let entry = self.database.ids().uuid();
        let mut keys = Sealing::new(self, tenant);
        let changes = self.change_rows(journal, &mut keys)?;
        let (entered, changes) = recorded(entry_row(journal, tenant, entry), changes, self.keys())?;
        let mut inserts = vec![entered];
        inserts.extend(changes);
        inserts.extend(data_key_rows(&keys, journal.at())?);
        inserts.extend(self.event_rows(journal, tenant, entry));
        inserts.extend(self.job_rows(journal, tenant)?);
        let reply = match (journal.scope().claim(), journal.reply()) {
            (Some(claim), Some(reply)) => Some(self.reply_row(claim, reply, tenant, journal.at())?),
            _ => None,
        };
        let known = KnownKeys { tenant, ids: keys.known(), fresh: keys.fresh() };
        if !self.write(inserts, reply, known, journal.at()).await? {
            keys.forget_known();
            return Err(StoreError::Contended);
        }
        self.made_keys(keys.into_fresh());
        self.appended.store(true, Ordering::Release);
        self.queued.fetch_or(!journal.jobs().is_empty(), Ordering::AcqRel);
        Ok(())
    }

    async fn keep(&self, reply: &StoredReply) -> Result<bool, StoreError> {
        let Some(claim) = &self.claim else { return Ok(false) };
        let now = self.now();
        let reply = self.reply_row(claim, reply, self.tenant(), now)?;
        self.write(Vec::new(), Some(reply), KnownKeys::default(), now).await
    }

    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        let Self { connection, database, appended, queued, made_keys, .. } = *self;
        connection.commit().await.map_err(store)?;
        for made in made_keys.into_inner().unwrap_or_else(PoisonError::into_inner) {
            database.data_keys().keep(made.tenant, made.subject, made.key);
        }
        if queued.into_inner() {
            database.wake().jobs_committed();
        } else if appended.into_inner() {
            database.wake().entries_committed();
        }
        Ok(())
    }
}

impl SeaTx {
    /// All inserts at once on PostgreSQL, one after the other on SQLite, where a statement is no round trip. False when a key
    /// that this process remembers was destroyed: what was sealed under it could never be opened.
    async fn write(
        &self,
        inserts: Vec<Insert>,
        reply: Option<Insert>,
        known: KnownKeys,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (replies, keys) = (i64::from(reply.is_some()), known.ids.len());
        let written = if self.is_postgres() {
            self.write_at_once(inserts, reply, known, now).await?
        } else {
            self.write_in_turn(inserts, reply, known, now).await?
        };
        // A live reply under the same key: another request has won since this one looked.
        if written.replies < replies {
            return Err(StoreError::InProgress);
        }
        Ok(usize::try_from(written.live_keys).is_ok_and(|live| live == keys))
    }

    async fn write_in_turn(
        &self,
        inserts: Vec<Insert>,
        reply: Option<Insert>,
        known: KnownKeys,
        now: DateTime<Utc>,
    ) -> Result<Written, StoreError> {
        let mut replies = 0;
        for insert in inserts.into_iter().chain(reply) {
            for rows in insert.rows.chunks(ROWS_AT_ONCE) {
                let mut values = Vec::new();
                let sql = insert.sql(rows, &mut values, now);
                let touched = self.run(&sql, values).await?;
                if insert.table == REPLIES {
                    replies = i64::try_from(touched).map_err(StoreError::broken)?;
                }
            }
        }
        if known.ids.is_empty() {
            return Ok(Written { replies, live_keys: 0 });
        }
        let mut values = Vec::new();
        let sql = format!("SELECT {} AS live_keys", known.live(&mut values));
        Ok(Written { replies, ..Written::read(&self.rows(&sql, values).await?)? })
    }

    async fn write_at_once(
        &self,
        inserts: Vec<Insert>,
        reply: Option<Insert>,
        known: KnownKeys,
        now: DateTime<Utc>,
    ) -> Result<Written, StoreError> {
        let mut values = Vec::new();
        let mut parts = Vec::with_capacity(inserts.len() + 1);
        for (n, insert) in inserts.iter().enumerate() {
            parts.push(format!("w{n} AS ({})", insert.sql(&insert.rows, &mut values, now)));
        }
        let replies = match &reply {
            Some(reply) => {
                parts.push(format!("kept AS ({} RETURNING 1)", reply.sql(&reply.rows, &mut values, now)));
                "(SELECT count(*) FROM kept)"
            }
            None => "CAST(0 AS bigint)",
        };
        let live = known.live(&mut values);
        let with = if parts.is_empty() { String::new() } else { format!("WITH {} ", parts.join(", ")) };
        let locks = known.locks(&mut values);
        let sql = format!("{with}SELECT {replies} AS replies, {live} AS live_keys{locks}");
        Written::read(&self.rows(&sql, values).await?)
    }

    fn change_rows(&self, journal: &Journal, keys: &mut Sealing<'_>) -> Result<Vec<ChangeRow>, StoreError> {
        let row = |(ordinal, change): (i32, &Change)| {
            let id = self.database.ids().uuid();
            Ok(ChangeRow {
                id,
                ordinal,
                kind: change.entity.kind.to_owned(),
                entity: change.entity.id,
                version: change.version,
                before: text(change.before.open_fields())?,
                after: text(change.after.open_fields())?,
                sealed: keys.seal(change, id)?,
            })
        };
        (0..).zip(journal.changes()).map(row).collect()
    }

    fn event_rows(&self, journal: &Journal, tenant: Uuid, entry: Uuid) -> Option<Insert> {
        let columns = &[
            "tenant_id",
            "id",
            "at",
            "entry_id",
            "ordinal",
            "kind",
            "aggregate_kind",
            "aggregate_id",
            "version",
            "payload",
        ];
        let rows = (0_i32..).zip(journal.events()).map(|(ordinal, event)| {
            vec![
                tenant.into(),
                self.database.ids().uuid().into(),
                journal.at().into(),
                entry.into(),
                ordinal.into(),
                event.kind.into(),
                event.aggregate.kind.into(),
                event.aggregate.id.into(),
                event.version.into(),
                event.payload.clone().into(),
            ]
        });
        Insert::of("event", columns, rows.collect())
    }

    fn job_rows(&self, journal: &Journal, tenant: Uuid) -> Result<Option<Insert>, StoreError> {
        let columns = &["tenant_id", "id", "kind", "payload", "status", "created_at", "run_at", "tries"];
        let row = |job: &kernel::NewJob| {
            let id = self.database.ids().uuid();
            let place = Place { tenant, purpose: "job", column: "job.payload", row: id };
            let payload = self.keys().seal(place, job.payload.to_string().as_bytes()).map_err(StoreError::broken)?;
            Ok(vec![
                tenant.into(),
                id.into(),
                job.kind.into(),
                payload.into(),
                "waiting".into(),
                journal.at().into(),
                job.run_at.into(),
                0_i32.into(),
            ])
        };
        let rows = journal.jobs().iter().map(row).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Insert::of("job", columns, rows))
    }

    fn reply_row(
        &self,
        claim: &Claim,
        reply: &StoredReply,
        tenant: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Insert, StoreError> {
        let columns =
            &["tenant_id", "id", "caller_id", "route", "body_hash", "status", "location", "etag", "body", "expires_at"];
        let id = claims::row_id(claim);
        let body = self.keys().seal(claims::place(tenant, id), &reply.body).map_err(StoreError::broken)?;
        let row = vec![
            tenant.into(),
            id.into(),
            claim.caller.into(),
            claim.route.into(),
            claim.body.to_vec().into(),
            i32::from(reply.status).into(),
            reply.location.clone().into(),
            reply.etag.clone().into(),
            body.into(),
            (now + claims::kept()).into(),
        ];
        Ok(Insert { table: REPLIES, columns, rows: vec![row], tail: REPLACES_EXPIRED })
    }
}

impl KnownKeys {
    /// Locks on the subjects of the keys that are made, as further columns: who destroys a subject's keys waits until this has
    /// ended, and sees them. Their values go behind those that are there already.
    fn locks(&self, values: &mut Vec<Value>) -> String {
        let mut columns = String::new();
        for subject in &self.fresh {
            values.push(lock_key(FIRST_KEY, self.tenant, *subject).into());
            columns.push_str(", pg_advisory_xact_lock_shared($");
            columns.push_str(&values.len().to_string());
            columns.push(')');
        }
        columns
    }

    /// How many of them are there, as an expression; its values go behind those that are there already.
    fn live(&self, values: &mut Vec<Value>) -> String {
        if self.ids.is_empty() {
            return "CAST(0 AS bigint)".to_owned();
        }
        values.push(self.tenant.into());
        let (tenant, first) = (values.len(), values.len() + 1);
        values.extend(self.ids.iter().map(|id| Value::from(*id)));
        let places: Vec<String> = (first..=values.len()).map(|n| format!("${n}")).collect();
        format!("(SELECT count(*) FROM data_key WHERE tenant_id = ${tenant} AND id IN ({}))", places.join(", "))
    }
}

impl Written {
    fn read(rows: &[QueryResult]) -> Result<Self, StoreError> {
        let row = rows.first().ok_or_else(|| StoreError::broken("the statement that writes told nothing"))?;
        let replies = row.try_get("", "replies").unwrap_or_default();
        Ok(Self { replies, live_keys: row.try_get("", "live_keys").map_err(store)? })
    }
}

impl Insert {
    fn of(table: &'static str, columns: &'static [&'static str], rows: Vec<Vec<Value>>) -> Option<Self> {
        (!rows.is_empty()).then_some(Self { table, columns, rows, tail: "" })
    }

    /// The statement for some of its rows; their values go behind those that are there already.
    fn sql(&self, of: &[Vec<Value>], values: &mut Vec<Value>, now: DateTime<Utc>) -> String {
        let mut rows = Vec::with_capacity(of.len());
        for row in of {
            let places: Vec<_> = (values.len() + 1..).take(row.len()).map(|n| format!("${n}")).collect();
            values.extend(row.iter().cloned());
            rows.push(format!("({})", places.join(", ")));
        }
        let mut tail = self.tail.to_owned();
        if tail.contains("$now") {
            values.push(now.into());
            tail = tail.replace("$now", &format!("${}", values.len()));
        }
        format!("INSERT INTO {} ({}) VALUES {}{tail}", self.table, self.columns.join(", "), rows.join(", "))
    }
}

/// The keys that were made for an entry, in the statement that uses them.
fn data_key_rows(keys: &Sealing<'_>, at: DateTime<Utc>) -> Result<Option<Insert>, StoreError> {
    let rows = keys.rows()?.into_iter().map(|row| row.into_iter().chain([at.into()]).collect()).collect();
    Ok(Insert::of("data_key", &["tenant_id", "id", "subject_id", "sealed", "created_at"], rows))
}

fn entry_row(journal: &Journal, tenant: Uuid, entry: Uuid) -> EntryRow {
    let (mut member, mut api_key, mut reason) = (None, None, None);
    match journal.actor() {
        Actor::Member { membership, account, session } => member = Some((membership, account, session)),
        Actor::ApiKey(key) => api_key = Some(key.uuid()),
        Actor::System(why) => reason = Some(why),
    }
    let (origin, entity) = (journal.origin(), journal.entity());
    EntryRow {
        tenant,
        id: entry,
        at: journal.at(),
        act: journal.act().to_owned(),
        membership: member.map(|(membership, ..)| membership.uuid()),
        account: member.map(|(_, account, _)| account.uuid()),
        session: member.map(|(.., session)| session.uuid()),
        api_key,
        system_reason: reason.map(str::to_owned),
        request: origin.request_id,
        ip: origin.ip.map(|ip| ip.to_string()),
        user_agent: origin.user_agent.clone(),
        kind: entity.kind.to_owned(),
        entity: entity.id,
        version: version_of(entity, journal.changes()),
    }
}

/// The entry and its changes, with the mac that says who wrote them.
fn recorded(entry: EntryRow, changes: Vec<ChangeRow>, keys: &Keyring) -> Result<(Insert, Option<Insert>), StoreError> {
    let mut bytes = entry.bytes();
    for change in &changes {
        change.add_to(&mut bytes);
    }
    let mac = entry_mac(keys, entry.tenant, &bytes).map_err(StoreError::broken)?;
    let (tenant, id) = (entry.tenant, entry.id);
    let columns = &[
        "tenant_id",
        "id",
        "at",
        "act",
        "membership_id",
        "account_id",
        "session_id",
        "api_key_id",
        "system_reason",
        "request_id",
        "ip",
        "user_agent",
        "entity_kind",
        "entity_id",
        "version",
        "mac",
    ];
    let row = vec![
        tenant.into(),
        id.into(),
        entry.at.into(),
        entry.act.into(),
        entry.membership.into(),
        entry.account.into(),
        entry.session.into(),
        entry.api_key.into(),
        entry.system_reason.into(),
        entry.request.into(),
        entry.ip.into(),
        entry.user_agent.into(),
        entry.kind.into(),
        entry.entity.into(),
        entry.version.into(),
        mac.into(),
    ];
    let entry = Insert { table: "journal_entry", columns, rows: vec![row], tail: "" };
    let rows = changes.into_iter().map(|change| change_values(change, tenant, id)).collect();
    let columns =
        &["tenant_id", "id", "entry_id", "ordinal", "entity_kind", "entity_id", "version", "before", "after", "sealed"];
    Ok((entry, Insert::of("journal_change", columns, rows)))
}

fn change_values(change: ChangeRow, tenant: Uuid, entry: Uuid) -> Vec<Value> {
    vec![
        tenant.into(),
        change.id.into(),
        entry.into(),
        change.ordinal.into(),
        change.kind.into(),
        change.entity.into(),
        change.version.into(),
        change.before.into(),
        change.after.into(),
        change.sealed.into(),
    ]
}

/// The entity's version after the act; 0 when the act did not change it.
fn version_of(entity: Entity, changes: &[Change]) -> i64 {
    changes.iter().find(|change| change.entity == entity).map_or(0, |change| change.version)
}

fn text(fields: &Map<String, serde_json::Value>) -> Result<String, StoreError> {
    serde_json::to_string(fields).map_err(StoreError::broken)
}
