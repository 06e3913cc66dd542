//! `GET /api/v1/clinics/{clinic_id}`

use identity::Identity;
use identity::permission::CompanyRead;
use identity::usecase::read_clinic as usecase;
use kernel::ids::ClinicId;

use crate::wire::identity::places::ClinicWire;
use crate::{Env, Guard, Id, Problem, Versioned, operation};

/// Read a clinic
///
/// A place of the company, with its official numbers and its address.
#[operation]
pub async fn read_clinic(
    guard: Guard<CompanyRead>,
    identity: Env<Identity>,
    id: Id<ClinicId>,
) -> Result<Versioned<ClinicWire>, Problem> {
    let clinic = usecase::read_clinic(&identity, &guard.reading(), id.0).await?;
    Ok(Versioned::new(ClinicWire::from(&clinic), clinic.version))
}
