//! Why a time cannot be booked (A9); no reason tells of another patient.

use super::coded::coded;
use super::local_time::LocalTimeError;
use super::service::ResourceKind;

coded! {
    /// Why one start is refused (A9).
    Reason {
        /// No window holds the whole appointment.
        OutsideHours = "outside_hours",
        /// An override of the date closed what the week would open.
        OverrideClosed = "override_closed",
        /// The practitioner is away.
        Leave = "leave",
        /// The clinic is closed that day.
        Holiday = "holiday",
        /// The practitioner has another appointment then.
        Busy = "busy",
        /// The times are free, but not with the buffers around them (A3).
        Buffer = "buffer",
        /// Sooner than the service's minimum notice (A4).
        MinNotice = "min_notice",
        /// After the service's horizon (A4).
        BeyondHorizon = "beyond_horizon",
        /// A limit per day, week or month is reached (A5).
        LimitReached = "limit_reached",
        /// All seats of the group are taken (A6).
        Capacity = "capacity",
        /// The room is taken.
        Room = "room",
        /// The equipment is taken.
        Equipment = "equipment",
        /// The vehicle is taken.
        Vehicle = "vehicle",
        /// A licence that the service needs is missing or not valid then.
        Licence = "licence",
        /// The clock jumps over this local time (T2).
        NonexistentLocalTime = "nonexistent_local_time",
        /// Not on the grid of the window (A2).
        OffGrid = "off_grid",
        /// Already over.
        Past = "past",
        /// The practitioner or the service is not active.
        Inactive = "inactive",
        /// The practitioner does not give this service there.
        NotOffered = "not_offered",
        /// The patient is elsewhere; told only to those who may read the patient.
        PatientBusy = "patient_busy",
    }
}

coded! {
    /// Why a list of slots is empty (A9); of several agendas the greatest reason is told.
    EmptyReason {
        /// Nothing is open in the range.
        NoAvailability = "no_availability",
        /// All that is open is taken.
        FullyBooked = "fully_booked",
        /// There is free time, but the service fits nowhere.
        NoGapLongEnough = "no_gap_long_enough",
    }
}

impl From<ResourceKind> for Reason {
    fn from(kind: ResourceKind) -> Self {
        match kind {
            ResourceKind::Room => Self::Room,
            ResourceKind::Equipment => Self::Equipment,
            ResourceKind::Vehicle => Self::Vehicle,
        }
    }
}

impl Reason {
    /// The reason that a local time names no instant, where explaining has a word for it.
    pub const fn of_local_time(error: &LocalTimeError) -> Option<Self> {
        match error {
            LocalTimeError::Nonexistent { .. } => Some(Self::NonexistentLocalTime),
            LocalTimeError::Ambiguous { .. } | LocalTimeError::WrongOffset { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a9_the_reasons_are_those_of_the_page() {
        let page = "outside_hours override_closed leave holiday busy buffer min_notice beyond_horizon limit_reached \
            capacity room equipment vehicle licence nonexistent_local_time off_grid past inactive not_offered patient_busy";
        let ours: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(ours, page.split_whitespace().collect::<Vec<_>>());
        assert!(Reason::ALL.iter().all(|reason| Reason::parse(reason.as_str()) == Some(*reason)));
    }

    #[test]
    fn a9_free_time_that_is_too_short_outweighs_full_agendas() {
        assert!(EmptyReason::NoAvailability < EmptyReason::FullyBooked);
        assert!(EmptyReason::FullyBooked < EmptyReason::NoGapLongEnough);
    }
}
