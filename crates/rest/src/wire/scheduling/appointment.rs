//! Appointments on the wire.

use chrono::{DateTime, Utc};
use kernel::ids::{MembershipId, PatientId, ResourceId};
use scheduling::model::appointment::{Appointment, Cancellation};
use scheduling::model::history::HistoryEntry;
use scheduling::model::local_time::local_text;
use scheduling::model::service::ServiceSnapshot;
use scheduling::model::words::{Label, Note};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::service::Price;
use super::values::{AppointmentStatus, Modality, RequestedBy};
use crate::{Wire, pages};

/// The service as it was when the appointment was booked
#[derive(Debug, Serialize, ToSchema)]
pub struct BookedService {
    /// The service.
    id: Uuid,
    /// Its name then.
    name: String,
    /// Its duration then.
    duration_minutes: u32,
    /// Its price then.
    price: Option<Price>,
    /// Time kept free before.
    buffer_before_minutes: u32,
    /// Time kept free after.
    buffer_after_minutes: u32,
    /// Until how long before the start a patient may cancel without being late.
    cancellation_window_minutes: u32,
    /// Where it is given.
    modality: Modality,
}

/// Who called an appointment off, when and why
#[derive(Serialize, ToSchema)]
pub struct AppointmentCancellation {
    /// For whom.
    requested_by: RequestedBy,
    /// The membership that did it.
    membership_id: Option<Uuid>,
    /// When.
    at: DateTime<Utc>,
    /// The company's code of the reason.
    reason_code: Option<String>,
    /// The reason in words.
    reason: Option<String>,
}

