//! The audit as it is read: who did what to which entity, and the proof that nothing of it was changed (I11).

use chrono::{DateTime, Utc};
use kernel::Grants;
use kernel::ids::{AccountId, ApiKeyId, EntryId, KINDS, MembershipId, SessionId};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::policy::PERMISSIONS;
use super::redacted::redacted_debug;
use crate::permission;

/// One act.
#[derive(Clone, PartialEq)]
pub struct AuditEntry {
    /// Its place in the company's chain, from 1.
    pub position: i64,
    /// Its id.
    pub id: EntryId,
    /// When.
    pub at: DateTime<Utc>,
    /// The permission under which it was done.
    pub act: String,
    /// Who did it.
    pub actor: AuditActor,
    /// The caller's address.
    pub ip: Option<String>,
    /// The caller's program.
    pub user_agent: Option<String>,
    /// The request's id.
    pub request_id: Option<Uuid>,
    /// What it was done to.
    pub entity: Touched,
    /// What it changed, an item per entity.
    pub changes: Vec<AuditChange>,
}

/// An entity and its version after the act; 0 when the act did not change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Its version.
    pub version: i64,
}

/// Who acted: a member, an API key, or Salus itself.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AuditActor {
    /// The membership.
    pub membership: Option<MembershipId>,
    /// The membership's name today.
    pub name: Option<String>,
    /// The account behind it.
    pub account: Option<AccountId>,
    /// The session it acted in.
    pub session: Option<SessionId>,
    /// The API key.
    pub api_key: Option<ApiKeyId>,
    /// Why Salus acted itself.
    pub system_reason: Option<String>,
}

/// What an act changed of one entity.
#[derive(Clone, PartialEq)]
pub struct AuditChange {
    /// The entity.
    pub entity: Touched,
    /// The open fields that changed, as they were.
    pub before: Map<String, Value>,
    /// The open fields that changed, as they became.
    pub after: Map<String, Value>,
    /// Its personal fields.
    pub personal: PersonalFields,
}

/// What became of the personal fields of a change.
#[derive(Clone, PartialEq)]
pub enum PersonalFields {
    /// None changed.
    None,
    /// These changed.
    Shown {
        /// As they were.
        before: Map<String, Value>,
        /// As they became.
        after: Map<String, Value>,
    },
    /// The caller may not read such an entity.
    Withheld,
    /// The person was erased: nobody can read them.
    Erased,
    /// They do not open: they, or their key, were changed or moved.
    Damaged,
}

/// A kind of entity that the journal knows. What is asked for stands openly in the journal, so that no other text may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityKind(&'static str);

/// A permission under which something can be done, by a caller or by Salus itself; no other text, likewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act(&'static str);

/// Which entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Done by this membership or API key.
    pub actor: Option<Uuid>,
    /// On or with a change of an entity of this kind.
    pub entity_kind: Option<EntityKind>,
    /// On or with a change of this entity.
    pub entity: Option<Uuid>,
    /// Under this permission.
    pub act: Option<Act>,
    /// Not before this instant.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
}

/// How far a chain was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainProof {
    /// The position of the last good link; 0 when there is none.
    pub position: i64,
    /// The mac that stands there.
    pub mac: Vec<u8>,
    /// The first bad link.
    pub broken: Option<BrokenLink>,
    /// False when the walk ended at its limit: go on after the position.
    pub complete: bool,
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokenLink {
    /// None stands at this position, though later ones do, or it was named.
    Missing(i64),
    /// The one at this position does not vouch for its entry, its changes or its predecessor.
    Altered(i64),
    /// None leads to this entry, which Salus did not write.
    Foreign(EntryId),
    /// The key of the chain is gone, or cannot be opened.
    Keyless,
}

/// A refused attempt.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedAttempt {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// The request's id.
    pub request_id: Option<Uuid>,
    /// The member who called.
    pub membership: Option<MembershipId>,
    /// The API key that called.
    pub api_key: Option<ApiKeyId>,
    /// HTTP method.
    pub method: String,
    /// Route template.
    pub route: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Stable code of the problem.
    pub code: String,
    /// The caller's address.
    pub ip: Option<String>,
    /// The caller's program.
    pub user_agent: Option<String>,
}

/// Which refused attempts are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusalFilter {
    /// Of this membership or API key.
    pub actor: Option<Uuid>,
    /// With this code.
    pub code: Option<String>,
    /// With this status.
    pub status: Option<u16>,
    /// Not before this instant.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
}

redacted_debug!(AuditEntry, AuditActor, AuditChange, PersonalFields, RefusedAttempt);

