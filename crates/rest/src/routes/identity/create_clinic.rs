//! `POST /api/v1/clinics`

use identity::Identity;
use identity::model::clinic::Clinic;
use identity::model::place::Country;
use identity::permission::CompanyManage;
use identity::usecase::add_clinic as usecase;
use kernel::StoredReply;

use crate::wire::identity::places::{ClinicWire, NewClinic};
use crate::{Body, Created, Env, Guard, Problem, operation};

/// Add a clinic
///
/// A further place of the company.
#[operation]
pub async fn create_clinic(
    guard: Guard<CompanyManage>,
    identity: Env<Identity>,
    body: Body<NewClinic>,
) -> Result<Created<ClinicWire>, Problem> {
    let permit = guard.permit(&body);
    let country = Country::parse(&guard.session()?.principal().country).unwrap_or(Country::BRAZIL);
    let ask = body.into_inner().into_ask(country)?;
    Ok(usecase::add_clinic(&identity, &permit, ask, created).await?.into())
}

fn created(clinic: &Clinic) -> StoredReply {
    Created::reply(&ClinicWire::from(clinic), format!("/api/v1/clinics/{}", clinic.id), Some(clinic.version))
}
