//! Reading one practitioner.

use kernel::Permit;
use kernel::ids::PractitionerId;

use super::read_service::ReadError;
use crate::Scheduling;
use crate::model::practitioner::Practitioner;
use crate::permission::PractitionersRead;

/// The practitioner.
pub async fn read_practitioner(
    env: &Scheduling,
    permit: &Permit<PractitionersRead>,
    id: PractitionerId,
) -> Result<Practitioner, ReadError> {
    env.db.view(permit.scope()).await?.practitioner_by_id(id).await?.ok_or(ReadError::NotFound)
}
