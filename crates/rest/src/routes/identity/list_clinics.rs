//! `GET /api/v1/clinics`

use identity::Identity;
use identity::permission::CompanyRead;
use identity::usecase::list_clinics as usecase;

use crate::wire::identity::ClinicWire;
use crate::{Env, FromQuery, Guard, PageParams, Params, Problem, Read, operation, pages};

pages! {
    /// A page of clinics
    ClinicPage of ClinicWire;
}

/// Which clinics
#[derive(Debug, FromQuery)]
pub struct ClinicFilter {
    #[query(flatten)]
    page: PageParams,
}

/// List clinics
///
/// The places of the company, oldest first.
#[operation]
pub async fn list_clinics(
    guard: Guard<CompanyRead>,
    identity: Env<Identity>,
    params: Params<ClinicFilter>,
) -> Result<Read<ClinicPage>, Problem> {
    let ask = params.0.page.ask()?;
    let page = usecase::list_clinics(&identity, &guard.reading(), &ask).await?;
    Ok(Read::page(page, |clinic| ClinicWire::from(&clinic)))
}
