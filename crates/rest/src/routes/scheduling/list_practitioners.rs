//! `GET /api/v1/practitioners`

use kernel::ids::{ClinicId, ServiceId};
use scheduling::Scheduling;
use scheduling::permission::PractitionersRead;
use scheduling::ports;
use scheduling::usecase;

use crate::state::Env;
use crate::wire::scheduling::{NamedKey, PractitionerPage, PractitionerWire};
use crate::{FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which practitioners
#[derive(Debug, FromQuery)]
pub struct PractitionerFilter {
    /// Only those who can be booked, or cannot.
    active: Option<bool>,
    /// Only those who give this service.
    service_id: Option<ServiceId>,
    /// Only those who work in this clinic.
    clinic_id: Option<ClinicId>,
    #[query(flatten)]
    page: PageParams,
}

/// List practitioners
///
/// All of the company's by name.
#[operation]
pub async fn list_practitioners(
    guard: Guard<PractitionersRead>,
    scheduling: Env<Scheduling>,
    params: Params<PractitionerFilter>,
) -> Result<Read<PractitionerPage>, Problem> {
    let PractitionerFilter { active, service_id, clinic_id, page } = params.0;
    let ask = ports::PractitionerList { active, service_id, clinic_id, page: page.ask()? };
    if !ask.page.start.is_plausible() {
        return Err(Problem::invalid_at("cursor", "invalid_cursor"));
    }
    let page = usecase::list_practitioners(&scheduling, &guard.reading(), &ask).await?;
    Ok(Read::page(page, |practitioner| PractitionerWire::from(&practitioner)))
}
