//! `DELETE /api/v1/availability/{practitioner_id}/exceptions/{exception_id}`

use kernel::ids::{PractitionerId, ScheduleExceptionId};
use scheduling::Scheduling;
use scheduling::permission::AvailabilityWrite;
use scheduling::usecase::{self, RemoveException};

use crate::state::Env;
use crate::{Guard, Id, NoContent, Problem, operation};

/// Remove an override of a date, or a leave
#[operation]
pub async fn delete_exception(
    guard: Guard<AvailabilityWrite>,
    scheduling: Env<Scheduling>,
    practitioner: Id<PractitionerId>,
    exception: Id<ScheduleExceptionId>,
) -> Result<NoContent, Problem> {
    let permit = guard.permit(&());
    let ask = RemoveException { practitioner_id: practitioner.0, exception_id: exception.0 };
    Ok(usecase::remove_exception(&scheduling, &permit, ask, NoContent::of).await?.into())
}
