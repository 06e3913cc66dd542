//! The place that a booking would take.

use chrono::{FixedOffset, NaiveDateTime};
use kernel::ids::{ClinicId, PractitionerId, SeatingId};

use super::interval::Interval;
use super::local_time::shift;

/// Where a start that was accepted goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The clinic whose window holds it.
    pub clinic_id: ClinicId,
    /// The time without buffers.
    pub interval: Interval,
    /// The time with them (A3).
    pub buffered: Interval,
    /// A session of its own, or one that others are already in (A6).
    pub seating: Seating,
    /// The seat there, from 1 to the service's capacity.
    pub seat: u32,
}

/// Whether a booking opens a session or joins one (A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seating {
    /// It opens one; a fresh identity names it.
    Open,
    /// It joins this one.
    Join(SeatingId),
}

/// A free place as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Start and end.
    pub interval: Interval,
    /// With whom.
    pub practitioner_id: PractitionerId,
    /// Where.
    pub clinic_id: ClinicId,
    /// The offset of the clinic's clock at the start, which tells the two sides of a fold apart (T3).
    pub utc_offset: FixedOffset,
}

impl Slot {
    /// What the clinic's clock shows at the start.
    pub fn local_start(&self) -> NaiveDateTime {
        shift(self.interval.start().naive_utc(), self.utc_offset)
    }
}
