//! Reading when a practitioner is there.

use kernel::Permit;
use kernel::ids::PractitionerId;

use super::read_service::ReadError;
use crate::Scheduling;
use crate::model::availability::Availability;
use crate::permission::AvailabilityRead;

/// The weekly windows of all clinics, the exceptions and the zones.
pub async fn read_availability(
    env: &Scheduling,
    permit: &Permit<AvailabilityRead>,
    id: PractitionerId,
) -> Result<Availability, ReadError> {
    env.db.view(permit.scope()).await?.availability_of(id).await?.ok_or(ReadError::NotFound)
}
