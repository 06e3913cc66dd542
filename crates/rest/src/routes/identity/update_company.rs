//! `PATCH /api/v1/company`

use identity::Identity;
use identity::model::company::Company;
use identity::permission::CompanyManage;
use identity::usecase::change_company as usecase;
use kernel::StoredReply;

use crate::wire::identity::places::{CompanyChanges, CompanyWire};
use crate::{Body, Changed, Env, Guard, IfMatch, Problem, operation};

/// Change the company
///
/// A JSON merge patch of its name and country. Its language is one of its settings.
#[operation]
pub async fn update_company(
    guard: Guard<CompanyManage>,
    identity: Env<Identity>,
    seen: IfMatch,
    body: Body<CompanyChanges>,
) -> Result<Changed<CompanyWire>, Problem> {
    let permit = guard.permit(&body);
    let ask = usecase::ChangeCompany { seen_version: seen.version(), patch: body.into_inner().into() };
    Ok(usecase::change_company(&identity, &permit, ask, changed).await?.into())
}

fn changed(company: &Company) -> StoredReply {
    Changed::reply(&CompanyWire::from(company), Some(company.version))
}
