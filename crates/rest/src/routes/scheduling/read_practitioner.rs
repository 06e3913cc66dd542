//! `GET /api/v1/practitioners/{practitioner_id}`

use kernel::ids::PractitionerId;
use scheduling::Scheduling;
use scheduling::permission::PractitionersRead;
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::PractitionerWire;
use crate::{Guard, Id, Problem, Versioned, operation};

/// Read a practitioner
#[operation]
pub async fn read_practitioner(
    guard: Guard<PractitionersRead>,
    scheduling: Env<Scheduling>,
    id: Id<PractitionerId>,
) -> Result<Versioned<PractitionerWire>, Problem> {
    let practitioner = usecase::read_practitioner(&scheduling, &guard.reading(), id.0).await?;
    Ok(Versioned::new(PractitionerWire::from(&practitioner), practitioner.version()))
}
