//! The appointment and the decisions about it (B6, B8, B9, B11).

use chrono::{DateTime, NaiveDateTime, Utc};
use events::scheduling::AppointmentState;
use kernel::ids::{AppointmentId, ClinicId, MembershipId, PatientId, PractitionerId, ResourceId, SeatingId};
use thiserror::Error;

use super::claim::{Claim, Claimed};
use super::coded::coded;
use super::interval::Interval;
use super::local_time::Zone;
use super::placement::{Placement, Seating};
use super::service::{Service, ServiceSnapshot};
use super::status::{AppointmentStatus, Step, TransitionRefused};
use super::words::{BookingOrigin, Label, Note};

coded! {
    /// For whom an appointment is cancelled; only patients are bound by the cancellation window (B9).
    RequestedBy {
        /// The patient, or who speaks for them.
        Patient = "patient",
        /// The clinic.
        Clinic = "clinic",
    }
}

/// All that is known of an appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppointmentParts {
    /// Its identity.
    pub id: AppointmentId,
    /// Who comes.
    pub patient_id: PatientId,
    /// For whom it is, where that is someone else.
    pub beneficiary_id: Option<PatientId>,
    /// With whom.
    pub practitioner_id: PractitionerId,
    /// Where.
    pub clinic_id: ClinicId,
    /// What for, as it was when booked (B14).
    pub service: ServiceSnapshot,
    /// Rooms, equipment and vehicles, each once.
    pub resources: Vec<ResourceId>,
    /// Start and end, without buffers.
    pub interval: Interval,
    /// The clinic's zone when booked.
    pub time_zone: Zone,
    /// The wall time of the start in that zone; it stays when the zone's rules change (T8).
    pub local_start: NaiveDateTime,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Where the booking came from.
    pub origin: BookingOrigin,
    /// Why the patient comes.
    pub reason: Option<Note>,
    /// Notes of the clinic.
    pub notes: Option<Note>,
    /// The session in the practitioner's agenda: its own, or its group's (A6, B1).
    pub seating_id: SeatingId,
    /// The seat there, from 1.
    pub seat: u32,
    /// Who called it off, when and why (B8).
    pub cancellation: Option<Cancellation>,
    /// From 1, one more with each change.
    pub version: i64,
    /// When it was booked.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// An appointment; only the decisions of this file change one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment(AppointmentParts);

/// Who called an appointment off, when and why (B8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    /// For whom.
    pub requested_by: RequestedBy,
    /// Who did it; nothing where no member did, such as a patient by a link.
    pub by: Option<MembershipId>,
    /// When.
    pub at: DateTime<Utc>,
    /// The company's code of the reason.
    pub reason_code: Option<Label>,
    /// The reason in words.
    pub reason: Option<Note>,
}

/// What is asked when one is cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelAsk {
    /// For whom.
    pub requested_by: RequestedBy,
    /// Who does it.
    pub by: Option<MembershipId>,
    /// The company's code of the reason.
    pub reason_code: Option<Label>,
    /// The reason in words.
    pub reason: Option<Note>,
}

/// Why one is not cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CancelRefused {
    /// There is no such way from where it stands.
    #[error(transparent)]
    Transition(#[from] TransitionRefused),
    /// The clinic calls it off inside the window and does not say why (B9).
    #[error("the clinic gives a reason inside the cancellation window")]
    ReasonRequired,
}

/// What is asked when one is booked, beside its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookingAsk {
    /// The identity it gets.
    pub id: AppointmentId,
    /// Who comes.
    pub patient_id: PatientId,
    /// For whom it is, where that is someone else.
    pub beneficiary_id: Option<PatientId>,
    /// With whom.
    pub practitioner_id: PractitionerId,
    /// Rooms, equipment and vehicles.
    pub resources: Vec<ResourceId>,
    /// The zone of the clinic.
    pub time_zone: Zone,
    /// Where the booking comes from.
    pub origin: BookingOrigin,
    /// Why the patient comes.
    pub reason: Option<Note>,
    /// Notes of the clinic.
    pub notes: Option<Note>,
}

/// What a decision did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The appointment as it is now.
    Changed(Box<Appointment>),
    /// It was so already: nothing to save, to journal or to tell (B8, B11).
    Unchanged,
}

