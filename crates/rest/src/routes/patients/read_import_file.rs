//! `GET /api/v1/imports/{import_id}/file`

use kernel::ids::ImportId;
use patients::Imports;
use patients::permission::ImportsManage;
use patients::usecase;

use crate::download::FileAnswer;
use crate::{Env, Guard, Id, Problem, operation};

/// Read the file of an import
///
/// As it came, byte for byte.
#[operation]
pub async fn read_import_file(
    guard: Guard<ImportsManage>,
    imports: Env<Imports>,
    id: Id<ImportId>,
) -> Result<FileAnswer, Problem> {
    let (import, file) = usecase::open_import_file(&imports, &guard.reading(), id.0).await?;
    Ok(FileAnswer::new(file, import.file_name))
}
