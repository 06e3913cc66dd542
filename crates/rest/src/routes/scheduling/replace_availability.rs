//! `PUT /api/v1/availability/{practitioner_id}`

use kernel::StoredReply;
use kernel::ids::PractitionerId;
use scheduling::Scheduling;
use scheduling::model::availability::Availability;
use scheduling::permission::AvailabilityWrite;
use scheduling::usecase::{self, SetAvailability};

use crate::state::Env;
use crate::wire::scheduling::{AvailabilityWire, WeeklyHours, WithNotes};
use crate::{Body, Changed, Guard, Id, IfMatch, Problem, operation};

/// Replace a practitioner's weekly windows in one clinic
///
/// Those of other clinics and the exceptions stay. What is booked stays booked.
#[operation]
pub async fn replace_availability(
    guard: Guard<AvailabilityWrite>,
    scheduling: Env<Scheduling>,
    id: Id<PractitionerId>,
    seen: IfMatch,
    body: Body<WeeklyHours>,
) -> Result<Changed<AvailabilityWire>, Problem> {
    let permit = guard.permit(&body);
    let schedule = body.into_inner().into_schedule()?;
    let ask = SetAvailability { practitioner_id: id.0, seen_version: seen.version(), schedule };
    Ok(usecase::set_availability(&scheduling, &permit, ask, changed).await?.into())
}

fn changed(availability: &Availability) -> StoredReply {
    Changed::reply(&AvailabilityWire::of(availability, WithNotes::Shown), Some(availability.version))
}
