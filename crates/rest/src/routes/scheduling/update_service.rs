//! `PATCH /api/v1/services/{service_id}`

use kernel::StoredReply;
use kernel::ids::ServiceId;
use scheduling::Scheduling;
use scheduling::model::service::Service;
use scheduling::permission::ServicesManage;
use scheduling::usecase::{self, ChangeService};

use crate::state::Env;
use crate::wire::scheduling::{ServiceChanges, ServiceWire};
use crate::{Body, Changed, Guard, Id, IfMatch, Problem, operation};

/// Change a service
///
/// A JSON merge patch: what is absent stays, `null` takes the default. What is booked keeps the terms of its day.
#[operation]
pub async fn update_service(
    guard: Guard<ServicesManage>,
    scheduling: Env<Scheduling>,
    id: Id<ServiceId>,
    seen: IfMatch,
    body: Body<ServiceChanges>,
) -> Result<Changed<ServiceWire>, Problem> {
    let permit = guard.permit(&body);
    let patch = body.into_inner().into();
    let ask = ChangeService { service_id: id.0, seen_version: seen.version(), patch };
    Ok(usecase::change_service(&scheduling, &permit, ask, changed).await?.into())
}

fn changed(service: &Service) -> StoredReply {
    Changed::reply(&ServiceWire::from(service), Some(service.version()))
}
