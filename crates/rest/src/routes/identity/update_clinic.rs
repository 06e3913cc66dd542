//! `PATCH /api/v1/clinics/{clinic_id}`

use identity::Identity;
use identity::model::clinic::Clinic;
use identity::permission::CompanyManage;
use identity::usecase::change_clinic as usecase;
use kernel::StoredReply;
use kernel::ids::ClinicId;

use crate::wire::identity::places::{ClinicChanges, ClinicWire};
use crate::{Body, Changed, Env, Guard, Id, IfMatch, Problem, operation};

/// Change a clinic
///
/// A JSON merge patch: what is absent stays, `null` empties, an address changes part by part.
#[operation]
pub async fn update_clinic(
    guard: Guard<CompanyManage>,
    identity: Env<Identity>,
    id: Id<ClinicId>,
    seen: IfMatch,
    body: Body<ClinicChanges>,
) -> Result<Changed<ClinicWire>, Problem> {
    let permit = guard.permit(&body);
    let ask = usecase::ChangeClinic { clinic: id.0, seen_version: seen.version(), patch: body.into_inner().into() };
    Ok(usecase::change_clinic(&identity, &permit, ask, changed).await?.into())
}

fn changed(clinic: &Clinic) -> StoredReply {
    Changed::reply(&ClinicWire::from(clinic), Some(clinic.version))
}
