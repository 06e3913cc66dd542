//! `GET /api/v1/availability/{practitioner_id}`

use kernel::Session;
use kernel::ids::PractitionerId;
use scheduling::Scheduling;
use scheduling::permission::{AvailabilityRead, AvailabilityWrite};
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::{AvailabilityWire, WithNotes};
use crate::{Guard, Id, Problem, Versioned, operation};

/// Read a practitioner's hours
///
/// The weekly windows of all clinics, overrides and leave, and the zones they are in.
#[operation]
pub async fn read_availability(
    guard: Guard<AvailabilityRead>,
    scheduling: Env<Scheduling>,
    id: Id<PractitionerId>,
) -> Result<Versioned<AvailabilityWire>, Problem> {
    let availability = usecase::read_availability(&scheduling, &guard.reading(), id.0).await?;
    let wire = AvailabilityWire::of(&availability, notes_for(guard.session()?));
    Ok(Versioned::new(wire, availability.version))
}

/// Why someone is away is told to those who may change hours.
pub(super) fn notes_for(session: &Session) -> WithNotes {
    match session.permit::<AvailabilityWrite>() {
        Some(_) => WithNotes::Shown,
        None => WithNotes::Hidden,
    }
}
