//! `POST /api/v1/services`

use kernel::StoredReply;
use scheduling::Scheduling;
use scheduling::model::service::Service;
use scheduling::permission::ServicesManage;
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::{NewService, ServiceWire};
use crate::{Body, Created, Guard, Problem, operation};

/// Add a service
#[operation]
pub async fn create_service(
    guard: Guard<ServicesManage>,
    scheduling: Env<Scheduling>,
    body: Body<NewService>,
) -> Result<Created<ServiceWire>, Problem> {
    let permit = guard.permit(&body);
    let terms = body.into_inner().into_terms()?;
    Ok(usecase::add_service(&scheduling, &permit, terms, created).await?.into())
}

fn created(service: &Service) -> StoredReply {
    let location = format!("/api/v1/services/{}", service.id());
    Created::reply(&ServiceWire::from(service), location, Some(service.version()))
}
