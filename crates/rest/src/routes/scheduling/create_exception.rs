//! `POST /api/v1/availability/{practitioner_id}/exceptions`

use kernel::StoredReply;
use kernel::ids::PractitionerId;
use scheduling::Scheduling;
use scheduling::permission::AvailabilityWrite;
use scheduling::usecase::{self, AddException, AddedException};

use crate::state::Env;
use crate::wire::scheduling::{ExceptionWire, NewException, WithNotes};
use crate::{Body, Created, Guard, Id, Problem, operation};

/// Add an override of a date, or a leave
///
/// An override takes the place of another of the same date and clinic. What is booked stays booked.
#[operation]
pub async fn create_exception(
    guard: Guard<AvailabilityWrite>,
    scheduling: Env<Scheduling>,
    id: Id<PractitionerId>,
    body: Body<NewException>,
) -> Result<Created<ExceptionWire>, Problem> {
    let permit = guard.permit(&body);
    let (effect, note) = body.into_inner().into_parts()?;
    let ask = AddException { practitioner_id: id.0, effect, note };
    Ok(usecase::add_exception(&scheduling, &permit, ask, created).await?.into())
}

fn created(added: &AddedException) -> StoredReply {
    let location = format!("/api/v1/availability/{}/exceptions/{}", added.practitioner_id, added.exception.id);
    Created::reply(&ExceptionWire::of(&added.exception, WithNotes::Shown), location, None)
}
