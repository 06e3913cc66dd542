//! The journal, its proof and the access log on the wire.

use chrono::{DateTime, Utc};
use identity::model::audit::{
    Act, AuditActor, AuditChange, AuditEntry, BrokenLink, ChainProof, EntityKind, PersonalFields, RefusedAttempt,
    Touched,
};
use kernel::ids::{AccountId, ApiKeyId, MembershipId, SessionId};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::pages;
use crate::{FromText, Wire};

pages! {
    /// A page of the audit
    AuditPage of AuditEntryWire;
    /// A page of refused attempts
    RefusedAttemptPage of RefusedAttemptWire;
}

/// One act
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditEntryWire {
    /// Its place in the company's chain, from 1.
    position: i64,
    /// Its id.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// The permission under which it was done.
    permission: String,
    /// Who did it.
    actor: AuditActorWire,
    /// The caller's address.
    ip: Option<String>,
    /// The caller's `User-Agent`.
    user_agent: Option<String>,
    /// The request's id.
    request_id: Option<Uuid>,
    /// What it was done to.
    entity: AuditEntityWire,
    /// What it changed, an item per entity.
    changes: Vec<AuditChangeWire>,
}

/// Who acted: a member, an API key, or Salus itself
#[derive(Serialize, ToSchema)]
#[schema(as = AuditActor)]
pub struct AuditActorWire {
    /// The membership.
    membership_id: Option<Uuid>,
    /// The membership's name today.
    name: Option<String>,
    /// The account behind it.
    account_id: Option<Uuid>,
    /// The session it acted in.
    session_id: Option<Uuid>,
    /// The API key.
    api_key_id: Option<Uuid>,
    /// Why Salus acted itself.
    system_reason: Option<String>,
}

/// An entity
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntity)]
pub struct AuditEntityWire {
    /// Its kind.
    kind: String,
    /// Its id.
    id: Uuid,
    /// Its version after the act; 0 when the act did not change it.
    version: i64,
}

/// What an act changed of one entity
#[derive(Serialize, ToSchema)]
#[schema(as = AuditChange)]
pub struct AuditChangeWire {
    /// The entity.
    entity: AuditEntityWire,
    /// The fields that changed, as they were.
    #[schema(value_type = Object)]
    before: Map<String, Value>,
    /// The fields that changed, as they became.
    #[schema(value_type = Object)]
    after: Map<String, Value>,
    /// What became of its personal fields.
    personal_fields: PersonalFieldsWire,
}

/// What became of the personal fields of a change
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PersonalFields)]
pub enum PersonalFieldsWire {
    /// None changed.
    None,
    /// They are among the others.
    Shown,
    /// The caller may not read such an entity.
    Withheld,
    /// The person was erased: nobody can read them.
    Erased,
    /// They do not open: they, or their key, were changed or moved.
    Damaged,
}

/// How far the chain was found whole
#[derive(Serialize, ToSchema)]
#[schema(as = AuditProof)]
pub struct AuditProofWire {
    /// True when every link of this walk is good.
    whole: bool,
    /// True when the walk came to the end, or to a bad link; else go on after `position`.
    complete: bool,
    /// The position of the last good link; 0 when there is none.
    position: i64,
    /// The mac that stands there, 64 hexadecimal digits.
    mac: String,
    /// The first bad link.
    broken: Option<BrokenLinkWire>,
}

/// A bad link
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BrokenLink)]
pub struct BrokenLinkWire {
    /// Its position; `null` of an entry that has none.
    position: Option<i64>,
    /// The entry that was put there.
    entry_id: Option<Uuid>,
    /// What is wrong.
    fault: BrokenLinkFault,
}

/// What is wrong with a link
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BrokenLinkFault {
    /// Nothing stands there.
    Missing,
    /// It does not vouch for its entry, its changes or its predecessor.
    Altered,
    /// The entry was put there by somebody else than Salus.
    Foreign,
    /// The key of the chain is gone, or cannot be opened.
    Keyless,
}

/// A refused attempt
#[derive(Serialize, ToSchema)]
#[schema(as = RefusedAttempt)]
pub struct RefusedAttemptWire {
    /// Its id.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// The request's id.
    request_id: Option<Uuid>,
    /// The member who called.
    membership_id: Option<Uuid>,
    /// The API key that called.
    api_key_id: Option<Uuid>,
    /// HTTP method.
    method: String,
    /// Route template.
    route: String,
    /// HTTP status of the answer.
    status: u16,
    /// Stable code of the problem.
    code: String,
    /// The caller's address.
    ip: Option<String>,
    /// The caller's `User-Agent`.
    user_agent: Option<String>,
}

impl FromText for EntityKind {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).ok_or("unknown_value")
    }
}

impl FromText for Act {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).ok_or("unknown_value")
    }
}

