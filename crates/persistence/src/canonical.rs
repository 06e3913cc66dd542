//! The canonical bytes of an audit entry: what a link of the chain vouches for. Each field has its length in front, so that
//! no two entries have the same bytes; sealed values are taken as they lie, so that destroying a key breaks no link.

use chrono::{DateTime, Utc};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

/// The columns of an entry `e` and a change `c`, as [`Recorded::read`] reads them.
pub(crate) const COLUMNS: &str = "e.tenant_id, e.id, e.at, e.act, e.membership_id, e.account_id, e.session_id, \
    e.system_reason, e.request_id, e.ip, e.user_agent, e.entity_kind, e.entity_id, e.version, \
    c.id AS change_id, c.ordinal, c.entity_kind AS change_kind, c.entity_id AS change_entity, \
    c.version AS change_version, c.before, c.after, c.sealed";

/// An entry with its changes in the making: rows of the same entry follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) tenant: Uuid,
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) entity: Uuid,
    pub(crate) version: i64,
    pub(crate) bytes: Vec<u8>,
}

impl Recorded {
    /// Gathers rows into entries, each with the bytes of all its changes.
    pub(crate) fn gather(rows: &[QueryResult]) -> Result<Vec<Self>, DbErr> {
        let mut entries: Vec<Self> = Vec::new();
        for row in rows {
            let id: Uuid = row.try_get("", "id")?;
            if entries.last().is_none_or(|last| last.id != id) {
                entries.push(Self::read(row, id)?);
            }
            if let Some(entry) = entries.last_mut() {
                entry.add_change(row)?;
            }
        }
        Ok(entries)
    }

    fn read(row: &QueryResult, id: Uuid) -> Result<Self, DbErr> {
        let mut entry = Self {
            tenant: row.try_get("", "tenant_id")?,
            id,
            kind: row.try_get("", "entity_kind")?,
            entity: row.try_get("", "entity_id")?,
            version: row.try_get("", "version")?,
            bytes: Vec::with_capacity(512),
        };
        let at: DateTime<Utc> = row.try_get("", "at")?;
        entry.field(id.as_bytes());
        entry.field(&at.timestamp_micros().to_be_bytes());
        for column in ["act", "system_reason", "ip", "user_agent", "entity_kind"] {
            entry.text(row, column)?;
        }
        for column in ["membership_id", "account_id", "session_id", "request_id", "entity_id"] {
            entry.uuid(row, column)?;
        }
        let version = entry.version;
        entry.field(&version.to_be_bytes());
        Ok(entry)
    }

    fn add_change(&mut self, row: &QueryResult) -> Result<(), DbErr> {
        let Some(change) = row.try_get::<Option<Uuid>>("", "change_id")? else { return Ok(()) };
        self.field(change.as_bytes());
        self.field(&row.try_get::<i32>("", "ordinal")?.to_be_bytes());
        self.field(&row.try_get::<i64>("", "change_version")?.to_be_bytes());
        self.uuid(row, "change_entity")?;
        for column in ["change_kind", "before", "after"] {
            self.text(row, column)?;
        }
        self.optional(row.try_get::<Option<Vec<u8>>>("", "sealed")?.as_deref());
        Ok(())
    }

    fn text(&mut self, row: &QueryResult, column: &str) -> Result<(), DbErr> {
        let value: Option<String> = row.try_get("", column)?;
        self.optional(value.as_ref().map(String::as_bytes));
        Ok(())
    }

    fn uuid(&mut self, row: &QueryResult, column: &str) -> Result<(), DbErr> {
        let value: Option<Uuid> = row.try_get("", column)?;
        self.optional(value.as_ref().map(|id| id.as_bytes().as_slice()));
        Ok(())
    }

    /// Absent is not the same as empty.
    fn optional(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.field(value),
            None => self.bytes.push(0),
        }
    }

    fn field(&mut self, value: &[u8]) {
        self.bytes.push(1);
        self.bytes.extend_from_slice(&value.len().to_be_bytes());
        self.bytes.extend_from_slice(value);
    }
}
