//! An appointment.

use chrono::{DateTime, NaiveDateTime, Utc};
use kernel::ids::{AppointmentId, ClinicId, MembershipId, PatientId, PractitionerId, SeatingId, ServiceId};
use kernel::{Money, Reach, StoreError};
use scheduling::model::appointment::{Appointment, AppointmentParts, Cancellation, RequestedBy};
use scheduling::model::interval::Interval;
use scheduling::model::local_time::Zone;
use scheduling::model::service::{Minutes, Modality, ServiceSnapshot};
use scheduling::model::status::AppointmentStatus;
use scheduling::model::words::{BookingOrigin, Label, Note};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use super::{from_json, to_json, unreadable};
use crate::reach::{Reachable, Reaching};
use crate::rows::patient::reached;

/// How the wall time of the start is stored.
const LOCAL: &str = "%Y-%m-%dT%H:%M:%S%.f";

/// A row of `appointment`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "appointment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub patient_id: Uuid,
    pub beneficiary_id: Option<Uuid>,
    pub practitioner_id: Uuid,
    pub clinic_id: Uuid,
    pub service_id: Uuid,
    /// The service as it was when booked.
    #[sea_orm(column_type = "JsonBinary")]
    pub service: Json,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub time_zone: String,
    pub local_start: String,
    pub status: String,
    pub origin: String,
    pub reason: Option<String>,
    pub notes: Option<String>,
    pub session_id: Uuid,
    pub seat: i32,
    pub cancelled_for: Option<String>,
    pub cancelled_by: Option<Uuid>,
    pub cancelled_at: Option<DateTime<Utc>>,
    pub cancellation_code: Option<String>,
    pub cancellation_reason: Option<String>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        match reaching.reach {
            Reach::Agenda(own) => Condition::all().add(Column::PractitionerId.eq(own.uuid())),
            _ => reached(reaching, &Expr::col((Entity, Column::PatientId))),
        }
    }
}

/// The snapshot as it is stored.
#[derive(Serialize, Deserialize)]
struct Snapshot {
    name: String,
    duration_minutes: u32,
    price: Option<Money>,
    buffer_before_minutes: u32,
    buffer_after_minutes: u32,
    cancellation_window_minutes: u32,
    modality: String,
}

impl Model {
    /// The row of an appointment.
    pub fn of(appointment: &Appointment, tenant: Uuid) -> Result<Self, StoreError> {
        let parts = appointment.parts();
        let text = |note: &Option<Note>| note.as_ref().map(|note| note.expose().to_owned());
        let cancelled = parts.cancellation.as_ref();
        Ok(Self {
            tenant_id: tenant,
            id: parts.id.uuid(),
            patient_id: parts.patient_id.uuid(),
            beneficiary_id: parts.beneficiary_id.map(PatientId::uuid),
            practitioner_id: parts.practitioner_id.uuid(),
            clinic_id: parts.clinic_id.uuid(),
            service_id: parts.service.service_id.uuid(),
            service: to_json(&Snapshot::of(&parts.service))?,
            starts_at: parts.interval.start(),
            ends_at: parts.interval.end(),
            time_zone: parts.time_zone.name().to_owned(),
            local_start: parts.local_start.format(LOCAL).to_string(),
            status: parts.status.as_str().to_owned(),
            origin: parts.origin.as_str().to_owned(),
            reason: text(&parts.reason),
            notes: text(&parts.notes),
            session_id: parts.seating_id.uuid(),
            seat: i32::try_from(parts.seat).map_err(StoreError::broken)?,
            cancelled_for: cancelled.map(|one| one.requested_by.as_str().to_owned()),
            cancelled_by: cancelled.and_then(|one| one.by).map(MembershipId::uuid),
            cancelled_at: cancelled.map(|one| one.at),
            cancellation_code: cancelled.and_then(|one| one.reason_code.as_ref()).map(|code| code.as_str().to_owned()),
            cancellation_reason: cancelled.and_then(|one| text(&one.reason)),
            version: parts.version,
            created_at: parts.created_at,
            updated_at: parts.updated_at,
        })
    }

    fn cancellation(&self) -> Result<Option<Cancellation>, StoreError> {
        let (Some(cancelled_for), Some(at)) = (&self.cancelled_for, self.cancelled_at) else { return Ok(None) };
        let code = self.cancellation_code.as_ref().map(|code| Label::parse(code).ok().ok_or_else(unreadable));
        Ok(Some(Cancellation {
            requested_by: RequestedBy::parse(cancelled_for).ok_or_else(unreadable)?,
            by: self.cancelled_by.map(MembershipId::from_uuid),
            at,
            reason_code: code.transpose()?,
            reason: note(self.cancellation_reason.as_ref())?,
        }))
    }
}

impl TryFrom<Model> for Appointment {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let cancellation = row.cancellation()?;
        let snapshot: Snapshot = from_json(row.service)?;
        Ok(Self::restore(AppointmentParts {
            id: AppointmentId::from_uuid(row.id),
            patient_id: PatientId::from_uuid(row.patient_id),
            beneficiary_id: row.beneficiary_id.map(PatientId::from_uuid),
            practitioner_id: PractitionerId::from_uuid(row.practitioner_id),
            clinic_id: ClinicId::from_uuid(row.clinic_id),
            service: snapshot.read(ServiceId::from_uuid(row.service_id))?,
            resources: Vec::new(),
            interval: Interval::between(row.starts_at, row.ends_at).ok_or_else(unreadable)?,
            time_zone: Zone::parse(&row.time_zone).map_err(StoreError::broken)?,
            local_start: NaiveDateTime::parse_from_str(&row.local_start, LOCAL).map_err(StoreError::broken)?,
            status: AppointmentStatus::parse(&row.status).ok_or_else(unreadable)?,
            origin: BookingOrigin::parse(&row.origin).map_err(StoreError::broken)?,
            reason: note(row.reason.as_ref())?,
            notes: note(row.notes.as_ref())?,
            seating_id: SeatingId::from_uuid(row.session_id),
            seat: u32::try_from(row.seat).map_err(StoreError::broken)?,
            cancellation,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }))
    }
}

impl Snapshot {
    fn of(service: &ServiceSnapshot) -> Self {
        Self {
            name: service.name.as_str().to_owned(),
            duration_minutes: service.duration.get(),
            price: service.price,
            buffer_before_minutes: service.buffer_before.get(),
            buffer_after_minutes: service.buffer_after.get(),
            cancellation_window_minutes: service.cancellation_window.get(),
            modality: service.modality.as_str().to_owned(),
        }
    }

    fn read(self, service_id: ServiceId) -> Result<ServiceSnapshot, StoreError> {
        let minutes = |value: u32| Minutes::try_new(i64::from(value)).ok_or_else(unreadable);
        Ok(ServiceSnapshot {
            service_id,
            name: Label::parse(&self.name).map_err(StoreError::broken)?,
            duration: minutes(self.duration_minutes)?,
            price: self.price,
            buffer_before: minutes(self.buffer_before_minutes)?,
            buffer_after: minutes(self.buffer_after_minutes)?,
            cancellation_window: minutes(self.cancellation_window_minutes)?,
            modality: Modality::parse(&self.modality).ok_or_else(unreadable)?,
        })
    }
}

/// The cause stays behind, because it would quote the text.
fn note(text: Option<&String>) -> Result<Option<Note>, StoreError> {
    text.map(|text| Note::parse(text).ok().ok_or_else(unreadable)).transpose()
}
