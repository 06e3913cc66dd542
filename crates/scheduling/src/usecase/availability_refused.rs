//! Why opening hours were not changed.

use kernel::ids::PractitionerId;
use kernel::{Fault, FromStore, Kind, Permit, Refusal, StoreError, StoredReply};
use thiserror::Error;

use crate::permission::AvailabilityWrite;

/// Why opening hours were not changed.
#[derive(Debug, Error)]
pub enum AvailabilityError {
    /// No such practitioner, or no such exception of theirs.
    #[error("not there")]
    NotFound,
    /// The caller may change their own hours only.
    #[error("not the caller's own hours")]
    OutOfReach,
    /// The hours have changed since the caller read them.
    #[error("the hours have changed")]
    Stale,
    /// The company has no such clinic.
    #[error("no such clinic")]
    UnknownClinic,
    /// The practitioner does not work there.
    #[error("the practitioner does not work in this clinic")]
    NotTheirClinic,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A caller of reach `agenda` may change their own hours only.
pub(super) fn own_hours(
    permit: &Permit<AvailabilityWrite>,
    practitioner: PractitionerId,
) -> Result<(), AvailabilityError> {
    let reach = permit.scope().reach();
    let within = reach.is_company() || reach.practitioner() == Some(practitioner);
    if within { Ok(()) } else { Err(AvailabilityError::OutOfReach) }
}

impl Refusal for AvailabilityError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::OutOfReach => Kind::Forbidden,
            Self::Stale => Kind::Stale,
            Self::UnknownClinic | Self::NotTheirClinic => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::OutOfReach => "scheduling.out_of_reach",
            Self::Stale => "stale",
            Self::UnknownClinic => "unknown_reference",
            Self::NotTheirClinic => "scheduling.not_their_clinic",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::UnknownClinic => vec![Fault::at("/clinic_id", "unknown_reference")],
            Self::NotTheirClinic => vec![Fault::at("/clinic_id", "scheduling.not_their_clinic")],
            _ => Vec::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for AvailabilityError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
