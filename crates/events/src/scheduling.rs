//! Events of the agenda.

use chrono::{DateTime, Utc};
use kernel::ids::{AppointmentId, ClinicId, PatientId, PractitionerId, ServiceId};
use kernel::{Entity, EventPayload};
use serde::Serialize;

/// What every event of an appointment tells.
#[derive(Debug, Clone, Serialize)]
pub struct AppointmentState {
    /// The appointment.
    pub appointment_id: AppointmentId,
    /// Its version after the event.
    pub version: i64,
    /// Its status after the event.
    pub status: &'static str,
    /// Whom it is for.
    pub patient_id: PatientId,
    /// With whom.
    pub practitioner_id: PractitionerId,
    /// Where.
    pub clinic_id: ClinicId,
    /// What for.
    pub service_id: ServiceId,
    /// First instant.
    pub start: DateTime<Utc>,
    /// Instant after the last.
    pub end: DateTime<Utc>,
}

macro_rules! appointment_events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub AppointmentState);

        impl EventPayload for $name {
            const KIND: &'static str = $kind;
            fn aggregate(&self) -> Entity {
                Entity::of(self.0.appointment_id)
            }
            fn version(&self) -> i64 {
                self.0.version
            }
        }
    )*};
}

appointment_events! {
    /// An appointment was booked, or asked for where the service needs approval.
    AppointmentBooked = "scheduling.appointment_booked";
    /// The patient will come.
    AppointmentConfirmed = "scheduling.appointment_confirmed";
    /// It will not take place.
    AppointmentCancelled = "scheduling.appointment_cancelled";
}

/// It is another patient's from now on: records were merged, or a merge was undone.
#[derive(Debug, Clone, Serialize)]
pub struct AppointmentReassigned {
    /// The appointment.
    pub appointment_id: AppointmentId,
    /// Its version after the event.
    pub version: i64,
    /// Whose it was.
    pub from_patient_id: PatientId,
    /// Whose it is.
    pub patient_id: PatientId,
}

impl EventPayload for AppointmentReassigned {
    const KIND: &'static str = "scheduling.appointment_reassigned";
    fn aggregate(&self) -> Entity {
        Entity::of(self.appointment_id)
    }
    fn version(&self) -> i64 {
        self.version
    }
}
