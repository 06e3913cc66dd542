//! `GET /api/v1/patients/export`

use kernel::Committed;
use patients::Patients;
use patients::permission::{PatientsExport, Sight};
use patients::usecase::{self, ExportPatients};

use crate::state::Env;
use crate::wire::patients::{ExportFormat, Exported, PatientCriteria, Reading};
use crate::{FromQuery, Guard, NoContent, Params, Problem, operation};

/// Which patients, and in which form
#[derive(Debug, FromQuery)]
pub struct PatientExport {
    /// `csv` without it.
    format: Option<ExportFormat>,
    #[query(flatten)]
    criteria: PatientCriteria,
}

/// Export patients
///
/// Whole records under the filters of the list, in the order of their registration, as a stream that ends early where it cannot
/// go on. CSV is UTF-8 with a byte order mark and CRLF; a cell that a spreadsheet would take for a formula begins with an
/// apostrophe. JSON Lines has a record in each line. The export is journalled before the first record leaves.
#[operation]
pub async fn export_patients(
    guard: Guard<PatientsExport>,
    patients: Env<Patients>,
    params: Params<PatientExport>,
) -> Result<Exported, Problem> {
    let sight = Sight::of(&guard.session()?.principal().grants);
    let reading = Reading::of(guard.session()?, &*patients.clock)?;
    let PatientExport { format, criteria } = params.0;
    let (format, asked_by) = (format.unwrap_or(ExportFormat::Csv), criteria.names());
    let permit = guard.reading();
    let selection = criteria.selection(reading, &patients, &permit).await?;
    let ask = ExportPatients { selection, format: format.word(), asked_by };
    let journalled: Committed<()> = usecase::export_patients(&patients, &permit, &ask, &sight, NoContent::of).await?;
    Ok(Exported::new(journalled, (patients, permit, ask.selection), format))
}
