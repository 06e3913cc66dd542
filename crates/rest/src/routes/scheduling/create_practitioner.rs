//! `POST /api/v1/practitioners`

use kernel::StoredReply;
use scheduling::Scheduling;
use scheduling::model::practitioner::Practitioner;
use scheduling::permission::PractitionersManage;
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::{NewPractitioner, PractitionerWire};
use crate::{Body, Created, Guard, Problem, operation};

/// Add a practitioner
#[operation]
pub async fn create_practitioner(
    guard: Guard<PractitionersManage>,
    scheduling: Env<Scheduling>,
    body: Body<NewPractitioner>,
) -> Result<Created<PractitionerWire>, Problem> {
    let permit = guard.permit(&body);
    let profile = body.into_inner().into();
    Ok(usecase::add_practitioner(&scheduling, &permit, profile, created).await?.into())
}

fn created(practitioner: &Practitioner) -> StoredReply {
    let location = format!("/api/v1/practitioners/{}", practitioner.id());
    Created::reply(&PractitionerWire::from(practitioner), location, Some(practitioner.version()))
}
