//! The rows by which the database makes conflicts impossible (B1).

use kernel::ids::{PatientId, PractitionerId, ResourceId, SeatingId};
use uuid::Uuid;

use super::interval::Interval;

/// Whose time is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claimed {
    /// A practitioner's.
    Practitioner(PractitionerId),
    /// A room's, a piece of equipment's or a vehicle's.
    Resource(ResourceId),
    /// A patient's.
    Patient(PatientId),
}

/// One busy row: this span of this agenda belongs to this session and seat (B1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whose time it is.
    pub claimed: Claimed,
    /// Rows of one session may overlap, rows of two may not.
    pub seating_id: SeatingId,
    /// No two rows of a session share a seat; from 1.
    pub seat: u32,
    /// With buffers for practitioner and resources, without for the patient.
    pub span: Interval,
}

impl Claimed {
    /// The identity under which the agenda is locked and its rows are kept.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Practitioner(id) => id.uuid(),
            Self::Resource(id) => id.uuid(),
            Self::Patient(id) => id.uuid(),
        }
    }

    /// `practitioner`, `resource` or `patient`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Practitioner(_) => "practitioner",
            Self::Resource(_) => "resource",
            Self::Patient(_) => "patient",
        }
    }
}

impl Claim {
    /// Whether the database would refuse the two together (B1).
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.claimed == other.claimed
            && if self.seating_id == other.seating_id {
                self.seat == other.seat
            } else {
                self.span.overlaps(&other.span)
            }
    }
}
