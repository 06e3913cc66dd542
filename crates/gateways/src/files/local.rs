//! Files in a folder of this machine: written beside their place, made durable, then renamed.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{FileArea, FileError, FileKey, FileReader, FileStore, FileWriter, ListedFile, StoredFile};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// How a file in the making ends.
const DRAFT: &str = "draft";

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// Files below one folder, which only their owner may read.
#[derive(Debug, Clone)]
pub struct LocalFiles {
    folder: PathBuf,
}

/// A file in the making; it leaves nothing behind unless it is finished.
struct LocalWriter {
    file: Option<File>,
    draft: PathBuf,
    path: PathBuf,
    /// The folders that got a new entry, or may have.
    folders: Vec<PathBuf>,
    hash: Sha256,
    size: u64,
}

struct LocalReader(Option<File>);

impl LocalFiles {
    /// Files below this folder, which is made when the first comes.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, key: &FileKey) -> PathBuf {
        self.folder.join(key.path())
    }
}

#[async_trait]
impl FileStore for LocalFiles {
    async fn create(&self, key: &FileKey) -> Result<Box<dyn FileWriter>, FileError> {
        let (path, folder) = (self.path(key), self.folder.clone());
        let writer = blocking(move || LocalWriter::begin(path, &folder)).await?;
        Ok(Box::new(writer))
    }

    async fn open(&self, key: &FileKey) -> Result<Box<dyn FileReader>, FileError> {
        let path = self.path(key);
        let file = blocking(move || File::open(path)).await?;
        Ok(Box::new(LocalReader(Some(file))))
    }

    async fn delete(&self, key: &FileKey) -> Result<(), FileError> {
        let path = self.path(key);
        match blocking(move || fs::remove_file(path)).await {
            Err(FileError::NotThere) => Ok(()),
            done => done,
        }
    }

    async fn list(&self, area: &FileArea) -> Result<Vec<ListedFile>, FileError> {
        let folder = self.folder.join(area.path());
        let found = blocking(move || lying(&folder)).await?;
        let file = |(path, changed_at): (PathBuf, _)| {
            let id = Uuid::try_parse(path.file_name()?.to_str()?).ok()?;
            Some(ListedFile { id, changed_at })
        };
        Ok(found.into_iter().filter_map(file).collect())
    }

    async fn forget_drafts(&self, area: &FileArea, since: DateTime<Utc>) -> Result<u64, FileError> {
        let folder = self.folder.join(area.path());
        blocking(move || {
            let mut forgotten = 0;
            for (path, changed_at) in lying(&folder)? {
                if changed_at < since && path.extension().is_some_and(|end| end == DRAFT) {
                    gone(fs::remove_file(path))?;
                    forgotten += 1;
                }
            }
            Ok(forgotten)
        })
        .await
    }
}

impl LocalWriter {
    fn begin(path: PathBuf, root: &Path) -> io::Result<Self> {
        let entered = entered(&path, root);
        let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
        let (mut folders, mut files) = (DirBuilder::new(), OpenOptions::new());
        #[cfg(unix)]
        let (folders, files) = (folders.mode(0o700), files.mode(0o600));
        folders.recursive(true).create(folder)?;
        let draft = path.with_extension(format!("{:016x}.{DRAFT}", rand::random::<u64>()));
        let file = files.write(true).create_new(true).open(&draft)?;
        Ok(Self { file: Some(file), draft, path, folders: entered, hash: Sha256::new(), size: 0 })
    }

    /// The file appears with all it holds or not at all, also when the power fails.
    fn settle(file: &File, draft: &Path, path: &Path, folders: &[PathBuf]) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(draft, path)?;
        folders.iter().try_for_each(|folder| File::open(folder)?.sync_all())
    }
}

#[async_trait]
impl FileWriter for LocalWriter {
    async fn write(&mut self, piece: &[u8]) -> Result<(), FileError> {
        let mut file = self.file.take().ok_or_else(broken_off)?;
        let bytes = piece.to_vec();
        self.hash.update(piece);
        // A failed write ends the file: it is not given back, and nothing more is added behind a hole.
        let file = blocking(move || file.write_all(&bytes).map(|()| file)).await?;
        self.size += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.file = Some(file);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<StoredFile, FileError> {
        let file = self.file.take().ok_or_else(broken_off)?;
        let (draft, path, folders) = (self.draft.clone(), self.path.clone(), std::mem::take(&mut self.folders));
        blocking(move || Self::settle(&file, &draft, &path, &folders)).await?;
        Ok(StoredFile { size: self.size, sha256: std::mem::take(&mut self.hash).finalize().into() })
    }
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        // Gone already where it was renamed.
        let _ = fs::remove_file(&self.draft);
    }
}

