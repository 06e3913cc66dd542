//! `GET /api/v1/company`

use identity::Identity;
use identity::permission::CompanyRead;
use identity::usecase::read_company as usecase;

use crate::wire::identity::places::CompanyWire;
use crate::{Env, Guard, Problem, Versioned, operation};

/// Read the company
///
/// The one that the session belongs to.
#[operation]
pub async fn read_company(
    guard: Guard<CompanyRead>,
    identity: Env<Identity>,
) -> Result<Versioned<CompanyWire>, Problem> {
    let company = usecase::read_company(&identity, &guard.reading()).await?;
    Ok(Versioned::new(CompanyWire::from(&company), company.version))
}
