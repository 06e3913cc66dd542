//! A further clinic.

use kernel::{Change, Committed, Permit, Reply, StoreError, commit, unit_of_work};

use crate::Identity;
use crate::model::clinic::{Clinic, ClinicRegister};
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
    /// What the authorities know it by.
    pub register: ClinicRegister,
}

/// Adds a clinic to the company.
pub async fn add_clinic(
    env: &Identity,
    permit: &Permit<permission::CompanyManage>,
    ask: AddClinic,
    reply: Reply<Clinic>,
) -> Result<Committed<Clinic>, StoreError> {
    let now = env.clock.now();
    let AddClinic { name, country, time_zone, locale, register } = ask;
    let tenant = permit.scope().tenant();
    let (id, created_at, version) = (env.ids.next(), now, 1);
    let clinic = Clinic { id, tenant, name, country, time_zone, locale, register, created_at, version };
    unit_of_work(async || add(env, permit, &clinic, reply).await).await
}

async fn add(
    env: &Identity,
    permit: &Permit<permission::CompanyManage>,
    clinic: &Clinic,
    reply: Reply<Clinic>,
) -> Result<Committed<Clinic>, StoreError> {
    let tx = env.db.begin(permit.scope()).await?;
    tx.clinic_add(clinic).await?;
    let change = Change::created(clinic.id, clinic.version, clinic.facts());
    commit(tx, permit.journal(clinic.id, clinic.created_at).changed(change), clinic.clone(), reply).await
}
