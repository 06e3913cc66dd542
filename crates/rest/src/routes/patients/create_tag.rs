//! `POST /api/v1/tags`

use kernel::StoredReply;
use patients::Patients;
use patients::model::CataloguedTag;
use patients::permission::SettingsManage;
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::{NewTag, TagWire};
use crate::{Body, Created, Guard, Problem, operation};

/// Add a tag to the catalogue
///
/// Records that carry this label already, in whichever case, carry this tag from now on. The same name twice is 409 with
/// `existing_id`.
#[operation(refuses(Conflict))]
pub async fn create_tag(
    guard: Guard<SettingsManage>,
    patients: Env<Patients>,
    body: Body<NewTag>,
) -> Result<Created<TagWire>, Problem> {
    let permit = guard.permit(&body);
    Ok(usecase::add_tag(&patients, &permit, body.into_inner().into(), created).await?.into())
}

fn created(tag: &CataloguedTag) -> StoredReply {
    Created::reply(&TagWire::from(tag), format!("/api/v1/tags/{}", tag.id), None)
}
