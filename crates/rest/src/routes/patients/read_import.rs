//! `GET /api/v1/imports/{import_id}`

use kernel::ids::ImportId;
use patients::Imports;
use patients::permission::ImportsManage;
use patients::usecase;

use crate::wire::patients::ImportWire;
use crate::{Env, Guard, Id, Problem, Versioned, operation};

/// Read an import
///
/// What its file turned out to be, what its columns are taken for, and how many rows became what so far.
#[operation]
pub async fn read_import(
    guard: Guard<ImportsManage>,
    imports: Env<Imports>,
    id: Id<ImportId>,
) -> Result<Versioned<ImportWire>, Problem> {
    let import = usecase::read_import(&imports, &guard.reading(), id.0).await?;
    Ok(Versioned::new(ImportWire::from(&import), import.version))
}
