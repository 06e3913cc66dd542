//! `GET /api/v1/services/{service_id}`

use kernel::ids::ServiceId;
use scheduling::Scheduling;
use scheduling::permission::ServicesRead;
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::ServiceWire;
use crate::{Guard, Id, Problem, Versioned, operation};

/// Read a service
#[operation]
pub async fn read_service(
    guard: Guard<ServicesRead>,
    scheduling: Env<Scheduling>,
    id: Id<ServiceId>,
) -> Result<Versioned<ServiceWire>, Problem> {
    let service = usecase::read_service(&scheduling, &guard.reading(), id.0).await?;
    Ok(Versioned::new(ServiceWire::from(&service), service.version()))
}
