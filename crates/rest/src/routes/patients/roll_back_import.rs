//! `POST /api/v1/imports/{import_id}/rollback`

use kernel::StoredReply;
use kernel::ids::ImportId;
use patients::Imports;
use patients::model::import::Import;
use patients::permission::ImportsManage;
use patients::usecase;

use crate::wire::patients::ImportWire;
use crate::{Changed, Env, Guard, Id, Problem, operation};

/// Take back an import
///
/// A worker removes what the import made and nobody has touched since. What stays has the outcome `kept` among its rows. One that is
/// running is refused, and one that was taken back already stays as it is.
#[operation(refuses(Conflict))]
pub async fn roll_back_import(
    guard: Guard<ImportsManage>,
    imports: Env<Imports>,
    id: Id<ImportId>,
) -> Result<Changed<ImportWire>, Problem> {
    let permit = guard.permit(&());
    Ok(usecase::roll_back_import(&imports, &permit, id.0, changed).await?.into())
}

fn changed(import: &Import) -> StoredReply {
    Changed::reply(&ImportWire::from(import), Some(import.version))
}
