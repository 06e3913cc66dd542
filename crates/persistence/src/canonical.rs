//! The canonical bytes of an audit entry: what its mac and a link of the chain vouch for. Each field has its length in front,
//! so that no two entries have the same bytes; sealed values are taken as they lie, so that destroying a key breaks no link.

use chrono::{DateTime, Utc};
use kernel::seal::{CannotOpen, Keyring};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

/// The columns of an entry `e` and a change `c`, as [`Recorded::gather`] reads them.
pub(crate) const COLUMNS: &str = "e.tenant_id, e.id, e.at, e.act, e.membership_id, e.account_id, e.session_id, \
    e.api_key_id, e.system_reason, e.request_id, e.ip, e.user_agent, e.entity_kind, e.entity_id, e.version, e.mac AS entry_mac, \
    c.id AS change_id, c.ordinal, c.entity_kind AS change_kind, c.entity_id AS change_entity, \
    c.version AS change_version, c.before, c.after, c.sealed";

/// What the key of an entry's mac is derived for.
const ENTRY: &str = "journal entry";

/// An entry as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryRow {
    pub(crate) tenant: Uuid,
    pub(crate) id: Uuid,
    pub(crate) at: DateTime<Utc>,
    pub(crate) act: String,
    pub(crate) membership: Option<Uuid>,
    pub(crate) account: Option<Uuid>,
    pub(crate) session: Option<Uuid>,
    pub(crate) api_key: Option<Uuid>,
    pub(crate) system_reason: Option<String>,
    pub(crate) request: Option<Uuid>,
    pub(crate) ip: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) kind: String,
    pub(crate) entity: Uuid,
    pub(crate) version: i64,
}

/// A change as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeRow {
    pub(crate) id: Uuid,
    pub(crate) ordinal: i32,
    pub(crate) kind: String,
    pub(crate) entity: Uuid,
    pub(crate) version: i64,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) sealed: Option<Vec<u8>>,
}

/// An entry with the bytes of all its changes, and the mac that it was written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) tenant: Uuid,
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) entity: Uuid,
    pub(crate) version: i64,
    /// None when a value of it, or of a change, cannot be read: somebody put it there past Salus.
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) mac: Option<Vec<u8>>,
}

/// Who has written an entry, as far as its mac tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    /// Salus.
    Salus,
    /// Nobody who knows a master key, or it was changed since.
    Foreign,
    /// Its mac is of a version of the master key that is not known here.
    Unknown,
}

impl EntryRow {
    /// The bytes of an entry; those of its changes go behind them, by their ordinals.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Bytes(Vec::with_capacity(1_024));
        bytes.field(self.id.as_bytes());
        bytes.field(&self.at.timestamp_micros().to_be_bytes());
        bytes.field(self.act.as_bytes());
        for text in [&self.system_reason, &self.ip, &self.user_agent] {
            bytes.optional(text.as_ref().map(String::as_bytes));
        }
        bytes.field(self.kind.as_bytes());
        for id in [&self.membership, &self.account, &self.session, &self.request] {
            bytes.optional(id.as_ref().map(|id| id.as_bytes().as_slice()));
        }
        bytes.field(self.entity.as_bytes());
        bytes.field(&self.version.to_be_bytes());
        // Entries without a key keep the bytes that older links vouch for.
        if let Some(api_key) = &self.api_key {
            bytes.field(b"api_key_id");
            bytes.field(api_key.as_bytes());
        }
        bytes.0
    }

    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let id = |column: &str| row.try_get::<Option<Uuid>>("", column);
        let text = |column: &str| row.try_get::<Option<String>>("", column);
        Ok(Self {
            tenant: row.try_get("", "tenant_id")?,
            id: row.try_get("", "id")?,
            at: row.try_get("", "at")?,
            act: row.try_get("", "act")?,
            membership: id("membership_id")?,
            account: id("account_id")?,
            session: id("session_id")?,
            api_key: id("api_key_id")?,
            system_reason: text("system_reason")?,
            request: id("request_id")?,
            ip: text("ip")?,
            user_agent: text("user_agent")?,
            kind: row.try_get("", "entity_kind")?,
            entity: row.try_get("", "entity_id")?,
            version: row.try_get("", "version")?,
        })
    }
}

