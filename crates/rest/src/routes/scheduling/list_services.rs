//! `GET /api/v1/services`

use scheduling::Scheduling;
use scheduling::permission::ServicesRead;
use scheduling::ports::ServiceList;
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::{NamedKey, ServicePage, ServiceWire};
use crate::{FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which services
#[derive(Debug, FromQuery)]
pub struct ServiceFilter {
    /// Only those that can be booked, or cannot.
    active: Option<bool>,
    #[query(flatten)]
    page: PageParams,
}

/// List services
///
/// All of the company's by name.
#[operation]
pub async fn list_services(
    guard: Guard<ServicesRead>,
    scheduling: Env<Scheduling>,
    params: Params<ServiceFilter>,
) -> Result<Read<ServicePage>, Problem> {
    let filter = params.0;
    let ask = ServiceList { active: filter.active, page: filter.page.ask()? };
    if !ask.page.start.is_plausible() {
        return Err(Problem::invalid_at("cursor", "invalid_cursor"));
    }
    let page = usecase::list_services(&scheduling, &guard.reading(), &ask).await?;
    Ok(Read::page(page, |service| ServiceWire::from(&service)))
}
