//! Adding a service.

use kernel::{Change, Committed, Permit, Reply, StoreError, commit, unit_of_work};

use crate::Scheduling;
use crate::model::service::{Service, ServiceTerms};
use crate::permission::ServicesManage;

/// Adds a service with these terms.
pub async fn add_service(
    env: &Scheduling,
    permit: &Permit<ServicesManage>,
    terms: ServiceTerms,
    reply: Reply<Service>,
) -> Result<Committed<Service>, StoreError> {
    let service = Service::new(env.ids.next(), terms, 1);
    unit_of_work(async || add(env, permit, &service, reply).await).await
}

async fn add(
    env: &Scheduling,
    permit: &Permit<ServicesManage>,
    service: &Service,
    reply: Reply<Service>,
) -> Result<Committed<Service>, StoreError> {
    let now = env.clock.now();
    let tx = env.db.begin(permit.scope()).await?;
    tx.service_add(service, now).await?;
    let change = Change::created(service.id(), service.version(), service.facts());
    let journal = permit.journal(service.id(), now).changed(change);
    commit(tx, journal, service.clone(), reply).await
}