/// An appointment
#[derive(Serialize, ToSchema)]
#[schema(as = Appointment)]
pub struct AppointmentWire {
    /// Its id.
    id: Uuid,
    /// Where it stands.
    status: AppointmentStatus,
    /// The first instant.
    start: DateTime<Utc>,
    /// The instant after the last.
    end: DateTime<Utc>,
    /// The clinic's zone.
    time_zone: String,
    /// What the clinic's clock shows at the start, `YYYY-MM-DDTHH:MM`.
    local_start: String,
    /// Who comes.
    patient_id: Uuid,
    /// For whom it is, where that is someone else.
    beneficiary_id: Option<Uuid>,
    /// With whom.
    practitioner_id: Uuid,
    /// Where.
    clinic_id: Uuid,
    /// The service as it was when booked.
    service: BookedService,
    /// Rooms, equipment and vehicles.
    resources: Vec<Uuid>,
    /// Its seat in the session, from 1.
    seat: u32,
    /// Where the booking came from.
    origin: String,
    /// Why the patient comes.
    reason: Option<String>,
    /// Notes of the clinic; `null` for callers on the patient's side.
    notes: Option<String>,
    /// Who called it off, when and why.
    cancellation: Option<AppointmentCancellation>,
    /// Rises by one with every change; the entity tag in quotes.
    version: i64,
    /// When it was booked.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

pages! {
    /// A page of appointments
    AppointmentPage of AppointmentWire;
}

/// One act on an appointment
#[derive(Serialize, ToSchema)]
#[schema(as = AppointmentEvent)]
pub struct AppointmentEventWire {
    /// When.
    at: DateTime<Utc>,
    /// The permission under which it was done.
    act: String,
    /// The membership that did it.
    membership_id: Option<Uuid>,
    /// The appointment's version afterwards.
    version: i64,
    /// The fields that changed, as they were.
    #[schema(value_type = Object)]
    before: Map<String, Value>,
    /// The fields that changed, as they became.
    #[schema(value_type = Object)]
    after: Map<String, Value>,
}

/// What happened to an appointment, oldest first
#[derive(Serialize, ToSchema)]
pub struct AppointmentHistory {
    /// The acts.
    items: Vec<AppointmentEventWire>,
}

fn words(note: Option<&Note>) -> Option<String> {
    note.map(|note| note.expose().to_owned())
}

impl From<&Appointment> for AppointmentWire {
    fn from(appointment: &Appointment) -> Self {
        let parts = appointment.parts();
        Self {
            id: parts.id.uuid(),
            status: AppointmentStatus(parts.status),
            start: parts.interval.start(),
            end: parts.interval.end(),
            time_zone: parts.time_zone.name().to_owned(),
            local_start: local_text(parts.local_start),
            patient_id: parts.patient_id.uuid(),
            beneficiary_id: parts.beneficiary_id.map(PatientId::uuid),
            practitioner_id: parts.practitioner_id.uuid(),
            clinic_id: parts.clinic_id.uuid(),
            service: (&parts.service).into(),
            resources: parts.resources.iter().copied().map(ResourceId::uuid).collect(),
            seat: parts.seat,
            origin: parts.origin.as_str().to_owned(),
            reason: words(parts.reason.as_ref()),
            notes: words(parts.notes.as_ref()),
            cancellation: parts.cancellation.as_ref().map(Into::into),
            version: parts.version,
            created_at: parts.created_at,
            updated_at: parts.updated_at,
        }
    }
}

impl From<&ServiceSnapshot> for BookedService {
    fn from(service: &ServiceSnapshot) -> Self {
        Self {
            id: service.service_id.uuid(),
            name: service.name.as_str().to_owned(),
            duration_minutes: service.duration.get(),
            price: service.price.map(Into::into),
            buffer_before_minutes: service.buffer_before.get(),
            buffer_after_minutes: service.buffer_after.get(),
            cancellation_window_minutes: service.cancellation_window.get(),
            modality: Modality(service.modality),
        }
    }
}

impl From<&Cancellation> for AppointmentCancellation {
    fn from(one: &Cancellation) -> Self {
        Self {
            requested_by: RequestedBy(one.requested_by),
            membership_id: one.by.map(MembershipId::uuid),
            at: one.at,
            reason_code: one.reason_code.as_ref().map(Label::as_str).map(str::to_owned),
            reason: words(one.reason.as_ref()),
        }
    }
}

impl From<Vec<HistoryEntry>> for AppointmentHistory {
    fn from(entries: Vec<HistoryEntry>) -> Self {
        let item = |entry: HistoryEntry| AppointmentEventWire {
            at: entry.at,
            act: entry.act,
            membership_id: entry.membership_id.map(MembershipId::uuid),
            version: entry.version,
            before: entry.before,
            after: entry.after,
        };
        Self { items: entries.into_iter().map(item).collect() }
    }
}

fn sample_instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_804_003_200 + seconds, 0).unwrap_or_default()
}

impl Wire for AppointmentWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0015),
            status: AppointmentStatus(scheduling::model::status::AppointmentStatus::Booked),
            start: sample_instant(0),
            end: sample_instant(1800),
            time_zone: "America/Sao_Paulo".to_owned(),
            local_start: "2027-03-02T09:00".to_owned(),
            patient_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0001),
            beneficiary_id: None,
            practitioner_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0012),
            clinic_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0013),
            service: BookedService {
                id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0011),
                name: "Consulta".to_owned(),
                duration_minutes: 30,
                price: None,
                buffer_before_minutes: 0,
                buffer_after_minutes: 10,
                cancellation_window_minutes: 1440,
                modality: Modality(scheduling::model::service::Modality::InPerson),
            },
            resources: Vec::new(),
            seat: 1,
            origin: "staff".to_owned(),
            reason: Some("Headache".to_owned()),
            notes: None,
            cancellation: None,
            version: 1,
            created_at: sample_instant(-86_400),
            updated_at: sample_instant(-86_400),
        }
    }
}

impl Wire for AppointmentHistory {
    fn sample() -> Self {
        let change = |status: &str| Map::from_iter([("status".to_owned(), json!(status))]);
        Self {
            items: vec![AppointmentEventWire {
                at: sample_instant(-3_600),
                act: "appointments:write".to_owned(),
                membership_id: Some(Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0016)),
                version: 2,
                before: change("booked"),
                after: change("confirmed"),
            }],
        }
    }
}
