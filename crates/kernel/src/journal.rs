//! What a unit of work leaves behind beside its rows: the audit entry, the events and the jobs.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::idempotency::StoredReply;
use crate::ids::Id;
use crate::permit::{Actor, Origin};
use crate::tenancy::TenantScope;

/// An entity by kind and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entity {
    /// Its kind, see [`crate::ids::KINDS`].
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
}

impl Entity {
    /// The entity that an id names.
    pub fn of<I: Id>(id: I) -> Self {
        Self { kind: I::KIND, id: id.uuid() }
    }
}

/// The fields of an entity as the journal sees them: open ones, and personal ones that are sealed at rest under a key of the
/// person they are about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    open: Map<String, Value>,
    personal: Map<String, Value>,
    subject: Option<Uuid>,
}

impl Facts {
    /// No facts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field without personal data.
    #[must_use]
    pub fn open(mut self, field: &str, value: impl Serialize) -> Self {
        self.open.insert(field.to_owned(), to_value(value));
        self
    }

    /// Adds a field with personal data. That there is none is nobody's secret, and stays open.
    #[must_use]
    pub fn personal(mut self, field: &str, value: impl Serialize) -> Self {
        match to_value(value) {
            Value::Null => self.open.insert(field.to_owned(), Value::Null),
            value => self.personal.insert(field.to_owned(), value),
        };
        self
    }

    /// Says whom the personal fields are about, where that is not the entity itself.
    #[must_use]
    pub fn about<I: Id>(mut self, subject: I) -> Self {
        self.subject = Some(subject.uuid());
        self
    }

    /// The fields without personal data.
    pub fn open_fields(&self) -> &Map<String, Value> {
        &self.open
    }

    /// The fields with personal data.
    pub fn personal_fields(&self) -> &Map<String, Value> {
        &self.personal
    }

    fn without_equals(&self, other: &Self) -> Self {
        let differing = |mine: &Map<String, Value>, theirs: &Map<String, Value>| {
            mine.iter().filter(|(k, v)| theirs.get(*k) != Some(*v)).map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        let (open, personal) = (differing(&self.open, &other.open), differing(&self.personal, &other.personal));
        Self { open, personal, subject: self.subject }
    }
}

/// What happened to one entity in an act: its version afterwards and the fields that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The entity.
    pub entity: Entity,
    /// Its version after the act.
    pub version: i64,
    /// The changed fields before; empty for a new entity.
    pub before: Facts,
    /// The changed fields after; empty for a removed one.
    pub after: Facts,
}

impl Change {
    /// A new entity.
    pub fn created<I: Id>(id: I, version: i64, after: Facts) -> Self {
        Self { entity: Entity::of(id), version, before: Facts::new(), after }
    }

    /// A changed entity: only fields that differ are kept.
    pub fn updated<I: Id>(id: I, version: i64, before: &Facts, after: &Facts) -> Self {
        Self {
            entity: Entity::of(id),
            version,
            before: before.without_equals(after),
            after: after.without_equals(before),
        }
    }

    /// A removed entity.
    pub fn removed<I: Id>(id: I, version: i64, before: Facts) -> Self {
        Self { entity: Entity::of(id), version, before, after: Facts::new() }
    }

    /// The person whom its personal fields are about: as the facts say, else the entity.
    pub fn subject(&self) -> Uuid {
        self.after.subject.or(self.before.subject).unwrap_or(self.entity.id)
    }
}

/// A fact that one context publishes for others; the payload types live in the `events` crate.
pub trait EventPayload: Serialize {
    /// `context.past_tense`, as subscribers know it.
    const KIND: &'static str;
    /// The entity it is about; events of one entity are delivered in order.
    fn aggregate(&self) -> Entity;
    /// The entity's version after the event.
    fn version(&self) -> i64;
}

/// An event on its way into the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// See [`EventPayload::KIND`].
    pub kind: &'static str,
    /// See [`EventPayload::aggregate`].
    pub aggregate: Entity,
    /// See [`EventPayload::version`].
    pub version: i64,
    /// The payload as JSON: ids and states, never personal data.
    pub payload: Value,
}

/// Work that the worker takes up after the commit.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Which handler runs it.
    pub kind: &'static str,
    /// What it needs; sealed at rest.
    pub payload: Value,
    /// Not before this instant.
    pub run_at: DateTime<Utc>,
}

