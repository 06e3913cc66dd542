//! Listing services.

use kernel::{Page, Permit, StoreError};

use crate::Scheduling;
use crate::model::service::Service;
use crate::permission::ServicesRead;
use crate::ports::ServiceList;

/// A page of the company's services by name.
pub async fn list_services(
    env: &Scheduling,
    permit: &Permit<ServicesRead>,
    ask: &ServiceList,
) -> Result<Page<Service>, StoreError> {
    env.db.view(permit.scope()).await?.service_list(ask).await
}