#[async_trait]
impl FileReader for LocalReader {
    async fn read(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        let Some(mut file) = self.0.take() else { return Ok(None) };
        let (file, piece) = blocking(move || {
            let mut piece = vec![0; PIECE];
            let length = file.read(&mut piece)?;
            piece.truncate(length);
            Ok((file, piece))
        })
        .await?;
        if piece.is_empty() {
            return Ok(None);
        }
        self.0 = Some(file);
        Ok(Some(piece))
    }
}

/// The folders that a file at this path below the root makes an entry in: those of ours, where another file's may just have
/// been made, and those above as far as folders are yet to be made.
fn entered(path: &Path, root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for folder in path.ancestors().skip(1) {
        let (is_ours, is_there) = (folder.starts_with(root), folder.as_os_str().is_empty() || folder.exists());
        folders.push(if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() });
        if is_there && (!is_ours || folder == root) {
            break;
        }
    }
    folders
}

/// What lies in a folder, and when it was written last; nothing where there is no folder.
fn lying(folder: &Path) -> io::Result<Vec<(PathBuf, DateTime<Utc>)>> {
    let mut found = Vec::new();
    for entry in gone(fs::read_dir(folder))?.into_iter().flatten() {
        let entry = entry?;
        // It may have been renamed or removed meanwhile.
        if let Some(about) = gone(entry.metadata())? {
            found.push((entry.path(), about.modified()?.into()));
        }
    }
    Ok(found)
}

/// Nothing in place of what is not there.
fn gone<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

/// Runs what may wait for the disk where it keeps nobody waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, FileError> {
    match spawn_blocking(work).await {
        Ok(done) => done.map_err(refused),
        Err(error) => Err(FileError::Unavailable(Box::new(error))),
    }
}

fn refused(error: io::Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound => FileError::NotThere,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => FileError::Full,
        _ => FileError::Unavailable(Box::new(error)),
    }
}