impl ChangeRow {
    /// Puts the bytes of the change behind those of its entry.
    pub(crate) fn add_to(&self, entry: &mut Vec<u8>) {
        let mut bytes = Bytes(std::mem::take(entry));
        bytes.field(self.id.as_bytes());
        bytes.field(&self.ordinal.to_be_bytes());
        bytes.field(&self.version.to_be_bytes());
        bytes.field(self.entity.as_bytes());
        for text in [&self.kind, &self.before, &self.after] {
            bytes.field(text.as_bytes());
        }
        bytes.optional(self.sealed.as_deref());
        *entry = bytes.0;
    }

    /// The change of a row; none where an entry has no changes.
    fn read(row: &QueryResult) -> Result<Option<Self>, DbErr> {
        let Some(id) = row.try_get("", "change_id")? else { return Ok(None) };
        Ok(Some(Self {
            id,
            ordinal: row.try_get("", "ordinal")?,
            kind: row.try_get("", "change_kind")?,
            entity: row.try_get("", "change_entity")?,
            version: row.try_get("", "change_version")?,
            before: row.try_get("", "before")?,
            after: row.try_get("", "after")?,
            sealed: row.try_get("", "sealed")?,
        }))
    }
}

/// The mac that an entry is written with. Who can write into the database and does not know the master key cannot make it.
pub(crate) fn entry_mac(keys: &Keyring, tenant: Uuid, bytes: &[u8]) -> Result<Vec<u8>, CannotOpen> {
    keys.marked_mac(tenant, ENTRY, bytes)
}

impl Recorded {
    /// Who has written it. An entry without a mac is nobody's.
    pub(crate) fn author(&self, keys: &Keyring) -> Author {
        let (Some(bytes), Some(mac)) = (&self.bytes, &self.mac) else { return Author::Foreign };
        match keys.is_marked_mac(self.tenant, ENTRY, bytes, mac) {
            Some(true) => Author::Salus,
            Some(false) => Author::Foreign,
            None => Author::Unknown,
        }
    }

    /// Gathers rows into entries with their places: rows of the same entry follow each other.
    pub(crate) fn gather(rows: &[QueryResult]) -> Result<Vec<(i64, Self)>, DbErr> {
        let own = |row: &QueryResult| (row.try_get::<i64>("", "place").ok(), row.try_get::<Uuid>("", "id").ok());
        let entries = rows.chunk_by(|one, next| own(one) == own(next));
        entries
            .filter_map(|rows| Some((rows.first()?, rows)))
            .map(|(first, rows)| Ok((first.try_get("", "place")?, Self::of(first, rows))))
            .collect()
    }

    /// The entry of its rows. What cannot be read makes this entry unreadable, and no other.
    pub(crate) fn of(first: &QueryResult, rows: &[QueryResult]) -> Self {
        Self::read(first, rows).unwrap_or_else(|_| Self {
            tenant: first.try_get("", "tenant_id").unwrap_or_default(),
            id: first.try_get("", "id").unwrap_or_default(),
            kind: String::new(),
            entity: Uuid::nil(),
            version: 0,
            bytes: None,
            mac: None,
        })
    }

    fn read(first: &QueryResult, rows: &[QueryResult]) -> Result<Self, DbErr> {
        let row = EntryRow::read(first)?;
        let mut bytes = row.bytes();
        for change in rows {
            if let Some(change) = ChangeRow::read(change)? {
                change.add_to(&mut bytes);
            }
        }
        let EntryRow { tenant, id, kind, entity, version, .. } = row;
        Ok(Self { tenant, id, kind, entity, version, bytes: Some(bytes), mac: first.try_get("", "entry_mac")? })
    }
}

/// Fields in the making.
struct Bytes(Vec<u8>);

impl Bytes {
    /// Absent is not the same as empty.
    fn optional(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.field(value),
            None => self.0.push(0),
        }
    }

    fn field(&mut self, value: &[u8]) {
        self.0.push(1);
        self.0.extend_from_slice(&value.len().to_be_bytes());
        self.0.extend_from_slice(value);
    }
}
