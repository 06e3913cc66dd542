//! The actions on agendas, as the policy table names them, and who is bound by which rules.

use kernel::{Permission, Reach};

use crate::model::slots::Audience;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Permission for $name {
            const NAME: &'static str = $value;
        }
    )*};
}

permissions! {
    /// Reading services.
    ServicesRead = "services:read";
    /// Adding and changing services.
    ServicesManage = "services:manage";
    /// Reading practitioners.
    PractitionersRead = "practitioners:read";
    /// Adding and changing practitioners.
    PractitionersManage = "practitioners:manage";
    /// Reading opening hours and free slots.
    AvailabilityRead = "availability:read";
    /// Changing opening hours.
    AvailabilityWrite = "availability:write";
    /// Reading appointments.
    AppointmentsRead = "appointments:read";
    /// Booking, confirming and cancelling appointments.
    AppointmentsWrite = "appointments:write";
    /// Booking in spite of a refusal (B13).
    AppointmentsOverride = "appointments:override";
}

/// Which rules bind a caller whose `appointments:write` reaches this far; none at all is bound like a patient.
pub fn audience(reach: Option<Reach>) -> Audience {
    match reach {
        Some(reach) if !reach.is_patient_side() => Audience::Staff,
        _ => Audience::Patient,
    }
}
