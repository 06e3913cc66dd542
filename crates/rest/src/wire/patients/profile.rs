//! A record with what surrounds it, on the wire.

use chrono::{DateTime, Utc};
use patients::model::{AgendaEntry, AgendaOfPatient, Confirmation, PatientProfile, VisitCounts};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::PatientWire;
use super::timeline::{TimelineActorWire, TimelineEntryWire};
use crate::Wire;
use crate::wire::scheduling::{AppointmentStatus, Price};

/// A patient's record with what surrounds it
#[derive(Serialize, ToSchema)]
#[schema(as = PatientProfile)]
pub struct PatientProfileWire {
    /// The record.
    patient: PatientWire,
    /// The patient's appointments, as far as the caller reaches them; `null` for callers without `appointments:read`.
    appointments: Option<ProfileAppointments>,
    /// The last ten dealings of patient and company, newest first, of those that the caller may see.
    last_interactions: Vec<TimelineEntryWire>,
    /// The open conversations with their last message; `null` until conversations are part of Salus.
    #[schema(value_type = Option<Vec<Object>>)]
    open_conversations: Option<Vec<Map<String, Value>>>,
    /// The latest clinical snapshot; `null` until snapshots are part of Salus.
    #[schema(value_type = Option<Object>)]
    latest_snapshot: Option<Map<String, Value>>,
    /// What the patient owes; `null` until billing is part of Salus.
    balance_due: Option<Price>,
}

/// A patient's appointments
#[derive(Serialize, ToSchema)]
pub struct ProfileAppointments {
    /// Those to come or under way, at most five, soonest first.
    next: Vec<ProfileAppointment>,
    /// Those that are over, whether the patient came or not, at most five, latest first; none that was called off.
    last: Vec<ProfileAppointment>,
    /// How often the patient came, or did not.
    counts: ProfileCounts,
    /// The last ten appointments that were booked, latest first, with whether they were confirmed.
    confirmations: Vec<ProfileConfirmation>,
}

/// An appointment in short
#[derive(Serialize, ToSchema)]
pub struct ProfileAppointment {
    /// The appointment.
    id: Uuid,
    /// Where it stands.
    #[schema(value_type = AppointmentStatus)]
    status: &'static str,
    /// The first instant.
    start: DateTime<Utc>,
    /// The instant after the last.
    end: DateTime<Utc>,
    /// The clinic's zone.
    time_zone: String,
    /// With whom.
    practitioner_id: Uuid,
    /// Where.
    clinic_id: Uuid,
    /// What for, as it was called when it was booked.
    service_name: String,
}

/// How often a patient came, or did not
#[derive(Serialize, ToSchema)]
pub struct ProfileCounts {
    /// Appointments that took place.
    visits: i64,
    /// Appointments to which the patient did not come.
    no_shows: i64,
    /// Appointments that were called off in time.
    cancellations: i64,
    /// Appointments that the patient called off too late.
    late_cancellations: i64,
}

/// Whether an appointment was confirmed
#[derive(Serialize, ToSchema)]
pub struct ProfileConfirmation {
    /// The appointment.
    appointment_id: Uuid,
    /// Where it stands.
    #[schema(value_type = AppointmentStatus)]
    status: &'static str,
    /// When it begins.
    start: DateTime<Utc>,
    /// When it was confirmed last; `null` when it never was.
    confirmed_at: Option<DateTime<Utc>>,
    /// Who did that.
    confirmed_by: Option<TimelineActorWire>,
}

impl From<AgendaEntry> for ProfileAppointment {
    fn from(entry: AgendaEntry) -> Self {
        Self {
            id: entry.id.uuid(),
            status: entry.status,
            start: entry.start,
            end: entry.end,
            time_zone: entry.time_zone,
            practitioner_id: entry.practitioner.uuid(),
            clinic_id: entry.clinic.uuid(),
            service_name: entry.service,
        }
    }
}

impl From<VisitCounts> for ProfileCounts {
    fn from(counts: VisitCounts) -> Self {
        let VisitCounts { visits, no_shows, cancellations, late_cancellations } = counts;
        Self { visits, no_shows, cancellations, late_cancellations }
    }
}

impl From<Confirmation> for ProfileConfirmation {
    fn from(one: Confirmation) -> Self {
        Self {
            appointment_id: one.appointment.uuid(),
            status: one.status,
            start: one.start,
            confirmed_at: one.confirmed.as_ref().map(|(at, _)| *at),
            confirmed_by: one.confirmed.as_ref().map(|(_, by)| by.into()),
        }
    }
}

impl From<AgendaOfPatient> for ProfileAppointments {
    fn from(agenda: AgendaOfPatient) -> Self {
        Self {
            next: agenda.next.into_iter().map(Into::into).collect(),
            last: agenda.last.into_iter().map(Into::into).collect(),
            counts: agenda.counts.into(),
            confirmations: agenda.confirmations.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<PatientProfile> for PatientProfileWire {
    fn from(profile: PatientProfile) -> Self {
        Self {
            patient: PatientWire::from(&profile.patient),
            appointments: profile.agenda.map(Into::into),
            last_interactions: profile.interactions.into_iter().map(Into::into).collect(),
            open_conversations: None,
            latest_snapshot: None,
            balance_due: None,
        }
    }
}

impl Wire for PatientProfileWire {
    fn sample() -> Self {
        let at = |days: i64| DateTime::from_timestamp(1_804_000_000 + days * 86_400, 0).unwrap_or_default();
        let appointment = |days: i64, status: scheduling::model::status::AppointmentStatus| ProfileAppointment {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0041),
            status: status.as_str(),
            start: at(days),
            end: at(days) + chrono::TimeDelta::minutes(30),
            time_zone: "America/Sao_Paulo".to_owned(),
            practitioner_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0042),
            clinic_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0043),
            service_name: "Consulta".to_owned(),
        };
        let (next, last) = (
            appointment(3, scheduling::model::status::AppointmentStatus::Booked),
            appointment(-30, scheduling::model::status::AppointmentStatus::Completed),
        );
        let confirmation = ProfileConfirmation {
            appointment_id: last.id,
            status: last.status,
            start: last.start,
            confirmed_at: Some(at(-31)),
            confirmed_by: Some(TimelineActorWire::from(&patients::model::TimelineActor::default())),
        };
        Self {
            patient: PatientWire::sample(),
            appointments: Some(ProfileAppointments {
                next: vec![next],
                last: vec![last],
                counts: ProfileCounts { visits: 1, no_shows: 0, cancellations: 0, late_cancellations: 0 },
                confirmations: vec![confirmation],
            }),
            last_interactions: vec![TimelineEntryWire::sample()],
            open_conversations: None,
            latest_snapshot: None,
            balance_due: None,
        }
    }
}
