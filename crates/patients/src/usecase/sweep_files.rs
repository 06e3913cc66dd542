//! Files that no import stands for: whoever sent one was gone, or the node ended, before its import was committed.

use chrono::Duration;
use kernel::ids::ImportId;
use kernel::{FileArea, FileError, Permit, StoreError};
use thiserror::Error;

use crate::Imports;
use crate::permission::ImportsManage;

/// How long a file may wait for its import: far longer than any request or command takes.
const SPARED: Duration = Duration::days(1);

/// How many imports are asked for at once.
const AT_ONCE: usize = 500;

/// Why files were not swept.
#[derive(Debug, Error)]
pub enum SweepFilesError {
    /// The file store failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Removes the files of a company's imports, and the beginnings of such, that are older than a day and that no import stands
/// for; how many.
pub async fn sweep_files(env: &Imports, permit: &Permit<ImportsManage>) -> Result<u64, SweepFilesError> {
    let area = FileArea::of::<ImportId>(permit.scope());
    let before = env.clock.now() - SPARED;
    let mut swept = env.files.forget_drafts(&area, before).await?;
    let files = env.files.list(&area).await?.into_iter().filter(|file| file.changed_at < before);
    let ids: Vec<ImportId> = files.map(|file| ImportId::from_uuid(file.id)).collect();
    for ids in ids.chunks(AT_ONCE) {
        let known = env.db.view(permit.scope()).await?.imports_known(ids).await?;
        for id in ids.iter().filter(|id| !known.contains(id)) {
            env.files.delete(&area.key(id.uuid())).await?;
            swept += 1;
        }
    }
    Ok(swept)
}
