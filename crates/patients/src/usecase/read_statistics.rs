//! Totals of patients.

use chrono_tz::Tz;
use kernel::Permit;

use super::list_patients::{SelectPatientsError, check_selection};
use crate::Patients;
use crate::model::PatientSelection;
use crate::model::statistics::{Calendar, Statistics};
use crate::permission::{PatientsRead, Sight};

/// The totals of the selected patients within the caller's reach, on this day at the company, as far as the caller sees what
/// they are of (PT4).
pub async fn read_statistics(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    selection: &PatientSelection,
    sight: &Sight,
) -> Result<Statistics, SelectPatientsError> {
    let reach = permit.scope().reach();
    check_selection(selection, reach, sight)?;
    let view = env.db.view(permit.scope()).await?;
    let zone = view.company_zone().await?.unwrap_or(Tz::UTC);
    let calendar = Calendar::at(env.clock.now(), zone);
    let tallies = view.patient_tallies(selection, calendar).await?;
    Ok(Statistics::of(&tallies, calendar).seen_from(reach, sight))
}
