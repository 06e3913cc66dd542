//! What day it is.

use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::{Permission, Permit, StoreError};

use crate::Patients;
use crate::model::statistics::Calendar;

/// The day that it is at the caller's company, in UTC where it has no settings: the one that ages are reckoned on (PT3, PT4).
pub async fn read_today<P: Permission>(env: &Patients, permit: &Permit<P>) -> Result<NaiveDate, StoreError> {
    let zone = env.db.view(permit.scope()).await?.company_zone().await?.unwrap_or(Tz::UTC);
    Ok(Calendar::at(env.clock.now(), zone).today())
}
