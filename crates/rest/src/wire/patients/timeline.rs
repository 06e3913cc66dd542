//! What happened to a patient, on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::ids::{ApiKeyId, MembershipId};
use patients::model::{Stage, TimelineActor, TimelineDetail, TimelineEntry};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::values::{LinkKind, PatientStage, TimelineKind};
use crate::{Wire, pages};

/// One thing that happened to a patient; of `record`, `appointment` and `link` one is there, the others are `null`
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimelineEntry)]
pub struct TimelineEntryWire {
    /// Its id.
    id: Uuid,
    /// When it was done.
    at: DateTime<Utc>,
    /// What it was; further parts of Salus add kinds.
    kind: TimelineKind,
    /// Who did it.
    by: TimelineActorWire,
    /// What of the record.
    record: Option<TimelineRecord>,
    /// With which appointment.
    appointment: Option<TimelineAppointment>,
    /// With which link.
    link: Option<TimelineLink>,
}

/// Who did something: a member, a program with an API key or, where both are `null`, Salus itself
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimelineActor)]
pub struct TimelineActorWire {
    /// The member.
    membership_id: Option<Uuid>,
    /// The member's name; `null` for callers without `users:read`.
    name: Option<String>,
    /// The API key.
    api_key_id: Option<Uuid>,
}

/// What happened to the record
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineRecord {
    /// Names of the fields that changed; `null` when the patient was erased since and nobody can tell any more.
    fields: Option<Vec<String>>,
    /// The stage since then, where it changed.
    stage: Option<PatientStage>,
}

/// The appointment that something happened to, as it is now
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineAppointment {
    /// The appointment.
    id: Uuid,
    /// When it begins.
    start: DateTime<Utc>,
    /// With whom.
    practitioner_id: Uuid,
    /// Where.
    clinic_id: Uuid,
    /// What for, as it was called when it was booked.
    service_name: String,
    /// When it would have begun before it was moved.
    moved_from: Option<DateTime<Utc>>,
}

/// The link that something happened to, as it is now
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineLink {
    /// The link.
    id: Uuid,
    /// The member.
    membership_id: Uuid,
    /// The member's name.
    member_name: String,
    /// What the member is to the patient.
    kind: LinkKind,
    /// The first day, in UTC.
    valid_from: NaiveDate,
    /// The day after the last, in UTC.
    valid_to: Option<NaiveDate>,
}

pages! {
    /// A page of what happened to a patient
    TimelinePage of TimelineEntryWire;
}

impl From<&TimelineActor> for TimelineActorWire {
    fn from(by: &TimelineActor) -> Self {
        Self {
            membership_id: by.membership.map(MembershipId::uuid),
            name: by.name.as_ref().map(|name| name.as_str().to_owned()),
            api_key_id: by.api_key.map(ApiKeyId::uuid),
        }
    }
}

impl From<TimelineEntry> for TimelineEntryWire {
    fn from(entry: TimelineEntry) -> Self {
        let by = TimelineActorWire::from(&entry.by);
        let (mut record, mut appointment, mut link) = (None, None, None);
        match entry.detail {
            TimelineDetail::Record { fields, stage } => {
                record = Some(TimelineRecord { fields, stage: stage.map(PatientStage) });
            }
            TimelineDetail::Appointment { id, start, practitioner, clinic, service, moved_from } => {
                let (practitioner_id, clinic_id) = (practitioner.uuid(), clinic.uuid());
                let (id, service_name) = (id.uuid(), service);
                appointment =
                    Some(TimelineAppointment { id, start, practitioner_id, clinic_id, service_name, moved_from });
            }
            TimelineDetail::Link { id, membership, member, kind, valid_from, valid_to } => {
                let member_name = member.as_str().to_owned();
                let (id, membership_id, kind) = (id.uuid(), membership.uuid(), LinkKind(kind));
                link = Some(TimelineLink { id, membership_id, member_name, kind, valid_from, valid_to });
            }
        }
        Self { id: entry.id, at: entry.at, kind: TimelineKind(entry.kind), by, record, appointment, link }
    }
}

impl Wire for TimelineEntryWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0031),
            at: DateTime::from_timestamp(1_804_000_000, 0).unwrap_or_default(),
            kind: TimelineKind(patients::model::TimelineKind::Registered),
            by: TimelineActorWire {
                membership_id: Some(Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0012)),
                name: Some("Rita Souza".to_owned()),
                api_key_id: None,
            },
            record: Some(TimelineRecord { fields: Some(Vec::new()), stage: Some(PatientStage(Stage::Active)) }),
            appointment: None,
            link: None,
        }
    }
}