impl From<AuditEntry> for AuditEntryWire {
    fn from(entry: AuditEntry) -> Self {
        Self {
            position: entry.position,
            id: entry.id.uuid(),
            at: entry.at,
            permission: entry.act,
            actor: entry.actor.into(),
            ip: entry.ip,
            user_agent: entry.user_agent,
            request_id: entry.request_id,
            entity: entry.entity.into(),
            changes: entry.changes.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<AuditActor> for AuditActorWire {
    fn from(actor: AuditActor) -> Self {
        Self {
            membership_id: actor.membership.map(MembershipId::uuid),
            name: actor.name,
            account_id: actor.account.map(AccountId::uuid),
            session_id: actor.session.map(SessionId::uuid),
            api_key_id: actor.api_key.map(ApiKeyId::uuid),
            system_reason: actor.system_reason,
        }
    }
}

impl From<Touched> for AuditEntityWire {
    fn from(entity: Touched) -> Self {
        Self { kind: entity.kind, id: entity.id, version: entity.version }
    }
}

impl From<AuditChange> for AuditChangeWire {
    fn from(change: AuditChange) -> Self {
        let AuditChange { entity, mut before, mut after, personal } = change;
        let personal_fields = match personal {
            PersonalFields::None => PersonalFieldsWire::None,
            PersonalFields::Shown { before: was, after: became } => {
                before.extend(was);
                after.extend(became);
                PersonalFieldsWire::Shown
            }
            PersonalFields::Withheld => PersonalFieldsWire::Withheld,
            PersonalFields::Erased => PersonalFieldsWire::Erased,
            PersonalFields::Damaged => PersonalFieldsWire::Damaged,
        };
        Self { entity: entity.into(), before, after, personal_fields }
    }
}

impl From<ChainProof> for AuditProofWire {
    fn from(proof: ChainProof) -> Self {
        Self {
            whole: proof.broken.is_none(),
            complete: proof.complete,
            position: proof.position,
            mac: proof.mac_text(),
            broken: proof.broken.map(Into::into),
        }
    }
}

impl From<BrokenLink> for BrokenLinkWire {
    fn from(broken: BrokenLink) -> Self {
        let at = |position, fault| Self { position: Some(position), entry_id: None, fault };
        match broken {
            BrokenLink::Missing(position) => at(position, BrokenLinkFault::Missing),
            BrokenLink::Altered(position) => at(position, BrokenLinkFault::Altered),
            BrokenLink::Foreign(entry) => {
                Self { position: None, entry_id: Some(entry.uuid()), fault: BrokenLinkFault::Foreign }
            }
            BrokenLink::Keyless => Self { position: None, entry_id: None, fault: BrokenLinkFault::Keyless },
        }
    }
}

impl From<RefusedAttempt> for RefusedAttemptWire {
    fn from(attempt: RefusedAttempt) -> Self {
        Self {
            id: attempt.id,
            at: attempt.at,
            request_id: attempt.request_id,
            membership_id: attempt.membership.map(MembershipId::uuid),
            api_key_id: attempt.api_key.map(ApiKeyId::uuid),
            method: attempt.method,
            route: attempt.route,
            status: attempt.status,
            code: attempt.code,
            ip: attempt.ip,
            user_agent: attempt.user_agent,
        }
    }
}

const SAMPLE_ID: Uuid = Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0031);
const SAMPLE_MEMBER: Uuid = Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0016);
const SAMPLE_PATIENT: Uuid = Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0001);

fn sample_instant() -> DateTime<Utc> {
    DateTime::from_timestamp(1_804_003_200, 0).unwrap_or_default()
}

impl Wire for AuditEntryWire {
    fn sample() -> Self {
        let patient = || AuditEntityWire { kind: "patient".to_owned(), id: SAMPLE_PATIENT, version: 2 };
        let stage = |stage: &str| Map::from_iter([("stage".to_owned(), json!(stage))]);
        Self {
            position: 42,
            id: SAMPLE_ID,
            at: sample_instant(),
            permission: "patients:write".to_owned(),
            actor: AuditActorWire {
                membership_id: Some(SAMPLE_MEMBER),
                name: Some("Ana Souza".to_owned()),
                account_id: Some(Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0017)),
                session_id: Some(Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0018)),
                api_key_id: None,
                system_reason: None,
            },
            ip: Some("192.0.2.7".to_owned()),
            user_agent: None,
            request_id: Some(Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0032)),
            entity: patient(),
            changes: vec![AuditChangeWire {
                entity: patient(),
                before: stage("lead"),
                after: stage("active"),
                personal_fields: PersonalFieldsWire::None,
            }],
        }
    }
}

impl Wire for AuditProofWire {
    fn sample() -> Self {
        Self { whole: true, complete: true, position: 42, mac: "0f".repeat(32), broken: None }
    }
}

impl Wire for RefusedAttemptWire {
    fn sample() -> Self {
        Self {
            id: SAMPLE_ID,
            at: sample_instant(),
            request_id: None,
            membership_id: Some(SAMPLE_MEMBER),
            api_key_id: None,
            method: "GET".to_owned(),
            route: "/api/v1/audit".to_owned(),
            status: 403,
            code: "forbidden".to_owned(),
            ip: Some("192.0.2.7".to_owned()),
            user_agent: None,
        }
    }
}
