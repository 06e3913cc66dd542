//! `DELETE /api/v1/tags/{tag_id}`

use kernel::ids::TagId;
use patients::Patients;
use patients::permission::SettingsManage;
use patients::usecase::{self, Carriers};

use crate::state::Env;
use crate::{FromQuery, Guard, Id, NoContent, Params, Problem, operation};

/// What becomes of the records
#[derive(Debug, FromQuery)]
pub struct TagRemoval {
    /// True takes the tag from the records that carry it, too.
    #[query(default)]
    force: bool,
}

/// Remove a tag from the catalogue
///
/// While records carry it this is 409, with their number in `in_use` (1000 stands for more). With `force=true` the tag leaves the
/// catalogue at once, and the records lose it within the next minutes, each with an entry in its history.
#[operation(refuses(Conflict))]
pub async fn delete_tag(
    guard: Guard<SettingsManage>,
    patients: Env<Patients>,
    id: Id<TagId>,
    params: Params<TagRemoval>,
) -> Result<NoContent, Problem> {
    let carriers = if params.0.force { Carriers::Strip } else { Carriers::Keep };
    Ok(usecase::remove_tag(&patients, &guard.permit(&()), id.0, carriers, NoContent::of).await?.into())
}
