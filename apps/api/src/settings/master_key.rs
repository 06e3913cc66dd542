//! The master key of an installation: given, or made once in development.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use kernel::seal::{InvalidKeys, Keyring};
use thiserror::Error;

use super::Settings;

/// Where development keeps its key, below the working folder.
pub const FILE: &str = "data/master.key";

/// Why there is no key.
#[derive(Debug, Error)]
pub enum NoKey {
    /// The file cannot be read or made.
    #[error("{FILE}: {0}")]
    File(#[from] io::Error),
    /// The file holds something else.
    #[error("{FILE}: {0}")]
    Content(#[from] InvalidKeys),
}

/// The keys to work with, and the file that was made for them just now, if any.
pub fn load(settings: &Settings) -> Result<(Keyring, Option<PathBuf>), NoKey> {
    match &settings.master_key {
        Some(keys) => Ok((keys.clone(), None)),
        None => kept_in(Path::new(FILE)),
    }
}

/// Reads the key of a file, or makes it with a fresh key that only the owner can read.
fn kept_in(path: &Path) -> Result<(Keyring, Option<PathBuf>), NoKey> {
    match fs::read_to_string(path) {
        Ok(text) => return Ok((Keyring::parse(text.trim())?, None)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let (keys, text) = Keyring::generate();
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    write_private(&draft, text.as_bytes())?;
    // A link appears with its content or not at all, so of two processes that start at once one makes the key and the
    // other reads it.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok((keys, Some(path.to_owned()))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok((Keyring::parse(fs::read_to_string(path)?.trim())?, None))
        }
        Err(error) => Err(error.into()),
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(keys: &Keyring) -> [u8; 32] {
        keys.chain_key(uuid::Uuid::nil()).unwrap().mac(&[b"x"]).unwrap()
    }

    #[test]
    fn i12_the_first_start_makes_a_key_that_the_second_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/master.key");
        let (first, made) = kept_in(&path).unwrap();
        assert_eq!(made.as_deref(), Some(path.as_path()));
        let (second, made) = kept_in(&path).unwrap();
        assert_eq!((made, chain(&second)), (None, chain(&first)));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn i12_only_its_owner_reads_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        kept_in(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn i12_a_damaged_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, "v1:short").unwrap();
        assert!(matches!(kept_in(&path), Err(NoKey::Content(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "v1:short");
    }
}