/// One act on its way into the audit: it can be had only from a [`crate::Permit`] and spent only by [`crate::commit`].
#[derive(Debug)]
#[must_use = "a journal that is not committed leaves no trace"]
pub struct Journal {
    scope: TenantScope,
    act: &'static str,
    actor: Actor,
    origin: Origin,
    entity: Entity,
    at: DateTime<Utc>,
    changes: Vec<Change>,
    events: Vec<Event>,
    jobs: Vec<NewJob>,
    reply: Option<StoredReply>,
}

impl Journal {
    pub(crate) fn new(
        scope: TenantScope,
        act: &'static str,
        actor: Actor,
        origin: Origin,
        entity: Entity,
        at: DateTime<Utc>,
    ) -> Self {
        let (changes, events, jobs) = (Vec::new(), Vec::new(), Vec::new());
        Self { scope, act, actor, origin, entity, at, changes, events, jobs, reply: None }
    }

    /// Adds what happened to one entity.
    pub fn changed(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Adds an event for other contexts.
    pub fn with<E: EventPayload>(mut self, event: &E) -> Self {
        self.events.push(Event {
            kind: E::KIND,
            aggregate: event.aggregate(),
            version: event.version(),
            payload: to_value(event),
        });
        self
    }

    /// Adds work for the worker.
    pub fn job(mut self, job: NewJob) -> Self {
        self.jobs.push(job);
        self
    }

    pub(crate) fn answered(mut self, reply: StoredReply) -> Self {
        self.reply = Some(reply);
        self
    }

    /// Whose act it is, and the idempotency claim it fulfils.
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }
    /// The permission that allowed it.
    pub fn act(&self) -> &'static str {
        self.act
    }
    /// Who acted.
    pub fn actor(&self) -> Actor {
        self.actor
    }
    /// Where from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
    /// What the act was on.
    pub fn entity(&self) -> Entity {
        self.entity
    }
    /// When.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }
    /// What changed, an item per entity.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
    /// The events.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
    /// The jobs.
    pub fn jobs(&self) -> &[NewJob] {
        &self.jobs
    }
    /// The reply that is kept for a repeat of the request.
    pub fn reply(&self) -> Option<&StoredReply> {
        self.reply.as_ref()
    }
}

/// Plain data always has a JSON form; a type that has none is recorded as `null` rather than losing the act.
fn to_value(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::PatientId;

    #[test]
    fn a_change_keeps_only_fields_that_differ() {
        let id = PatientId::from_uuid(Uuid::nil());
        let before = Facts::new().open("stage", "lead").personal("name", "Ana").open("city", "Recife");
        let after = Facts::new().open("stage", "active").personal("name", "Ana").open("city", "Recife");
        let change = Change::updated(id, 2, &before, &after);
        assert_eq!(change.before, Facts::new().open("stage", "lead"));
        assert_eq!(change.after, Facts::new().open("stage", "active"));
    }

    #[test]
    fn i11_an_absent_value_is_open_and_a_present_one_is_personal() {
        let id = PatientId::from_uuid(Uuid::nil());
        let (with, without) = (Facts::new().personal("name", "Ana"), Facts::new().personal("name", None::<&str>));
        assert_eq!(without.open_fields().get("name"), Some(&Value::Null));
        let change = Change::updated(id, 2, &with, &without);
        assert!(change.before.personal_fields().contains_key("name") && change.before.open_fields().is_empty());
        assert!(change.after.open_fields().contains_key("name") && change.after.personal_fields().is_empty());
        assert_eq!(Change::updated(id, 2, &without, &without).after, Facts::new());
    }

    #[test]
    fn i11_a_change_is_about_whom_its_facts_name_and_else_about_the_entity() {
        let (id, other) = (PatientId::from_uuid(Uuid::from_u128(1)), PatientId::from_uuid(Uuid::from_u128(2)));
        let (own, about) = (Facts::new().open("a", 1), Facts::new().open("a", 2).about(other));
        assert_eq!(Change::created(id, 1, own.clone()).subject(), id.uuid());
        assert_eq!(Change::created(id, 1, about.clone()).subject(), other.uuid());
        assert_eq!(Change::removed(id, 1, about.clone()).subject(), other.uuid());
        assert_eq!(Change::updated(id, 2, &about, &about.clone().open("a", 3)).subject(), other.uuid());
    }
}
