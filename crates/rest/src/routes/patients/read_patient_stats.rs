//! `GET /api/v1/patients/stats`

use patients::Patients;
use patients::permission::{PatientsRead, Sight};
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::{PatientCriteria, PatientStatisticsWire, Reading};
use crate::{FromQuery, Guard, Params, Problem, Read, operation};

/// Which patients
#[derive(Debug, FromQuery)]
pub struct PatientStatisticsFilter {
    #[query(flatten)]
    criteria: PatientCriteria,
}

/// Count patients
///
/// Totals of the patients within the caller's reach, under the filters of the list; exact as of one moment. Archived and merged
/// records count only where a filter asks for them.
#[operation]
pub async fn read_patient_stats(
    guard: Guard<PatientsRead>,
    patients: Env<Patients>,
    params: Params<PatientStatisticsFilter>,
) -> Result<Read<PatientStatisticsWire>, Problem> {
    let sight = Sight::of(&guard.session()?.principal().grants);
    let reading = Reading::of(guard.session()?, &*patients.clock)?;
    let permit = guard.reading();
    let selection = params.0.criteria.selection(reading, &patients, &permit).await?;
    let statistics = usecase::read_statistics(&patients, &permit, &selection, &sight).await?;
    Ok(Read(statistics.into()))
}
