//! What is asked of an appointment: to be booked, or called off.

use chrono::{DateTime, Utc};
use kernel::ids::{AppointmentId, ClinicId, PatientId, PractitionerId, ServiceId};
use kernel::{Permit, Session};
use scheduling::model::words::{BookingOrigin, Label, Note};
use scheduling::permission::AppointmentsOverride;
use scheduling::usecase::{Book, CancelAppointment, Overbooking};
use serde_json::{Value, json};

use super::values::{LocalStart, RequestedBy, UtcOffset, start_of};
use crate::from_json::Ask;
use crate::problem::Problem;

/// To book in spite of a refusal
#[derive(Debug, crate::FromJson)]
pub struct BookingOverride {
    /// Why.
    reason: Note,
}

/// A booking; exactly one of `start` and `local_start`
#[derive(Debug, crate::FromJson)]
pub struct NewAppointment {
    /// The service.
    service_id: ServiceId,
    /// With whom; absent: anyone who gives the service.
    practitioner_id: Option<PractitionerId>,
    /// Who comes.
    patient_id: PatientId,
    /// The first instant, with its offset.
    start: Option<DateTime<Utc>>,
    /// The wall time in the clinic's zone, `YYYY-MM-DDTHH:MM`.
    local_start: Option<LocalStart>,
    /// The offset of `local_start`, `±HH:MM`, where the clock shows it twice.
    utc_offset: Option<UtcOffset>,
    /// Where; absent: wherever the practitioner is then.
    clinic_id: Option<ClinicId>,
    /// For whom it is, where that is someone else.
    beneficiary_id: Option<PatientId>,
    /// Why the patient comes.
    reason: Option<Note>,
    /// Notes of the clinic; not for patients to write.
    notes: Option<Note>,
    /// Where the booking comes from; absent: `patient` for patients and caregivers, who cannot say `staff`, else `staff`.
    origin: Option<BookingOrigin>,
    /// To book in spite of a refusal; needs `appointments:override`.
    r#override: Option<BookingOverride>,
}

impl NewAppointment {
    /// The booking, of a caller who may override if they ask to.
    pub fn into_ask(self, session: &Session) -> Result<Book, Problem> {
        let start = start_of(self.start, self.local_start, self.utc_offset, "/");
        let start = start.map_err(|fault| Problem::invalid(vec![fault]))?;
        let overbooking = match self.r#override {
            None => None,
            Some(BookingOverride { reason }) => {
                let permit: Option<Permit<AppointmentsOverride>> = session.permit();
                Some(Overbooking { permit: permit.ok_or_else(Problem::forbidden)?, reason })
            }
        };
        Ok(Book {
            service_id: self.service_id,
            practitioner_id: self.practitioner_id,
            patient_id: self.patient_id,
            clinic_id: self.clinic_id,
            start,
            beneficiary_id: self.beneficiary_id,
            reason: self.reason,
            notes: self.notes,
            origin: self.origin,
            overbooking,
        })
    }
}

impl Ask for NewAppointment {
    fn sample() -> Value {
        json!({
            "service_id": "01935b2e-7c00-7a10-8000-000000000011",
            "practitioner_id": "01935b2e-7c00-7a10-8000-000000000012",
            "patient_id": "01935b2e-7c00-7a10-8000-000000000001",
            "start": "2027-03-02T12:00:00Z",
            "reason": "Headache",
        })
    }
}

/// Why an appointment is called off
#[derive(Debug, crate::FromJson)]
pub struct CancelReason {
    /// For whom; absent: the side that the caller is on.
    requested_by: Option<RequestedBy>,
    /// The company's code of the reason.
    reason_code: Option<Label>,
    /// The reason in words.
    reason: Option<Note>,
}

impl CancelReason {
    /// The cancellation of this appointment.
    pub fn into_ask(self, appointment_id: AppointmentId, seen_version: Option<i64>) -> CancelAppointment {
        CancelAppointment {
            appointment_id,
            seen_version,
            requested_by: self.requested_by.map(|by| by.0),
            reason_code: self.reason_code,
            reason: self.reason,
        }
    }
}

impl Ask for CancelReason {
    fn sample() -> Value {
        json!({ "requested_by": "patient", "reason": "Travels that day" })
    }
}
