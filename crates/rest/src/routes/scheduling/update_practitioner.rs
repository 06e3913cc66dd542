//! `PATCH /api/v1/practitioners/{practitioner_id}`

use kernel::StoredReply;
use kernel::ids::PractitionerId;
use scheduling::Scheduling;
use scheduling::model::practitioner::Practitioner;
use scheduling::permission::PractitionersManage;
use scheduling::usecase::{self, ChangePractitioner};

use crate::state::Env;
use crate::wire::scheduling::{PractitionerChanges, PractitionerWire};
use crate::{Body, Changed, Guard, Id, IfMatch, Problem, operation};

/// Change a practitioner
///
/// A JSON merge patch: what is absent stays, lists are replaced; `null` for services or clinics means all of them.
#[operation]
pub async fn update_practitioner(
    guard: Guard<PractitionersManage>,
    scheduling: Env<Scheduling>,
    id: Id<PractitionerId>,
    seen: IfMatch,
    body: Body<PractitionerChanges>,
) -> Result<Changed<PractitionerWire>, Problem> {
    let permit = guard.permit(&body);
    let patch = body.into_inner().into();
    let ask = ChangePractitioner { practitioner_id: id.0, seen_version: seen.version(), patch };
    Ok(usecase::change_practitioner(&scheduling, &permit, ask, changed).await?.into())
}

fn changed(practitioner: &Practitioner) -> StoredReply {
    Changed::reply(&PractitionerWire::from(practitioner), Some(practitioner.version()))
}
