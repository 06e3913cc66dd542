//! Where the files of companies are kept: a local folder, or a bucket that speaks S3.

mod local;
mod s3;

use std::path::PathBuf;
use std::sync::Arc;

use kernel::FileStore;
use thiserror::Error;
use url::Url;

pub use local::LocalFiles;
pub use s3::S3Files;

/// Why an address of files cannot be used; it quotes no secret.
#[derive(Debug, Error)]
pub enum Unusable {
    /// It is none that is known here.
    #[error("files are kept at file://FOLDER or s3://[KEY:SECRET@]BUCKET[/PREFIX][?endpoint=URL&region=NAME]")]
    Form,
    /// The S3 client refuses it.
    #[error("the S3 bucket cannot be used: {0}")]
    Bucket(#[source] object_store::Error),
}

/// A place for files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesUrl {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket.
    Bucket(s3::Bucket),
}

impl FilesUrl {
    /// Reads `file://FOLDER` or `s3://[KEY:SECRET@]BUCKET[/PREFIX][?endpoint=URL&region=NAME]`, key, secret and prefix
    /// percent-encoded. Without them the machine's own role is asked for.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        if let Some(folder) = text.strip_prefix("file://").filter(|folder| !folder.is_empty()) {
            return Ok(Self::Folder(PathBuf::from(folder)));
        }
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "s3").ok_or(Unusable::Form)?;
        s3::Bucket::of(&url).map(Self::Bucket).ok_or(Unusable::Form)
    }

    /// The store at this place; nothing is asked of it yet.
    pub fn store(&self) -> Result<Arc<dyn FileStore>, Unusable> {
        Ok(match self {
            Self::Folder(folder) => Arc::new(LocalFiles::new(folder.clone())),
            Self::Bucket(bucket) => Arc::new(S3Files::new(bucket).map_err(Unusable::Bucket)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_what_stands_behind_the_slashes() {
        for (text, folder) in [("file://data/files", "data/files"), ("file:///var/files", "/var/files")] {
            assert_eq!(FilesUrl::parse(text).unwrap(), FilesUrl::Folder(PathBuf::from(folder)));
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        let strange =
            ["", "file://", "s3://", "s3:///prefix", "http://bucket", "s3://b?endpoint=ftp://x", "s3://b?what=1"];
        let elsewhere = ["s3://K:S@minio:9000/bucket", "s3://b/p#part", "s3://b:80", "s3://b/%ff", "s3://b/a%2Fb"];
        for text in [&strange[..], &elsewhere].concat() {
            assert!(FilesUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bucket_and_its_errors_show_no_secret() {
        let bucket = FilesUrl::parse("s3://AKIA:hu%2Fsh@files/salus?endpoint=http://127.0.0.1:5000").unwrap();
        assert!(!format!("{bucket:?}").contains("hu"), "{bucket:?}");
        assert!(!FilesUrl::parse("s3://AKIA:hush@").unwrap_err().to_string().contains("hush"));
    }
}