fn broken_off() -> FileError {
    FileError::Unavailable("the file was broken off".into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use kernel::ids::{ImportId, TenantId};
    use kernel::{Origin, Permission, Permit};
    use tempfile::TempDir;

    use super::*;

    struct Anything;
    impl Permission for Anything {
        const NAME: &'static str = "anything";
    }

    fn key(tenant: u128, file: u128) -> FileKey {
        let tenant = TenantId::from_uuid(Uuid::from_u128(tenant));
        let permit = Permit::<Anything>::system(tenant, "test", Origin::default());
        FileKey::of(permit.scope(), ImportId::from_uuid(Uuid::from_u128(file)))
    }

    async fn all(store: &LocalFiles, key: &FileKey) -> Result<Vec<u8>, FileError> {
        let (mut reader, mut bytes) = (store.open(key).await?, Vec::new());
        while let Some(piece) = reader.read().await? {
            bytes.extend(piece);
        }
        Ok(bytes)
    }

    /// How many files lie below a folder.
    fn count(folder: &Path) -> usize {
        let Ok(entries) = fs::read_dir(folder) else { return 0 };
        entries.flatten().map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
    }

    #[tokio::test]
    async fn pt8_a_file_comes_back_as_it_was_with_its_size_and_hash() {
        let folder = TempDir::new().unwrap();
        let store = LocalFiles::new(folder.path().join("files"));
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let mut writer = store.create(&key(1, 1)).await.unwrap();
        for piece in bytes.chunks(7_001) {
            writer.write(piece).await.unwrap();
        }
        assert!(matches!(all(&store, &key(1, 1)).await, Err(FileError::NotThere)), "not before it is finished");
        let stored = writer.finish().await.unwrap();
        assert_eq!((stored.size, stored.sha256), (200_000, <[u8; 32]>::from(Sha256::digest(&bytes))));
        assert_eq!(all(&store, &key(1, 1)).await.unwrap(), bytes);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&store.path(&key(1, 1))), mode(&folder.path().join("files"))), (0o600, 0o700));
    }

    #[tokio::test]
    async fn pt8_folders_that_were_made_for_a_file_stay_as_it_does() {
        let folder = TempDir::new().unwrap();
        let (above, root) = (folder.path().join("data"), folder.path().join("data/files"));
        let store = LocalFiles::new(root.clone());
        let path = store.path(&key(1, 1));
        let (area, company) = (path.parent().unwrap(), path.ancestors().nth(2).unwrap());
        assert_eq!(entered(&path, &root), [area, company, &root, &above, folder.path()]);
        store.create(&key(1, 1)).await.unwrap().finish().await.unwrap();
        assert_eq!(entered(&path, &root), [area, company, &root], "another file's folders may not be durable yet");
        let relative = entered(Path::new("no-such-folder/a/b"), Path::new("no-such-folder"));
        assert_eq!(relative, ["no-such-folder/a", "no-such-folder", "."].map(PathBuf::from));
    }

    #[tokio::test]
    async fn pt8_each_company_has_its_own() {
        let folder = TempDir::new().unwrap();
        let store = LocalFiles::new(folder.path().to_owned());
        let mut writer = store.create(&key(1, 1)).await.unwrap();
        writer.write(b"a").await.unwrap();
        writer.finish().await.unwrap();
        assert!(matches!(store.open(&key(2, 1)).await, Err(FileError::NotThere)));
        store.delete(&key(2, 1)).await.unwrap();
        assert_eq!(all(&store, &key(1, 1)).await.unwrap(), b"a");
        store.delete(&key(1, 1)).await.unwrap();
        assert!(matches!(all(&store, &key(1, 1)).await, Err(FileError::NotThere)));
    }

    #[tokio::test]
    async fn pt8_files_are_listed_and_drafts_of_a_node_that_died_are_forgotten() {
        let folder = TempDir::new().unwrap();
        let store = LocalFiles::new(folder.path().join("files"));
        let scope = |tenant| {
            let tenant = TenantId::from_uuid(Uuid::from_u128(tenant));
            FileArea::of::<ImportId>(Permit::<Anything>::system(tenant, "test", Origin::default()).scope())
        };
        assert!(store.list(&scope(1)).await.unwrap().is_empty(), "before the first comes");
        for (tenant, file) in [(1, 1), (1, 2), (2, 3)] {
            store.create(&key(tenant, file)).await.unwrap().finish().await.unwrap();
        }
        let young = store.create(&key(1, 4)).await.unwrap();
        // A node that is killed drops nothing.
        std::mem::forget(store.create(&key(1, 5)).await.unwrap());
        let mut listed = store.list(&scope(1)).await.unwrap();
        listed.sort_by_key(|file| file.id);
        assert_eq!(listed.iter().map(|file| file.id.as_u128()).collect::<Vec<_>>(), [1, 2]);
        let written = DateTime::<Utc>::from(fs::metadata(store.path(&key(1, 1))).unwrap().modified().unwrap());
        assert_eq!(listed[0].changed_at, written);
        let yesterday = written - chrono::Duration::days(1);
        assert_eq!(store.forget_drafts(&scope(1), yesterday).await.unwrap(), 0, "both may go on");
        drop(young);
        let tomorrow = written + chrono::Duration::days(1);
        assert_eq!(store.forget_drafts(&scope(2), tomorrow).await.unwrap(), 0, "another company's");
        assert_eq!(store.forget_drafts(&scope(1), tomorrow).await.unwrap(), 1);
        assert_eq!((count(folder.path()), store.list(&scope(1)).await.unwrap().len()), (3, 2));
    }

    #[tokio::test]
    async fn pt8_a_file_that_is_broken_off_leaves_what_was_there() {
        let folder = TempDir::new().unwrap();
        let store = LocalFiles::new(folder.path().to_owned());
        let mut writer = store.create(&key(1, 1)).await.unwrap();
        writer.write(b"first").await.unwrap();
        writer.finish().await.unwrap();
        let mut writer = store.create(&key(1, 1)).await.unwrap();
        writer.write(b"second").await.unwrap();
        drop(writer);
        assert_eq!((all(&store, &key(1, 1)).await.unwrap(), count(folder.path())), (b"first".to_vec(), 1));
    }

    #[tokio::test]
    async fn pt8_a_full_disk_is_said_and_nothing_half_written_stays() {
        let folder = TempDir::new().unwrap();
        let (draft, path) = (folder.path().join("a.draft"), folder.path().join("a"));
        fs::write(&draft, b"").unwrap();
        // The device that is always full: its errors are those of a disk without room.
        let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut writer =
            LocalWriter { file: Some(file), draft, path, folders: Vec::new(), hash: Sha256::new(), size: 0 };
        assert!(matches!(writer.write(&vec![0; PIECE]).await, Err(FileError::Full)));
        assert!(matches!(writer.write(b"more").await, Err(FileError::Unavailable(_))), "nothing goes on behind a hole");
        assert!(Box::new(writer).finish().await.is_err());
        assert_eq!(count(folder.path()), 0);
    }
}
