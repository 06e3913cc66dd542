//! `GET /api/v1/patients/duplicates`

use patients::Patients;
use patients::permission::PatientsMerge;
use patients::ports::DuplicateList;
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::{DuplicatePage, MatchGrade};
use crate::{FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which pairs
#[derive(Debug, FromQuery)]
pub struct DuplicateFilter {
    /// Only these grades.
    grade: Vec<MatchGrade>,
    #[query(flatten)]
    page: PageParams,
}

/// List pairs of records that may be one person's
///
/// The best first. The list follows changes of the records within seconds; a pair leaves it when one of the two is merged,
/// archived, or no longer like the other. Nothing merges by itself.
#[operation]
pub async fn list_duplicates(
    guard: Guard<PatientsMerge>,
    patients: Env<Patients>,
    params: Params<DuplicateFilter>,
) -> Result<Read<DuplicatePage>, Problem> {
    let DuplicateFilter { grade, page } = params.0;
    let ask = DuplicateList { grades: grade.into_iter().map(Into::into).collect(), page: page.ask()? };
    let page = usecase::list_duplicates(&patients, &guard.reading(), &ask).await?;
    Ok(Read::page(page, Into::into))
}
