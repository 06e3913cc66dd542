//! Looking at imports: where they stand, what became of their rows, and the files they came in.

use kernel::ids::ImportId;
use kernel::{FileError, FileKey, FileReader, Kind, Page, PageAsk, Permit, Refusal, StoreError};
use thiserror::Error;

use crate::Imports;
use crate::model::import::{Import, ImportRow};
use crate::permission::ImportsManage;
use crate::ports::imports::{ImportKey, ImportRowList};

/// Why an import, its rows or its file were not read.
#[derive(Debug, Error)]
pub enum ReadImportError {
    /// Not there, or out of reach.
    #[error("no such import")]
    NotFound,
    /// The file store failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A page of the company's imports, newest first.
pub async fn list_imports(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    ask: &PageAsk<ImportKey>,
) -> Result<Page<Import>, StoreError> {
    env.db.view(permit.scope()).await?.import_list(ask).await
}

/// An import: how far it has come.
pub async fn read_import(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    id: ImportId,
) -> Result<Import, ReadImportError> {
    let view = env.db.view(permit.scope()).await?;
    view.import_by_id(id).await?.ok_or(ReadImportError::NotFound)
}

/// A page of an import's rows, with the import.
pub async fn list_import_rows(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    ask: &ImportRowList,
) -> Result<(Import, Page<ImportRow>), ReadImportError> {
    let view = env.db.view(permit.scope()).await?;
    let import = view.import_by_id(ask.import_id).await?.ok_or(ReadImportError::NotFound)?;
    Ok((import, view.import_rows(ask).await?))
}

/// The file of an import as it came, and the import.
pub async fn open_import_file(
    env: &Imports,
    permit: &Permit<ImportsManage>,
    id: ImportId,
) -> Result<(Import, Box<dyn FileReader>), ReadImportError> {
    let import = read_import(env, permit, id).await?;
    let file = env.files.open(&FileKey::of(permit.scope(), id)).await?;
    Ok((import, file))
}

impl Refusal for ReadImportError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::File(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::File(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}
