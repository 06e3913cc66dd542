//! The end of a unit of work: journal, changes, events, jobs and the stored reply, in one statement on PostgreSQL.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::seal::Place;
use kernel::{Actor, Change, Claim, Entity, Journal, StoreError, StoredReply, Transaction};
use sea_orm::Value;
use serde_json::{Map, json};
use uuid::Uuid;

use crate::claims;
use crate::errors::store;
use crate::session::SeaTx;

/// One INSERT of any number of rows.
struct Insert {
    table: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
    tail: &'static str,
}

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
        let mut inserts = vec![entry_row(journal, tenant, entry)];
        inserts.extend(self.change_rows(journal, tenant, entry)?);
        inserts.extend(self.event_rows(journal, tenant, entry));
        inserts.extend(self.job_rows(journal, tenant)?);
        let reply = match (journal.scope().claim(), journal.reply()) {
            (Some(claim), Some(reply)) => Some(self.reply_row(claim, reply, tenant, journal.at())?),
            _ => None,
        };
        self.write(inserts, reply, journal.at()).await?;
        self.appended.store(true, Ordering::Release);
        self.queued.fetch_or(!journal.jobs().is_empty(), Ordering::AcqRel);
        Ok(())
    }

    async fn keep(&self, reply: &StoredReply) -> Result<bool, StoreError> {
        let Some(claim) = &self.claim else { return Ok(false) };
        let now = self.now();
        let reply = self.reply_row(claim, reply, self.tenant(), now)?;
        self.write(Vec::new(), Some(reply), now).await?;
        Ok(true)
    }

    async fn finish(self: Box<Self>) -> Result<(), StoreError> {
        let Self { connection, database, appended, queued, .. } = *self;
        connection.commit().await.map_err(store)?;
        if queued.into_inner() {
            database.wake().jobs_committed();
        } else if appended.into_inner() {
            database.wake().entries_committed();
        }
        Ok(())
    }
}

impl SeaTx {
    /// All inserts at once on PostgreSQL, one after the other on SQLite, where a statement is no round trip.
    async fn write(&self, inserts: Vec<Insert>, reply: Option<Insert>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let replies = u64::from(reply.is_some());
        let stored = if self.is_postgres() {
            self.write_at_once(inserts, reply, now).await?
        } else {
            for insert in inserts {
                let mut values = Vec::new();
                let sql = insert.sql(&mut values, now);
                self.run(&sql, values).await?;
            }
            match reply {
                Some(reply) => {
                    let mut values = Vec::new();
                    let sql = reply.sql(&mut values, now);
                    self.run(&sql, values).await?
                }
                None => 0,
            }
        };
        // A live reply under the same key: another request has won since this one looked.
        if stored < replies { Err(StoreError::InProgress) } else { Ok(()) }
    }

    async fn write_at_once(
        &self,
        inserts: Vec<Insert>,
        reply: Option<Insert>,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let mut values = Vec::new();
        let mut parts = Vec::with_capacity(inserts.len());
        for (n, insert) in inserts.iter().enumerate() {
            parts.push(format!("w{n} AS ({})", insert.sql(&mut values, now)));
        }
        let last = match &reply {
            Some(reply) => reply.sql(&mut values, now),
            None => "SELECT 1".to_owned(),
        };
        let sql = if parts.is_empty() { last } else { format!("WITH {} {last}", parts.join(", ")) };
        self.run(&sql, values).await
    }

    fn change_rows(&self, journal: &Journal, tenant: Uuid, entry: Uuid) -> Result<Option<Insert>, StoreError> {
        let rows = (0_i32..)
            .zip(journal.changes())
            .map(|(ordinal, change)| self.change_row(change, tenant, entry, ordinal))
            .collect::<Result<Vec<_>, _>>()?;
        let columns = &[
            "tenant_id",
            "id",
            "entry_id",
            "ordinal",
            "entity_kind",
            "entity_id",
            "version",
            "before",
            "after",
            "sealed",
        ];
        Ok(Insert::of("journal_change", columns, rows))
    }

    fn change_row(&self, change: &Change, tenant: Uuid, entry: Uuid, ordinal: i32) -> Result<Vec<Value>, StoreError> {
        let row = self.database.ids().uuid();
        let (before, after) = (change.before.personal_fields(), change.after.personal_fields());
        let sealed = if before.is_empty() && after.is_empty() {
            None
        } else {
            let plain = json!({ "before": before, "after": after }).to_string();
            let place = Place { tenant, purpose: "journal", column: "journal_change.sealed", row };
            Some(self.keys().seal(place, plain.as_bytes()).map_err(StoreError::broken)?)
        };
        Ok(vec![
            tenant.into(),
            row.into(),
            entry.into(),
            ordinal.into(),
            change.entity.kind.into(),
            change.entity.id.into(),
            change.version.into(),
            text(change.before.open_fields())?.into(),
            text(change.after.open_fields())?.into(),
            sealed.into(),
        ])
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
        Ok(Insert { table: "idempotency", columns, rows: vec![row], tail: REPLACES_EXPIRED })
    }
}

impl Insert {
    fn of(table: &'static str, columns: &'static [&'static str], rows: Vec<Vec<Value>>) -> Option<Self> {
        (!rows.is_empty()).then_some(Self { table, columns, rows, tail: "" })
    }

    /// The statement; its values go behind those that are there already.
    fn sql(&self, values: &mut Vec<Value>, now: DateTime<Utc>) -> String {
        let mut rows = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
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

fn entry_row(journal: &Journal, tenant: Uuid, entry: Uuid) -> Insert {
    let (membership, account, session, reason) = match journal.actor() {
        Actor::Member { membership, account, session } => {
            (Some(membership.uuid()), Some(account.uuid()), Some(session.uuid()), None)
        }
        Actor::System(reason) => (None, None, None, Some(reason)),
    };
    let (origin, entity) = (journal.origin(), journal.entity());
    let row = vec![
        tenant.into(),
        entry.into(),
        journal.at().into(),
        journal.act().into(),
        membership.into(),
        account.into(),
        session.into(),
        reason.into(),
        origin.request_id.into(),
        origin.ip.map(|ip| ip.to_string()).into(),
        origin.user_agent.clone().into(),
        entity.kind.into(),
        entity.id.into(),
        version_of(entity, journal.changes()).into(),
    ];
    let columns = &[
        "tenant_id",
        "id",
        "at",
        "act",
        "membership_id",
        "account_id",
        "session_id",
        "system_reason",
        "request_id",
        "ip",
        "user_agent",
        "entity_kind",
        "entity_id",
        "version",
    ];
    Insert { table: "journal_entry", columns, rows: vec![row], tail: "" }
}

/// The entity's version after the act; 0 when the act did not change it.
fn version_of(entity: Entity, changes: &[Change]) -> i64 {
    changes.iter().find(|change| change.entity == entity).map_or(0, |change| change.version)
}

fn text(fields: &Map<String, serde_json::Value>) -> Result<String, StoreError> {
    serde_json::to_string(fields).map_err(StoreError::broken)
}
