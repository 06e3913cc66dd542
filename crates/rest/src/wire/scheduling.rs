//! Agendas on the wire: what is answered, and what is asked.

mod appointment;
mod availability;
mod booking;
mod practitioner;
mod service;
mod slot;
mod values;

pub use appointment::{AppointmentEventWire, AppointmentHistory, AppointmentPage, AppointmentWire, BookedService};
pub use availability::{AvailabilityWire, ExceptionPage, ExceptionWire, NewException, WeeklyHours, WithNotes};
pub use booking::{CancelReason, NewAppointment};
pub use practitioner::{NewPractitioner, PractitionerChanges, PractitionerPage, PractitionerWire};
pub use service::{NewService, Price, ServiceChanges, ServicePage, ServiceWire};
pub use slot::{ExplainedSlot, SlotExplanation, SlotListWire, SlotWire};
pub use values::{
    AppointmentStatus, Between, ExceptionKind, LocalStart, Modality, NamedKey, RequestedBy, ResourceKind, UtcOffset,
    start_of,
};
