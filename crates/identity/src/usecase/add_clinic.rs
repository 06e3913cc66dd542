//! A further clinic.

use kernel::{Change, Committed, Permit, Reply, StoreError, commit};

use crate::Identity;
use crate::model::clinic::Clinic;
use crate::model::name::PlaceName;
use crate::model::place::{Country, Locale, TimeZone};
use crate::permission;

/// The new clinic.
#[derive(Debug)]
pub struct AddClinic {
    /// Its name.
    pub name: PlaceName,
    /// Where it is.
    pub country: Country,
    /// The zone of its wall clocks.
    pub time_zone: TimeZone,
    /// The language of its messages.
    pub locale: Locale,
}

/// Adds a clinic to the company.
pub async fn add_clinic(
    env: &Identity,
    permit: &Permit<permission::CompanyManage>,
    ask: AddClinic,
    reply: Reply<Clinic>,
) -> Result<Committed<Clinic>, StoreError> {
    let now = env.clock.now();
    let AddClinic { name, country, time_zone, locale } = ask;
    let tenant = permit.scope().tenant();
    let clinic = Clinic { id: env.ids.next(), tenant, name, country, time_zone, locale, created_at: now, version: 1 };
    let tx = env.db.begin(permit.scope()).await?;
    tx.clinic_add(&clinic).await?;
    let change = Change::created(clinic.id, clinic.version, clinic.facts());
    commit(tx, permit.journal(clinic.id, now).changed(change), clinic, reply).await
}
