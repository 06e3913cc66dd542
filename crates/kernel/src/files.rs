//! Files that people hand over: kept as they came, each under a key of its company.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use thiserror::Error;
use uuid::Uuid;

use crate::error::{Kind, Refusal};
use crate::ids::Id;
use crate::tenancy::TenantScope;

/// Where a file lies: its company, what it belongs to, and the id of that. It can be had only from a scope, so that no company
/// reads another's, and it holds nothing that a person typed, so that it leads nowhere else.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FileKey {
    tenant: Uuid,
    area: &'static str,
    id: Uuid,
}

/// Where the files of a company lie that belong to entities of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileArea {
    tenant: Uuid,
    area: &'static str,
}

/// A file that lies in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedFile {
    /// The id of what it belongs to.
    pub id: Uuid,
    /// When it was stored, by the store's clock.
    pub changed_at: DateTime<Utc>,
}

/// A file as it was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredFile {
    /// How many bytes it has.
    pub size: u64,
    /// The SHA-256 of them.
    pub sha256: [u8; 32],
}

/// Why a file was not stored or read.
#[derive(Debug, Error)]
pub enum FileError {
    /// There is no such file.
    #[error("no such file")]
    NotThere,
    /// There is no room for it; nothing of it was kept.
    #[error("no room for the file")]
    Full,
    /// The store cannot be reached, or failed.
    #[error("the file store failed")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Keeps files.
#[async_trait]
pub trait FileStore: Send + Sync {
    /// Begins a file. It appears when [`FileWriter::finish`] returns, in place of one that lay there; dropping the writer
    /// before leaves what was there.
    async fn create(&self, key: &FileKey) -> Result<Box<dyn FileWriter>, FileError>;
    /// Opens a file.
    async fn open(&self, key: &FileKey) -> Result<Box<dyn FileReader>, FileError>;
    /// Removes a file; that there is none is fine.
    async fn delete(&self, key: &FileKey) -> Result<(), FileError>;
    /// The files of an area, in any order.
    async fn list(&self, area: &FileArea) -> Result<Vec<ListedFile>, FileError>;
    /// Removes what was begun in an area and not gone on with since this time; how many that were. A store that keeps no
    /// unfinished files where they could be seen has none.
    async fn forget_drafts(&self, area: &FileArea, since: DateTime<Utc>) -> Result<u64, FileError>;
}

/// A file that is being written, piece by piece.
#[async_trait]
pub trait FileWriter: Send {
    /// Adds some bytes.
    async fn write(&mut self, piece: &[u8]) -> Result<(), FileError>;
    /// Makes it durable and visible.
    async fn finish(self: Box<Self>) -> Result<StoredFile, FileError>;
}

/// A file that is being read, piece by piece.
#[async_trait]
pub trait FileReader: Send {
    /// The next bytes, some tens of KiB; nothing at the end.
    async fn read(&mut self) -> Result<Option<Vec<u8>>, FileError>;
}

impl FileKey {
    /// The key of the file that belongs to an entity of the scope's company.
    pub fn of<I: Id>(scope: &TenantScope, id: I) -> Self {
        Self { tenant: scope.tenant().uuid(), area: I::KIND, id: id.uuid() }
    }

    /// `company/kind/id`: UUIDs and a word of ours.
    pub fn path(&self) -> String {
        format!("{}/{}/{}", self.tenant, self.area, self.id)
    }
}

impl FileArea {
    /// The area of the scope's company for entities of a kind.
    pub fn of<I: Id>(scope: &TenantScope) -> Self {
        Self { tenant: scope.tenant().uuid(), area: I::KIND }
    }

    /// The key of the file in it that belongs to this entity.
    pub fn key(&self, id: Uuid) -> FileKey {
        FileKey { tenant: self.tenant, area: self.area, id }
    }

    /// `company/kind`: a UUID and a word of ours.
    pub fn path(&self) -> String {
        format!("{}/{}", self.tenant, self.area)
    }
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file:{}", self.path())
    }
}

impl Refusal for FileError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotThere => Kind::NotFound,
            Self::Full | Self::Unavailable(_) => Kind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotThere => "not_found",
            Self::Full => "no_room_for_files",
            Self::Unavailable(_) => "files_unavailable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{PatientId, TenantId};
    use crate::tenancy::Reach;

    #[test]
    fn pt8_a_key_is_made_of_ids_and_a_word_of_ours() {
        let scope = TenantScope::new(TenantId::from_uuid(Uuid::from_u128(1)), Reach::Company, None);
        let key = FileKey::of(&scope, PatientId::from_uuid(Uuid::from_u128(2)));
        let path = key.path();
        assert_eq!(path, "00000000-0000-0000-0000-000000000001/patient/00000000-0000-0000-0000-000000000002");
        let other = TenantScope::new(TenantId::from_uuid(Uuid::from_u128(3)), Reach::Company, None);
        assert_ne!(FileKey::of(&other, PatientId::from_uuid(Uuid::from_u128(2))), key);
        let area = FileArea::of::<PatientId>(&scope);
        assert_eq!((area.key(Uuid::from_u128(2)), path.starts_with(&area.path())), (key, true));
    }
}