impl AuditEntry {
    /// The entry as a caller with these grants may see it: personal fields only of entities that they may read.
    #[must_use]
    pub fn seen_with(mut self, grants: &Grants) -> Self {
        let may = |permission| grants.reach(permission).is_some_and(kernel::Reach::is_company);
        self.changes = self.changes.into_iter().map(|change| change.seen_with(&may)).collect();
        if !may("users:read") {
            self.actor.name = None;
        }
        self
    }
}

impl AuditChange {
    /// With the personal fields when `may` says so of the permission to read such an entity.
    fn seen_with(mut self, may: &impl Fn(&'static str) -> bool) -> Self {
        if matches!(self.personal, PersonalFields::Shown { .. }) && !may(reading(&self.entity.kind)) {
            self.personal = PersonalFields::Withheld;
        }
        self
    }
}

impl EntityKind {
    /// The kind of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        KINDS.iter().find(|kind| **kind == name).map(|kind| Self(kind))
    }

    /// Its name, such as `patient`.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl Act {
    /// The permission of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut known = PERMISSIONS.iter().chain(permission::NAMES);
        known.find(|known| **known == name).map(|known| Self(known))
    }

    /// Its name, such as `patients:write`.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl AuditFilter {
    /// The filter as the journal records it.
    pub fn recorded(&self) -> Value {
        json!({
            "actor_id": self.actor, "entity_kind": self.entity_kind.map(EntityKind::name), "entity_id": self.entity,
            "permission": self.act.map(Act::name), "from": self.from, "to": self.to,
        })
    }
}

impl ChainProof {
    /// The mac as 64 hexadecimal digits.
    pub fn mac_text(&self) -> String {
        let digits = self.mac.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }
}

/// The permission to read entities of a kind; what is about no patient and no agenda is about members.
fn reading(kind: &str) -> &'static str {
    match kind {
        "patient" | "patient_link" => "patients:read",
        "appointment" | "hold" | "series" => "appointments:read",
        "practitioner" | "schedule" | "exception" => "practitioners:read",
        _ => "users:read",
    }
}

#[cfg(test)]
mod tests {
    use kernel::Reach;

    use super::*;

    fn entry(kind: &str) -> AuditEntry {
        let touched = Touched { kind: kind.to_owned(), id: Uuid::from_u128(1), version: 1 };
        let after = Map::from_iter([("name".to_owned(), json!("Ana"))]);
        AuditEntry {
            position: 1,
            id: EntryId::from_uuid(Uuid::from_u128(2)),
            at: DateTime::UNIX_EPOCH,
            act: "patients:write".to_owned(),
            actor: AuditActor { name: Some("Rui".to_owned()), ..AuditActor::default() },
            ip: None,
            user_agent: None,
            request_id: None,
            entity: touched.clone(),
            changes: vec![AuditChange {
                entity: touched,
                before: Map::new(),
                after: Map::new(),
                personal: PersonalFields::Shown { before: Map::new(), after },
            }],
        }
    }

    fn seen(kind: &str, grants: &[(&'static str, Reach)]) -> (bool, bool) {
        let seen = entry(kind).seen_with(&Grants::new(grants.iter().copied()));
        (matches!(seen.changes[0].personal, PersonalFields::Shown { .. }), seen.actor.name.is_some())
    }

    #[test]
    fn i11_personal_fields_are_shown_to_who_may_read_the_entity() {
        let everything = [("patients:read", Reach::Company), ("users:read", Reach::Company)];
        assert_eq!(seen("patient", &everything), (true, true));
        assert_eq!(seen("account", &everything), (true, true));
        assert_eq!(seen("appointment", &everything), (false, true));
        assert_eq!(seen("patient", &[]), (false, false));
        assert_eq!(seen("patient", &[("patients:read", Reach::Nothing)]), (false, false));
        assert_eq!(seen("of_the_future", &[("patients:read", Reach::Company)]), (false, false));
    }

    #[test]
    fn i11_a_filter_names_what_is_known_and_nothing_else() {
        for name in ["company:read", "auth:sign_in", "auth:end_sessions"] {
            assert_eq!(Act::parse(name).map(Act::name), Some(name));
        }
        assert_eq!(EntityKind::parse("patient").map(EntityKind::name), Some("patient"));
        for text in ["", "Ana Souza", "ana:souza", "patients:write "] {
            assert_eq!((Act::parse(text), EntityKind::parse(text)), (None, None), "{text}");
        }
    }

    #[test]
    fn i11_an_entry_in_a_log_shows_nobody() {
        let text = format!("{:?}", entry("patient"));
        assert!(!text.contains("Ana") && !text.contains("Rui"), "{text}");
    }
}