/// Books the place that the decision gave; a service that needs approval makes it a request (B6).
pub fn book(ask: BookingAsk, service: &Service, placement: &Placement, now: DateTime<Utc>) -> Appointment {
    let status =
        if service.terms().requires_approval() { AppointmentStatus::Requested } else { AppointmentStatus::Booked };
    let mut resources = ask.resources;
    resources.sort_unstable();
    resources.dedup();
    Appointment(AppointmentParts {
        id: ask.id,
        patient_id: ask.patient_id,
        beneficiary_id: ask.beneficiary_id,
        practitioner_id: ask.practitioner_id,
        clinic_id: placement.clinic_id,
        service: service.snapshot(),
        resources,
        interval: placement.interval,
        time_zone: ask.time_zone,
        local_start: ask.time_zone.wall(placement.interval.start()).local,
        status,
        origin: ask.origin,
        reason: ask.reason,
        notes: ask.notes,
        seating_id: match placement.seating {
            Seating::Open => own_seating(ask.id),
            Seating::Join(shared) => shared,
        },
        seat: placement.seat,
        cancellation: None,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

impl Appointment {
    /// An appointment as it was stored.
    pub const fn restore(parts: AppointmentParts) -> Self {
        Self(parts)
    }

    /// All that is known of it.
    pub const fn parts(&self) -> &AppointmentParts {
        &self.0
    }

    /// The patient will come; repeating it is harmless (B11).
    pub fn confirm(&self, now: DateTime<Utc>) -> Result<Outcome, TransitionRefused> {
        if self.0.status == AppointmentStatus::Confirmed {
            return Ok(Outcome::Unchanged);
        }
        let status = self.0.status.go(Step::Confirm, AppointmentStatus::Confirmed)?;
        Ok(self.changed(status, now, |_| {}))
    }

    /// Calls it off; repeating it has no effect (B8). Once less than the window is left, a patient is late and the clinic,
    /// which never is, says why; exactly the window is in time (B9).
    pub fn cancel(&self, ask: CancelAsk, now: DateTime<Utc>) -> Result<Outcome, CancelRefused> {
        if self.0.status.is_cancelled() {
            return Ok(Outcome::Unchanged);
        }
        let by_patient = ask.requested_by == RequestedBy::Patient;
        let closed = self.0.interval.start().signed_duration_since(now) < self.0.service.cancellation_window.delta();
        let late = self.0.status != AppointmentStatus::CheckedIn && by_patient && closed;
        let to = if late { AppointmentStatus::LateCancelled } else { AppointmentStatus::Cancelled };
        let status = self.0.status.go(Step::Cancel, to)?;
        if closed && !by_patient && ask.reason_code.is_none() && ask.reason.is_none() {
            return Err(CancelRefused::ReasonRequired);
        }
        let CancelAsk { requested_by, by, reason_code, reason } = ask;
        let cancellation = Cancellation { requested_by, by, at: now, reason_code, reason };
        Ok(self.changed(status, now, |parts| parts.cancellation = Some(cancellation)))
    }

    /// The time with the buffers of the day it was booked (A3, B14).
    pub fn buffered(&self) -> Interval {
        let service = &self.0.service;
        let wide = self.0.interval.widened(service.buffer_before.delta(), service.buffer_after.delta());
        wide.unwrap_or(self.0.interval)
    }

    /// The rows it has in the agendas of practitioner, resources and patient, whether or not they block (B1).
    pub fn claims(&self) -> Vec<Claim> {
        let (parts, buffered) = (&self.0, self.buffered());
        let shared = |claimed| Claim { claimed, seating_id: parts.seating_id, seat: parts.seat, span: buffered };
        let mut claims = vec![shared(Claimed::Practitioner(parts.practitioner_id))];
        claims.extend(parts.resources.iter().map(|resource| shared(Claimed::Resource(*resource))));
        claims.push(Claim {
            claimed: Claimed::Patient(parts.patient_id),
            seating_id: own_seating(parts.id),
            seat: 1,
            span: parts.interval,
        });
        claims
    }

    /// What its events tell the other contexts.
    pub fn state(&self) -> AppointmentState {
        let parts = &self.0;
        AppointmentState {
            appointment_id: parts.id,
            version: parts.version,
            status: parts.status.as_str(),
            patient_id: parts.patient_id,
            practitioner_id: parts.practitioner_id,
            clinic_id: parts.clinic_id,
            service_id: parts.service.service_id,
            start: parts.interval.start(),
            end: parts.interval.end(),
        }
    }

    fn changed(
        &self,
        status: AppointmentStatus,
        now: DateTime<Utc>,
        edit: impl FnOnce(&mut AppointmentParts),
    ) -> Outcome {
        let mut parts = self.0.clone();
        edit(&mut parts);
        parts.status = status;
        parts.version += 1;
        parts.updated_at = now;
        Outcome::Changed(Box::new(Self(parts)))
    }
}

/// A session of one carries the appointment's own identity (B1).
fn own_seating(id: AppointmentId) -> SeatingId {
    SeatingId::from_uuid(id.uuid())
}

#[cfg(test)]
mod tests;
