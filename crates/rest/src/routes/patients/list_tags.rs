//! `GET /api/v1/tags`

use patients::Patients;
use patients::model::TagKey;
use patients::permission::PatientsRead;
use patients::ports::TagList;
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::{SearchWords, TagPage, TagWire};
use crate::{FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which tags
#[derive(Debug, FromQuery)]
pub struct TagFilter {
    /// Only those whose name begins so, regardless of case: for who is typing.
    search: Option<SearchWords>,
    #[query(flatten)]
    page: PageParams,
}

/// List the catalogue of tags
///
/// The labels that the company means to use, by name. A record may carry labels beyond them; how many records carry each label
/// is told by `GET /patients/stats`. Labels are the staff's: callers on the patient's side see none.
#[operation]
pub async fn list_tags(
    guard: Guard<PatientsRead>,
    patients: Env<Patients>,
    params: Params<TagFilter>,
) -> Result<Read<TagPage>, Problem> {
    let TagFilter { search, page } = params.0;
    let prefix = search.and_then(|words| TagKey::prefix(&words.0));
    let ask = TagList { prefix, page: page.ask()? };
    let page = usecase::list_tags(&patients, &guard.reading(), &ask).await?;
    Ok(Read::page(page, |tag| TagWire::from(&tag)))
}
