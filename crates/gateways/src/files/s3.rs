//! Files in a bucket that speaks S3.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use kernel::{FileArea, FileError, FileKey, FileReader, FileStore, FileWriter, ListedFile, StoredFile};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

/// How much is sent at once; S3 takes no part below 5 MiB but the last.
const PART: usize = 8 * 1024 * 1024;

/// How long a server may be silent, how long it may take to be reached, and how long it is asked again: all that together
/// is less than a request's own time, so that a caller hears what the matter is.
const SILENCE: Duration = Duration::from_secs(15);
const REACHED: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_secs(5);

/// Where a bucket is, and who may write there.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    name: String,
    prefix: String,
    credentials: Option<(String, String)>,
    endpoint: Option<String>,
    region: Option<String>,
}

/// Files below one prefix of a bucket.
#[derive(Debug)]
pub struct S3Files {
    bucket: AmazonS3,
    prefix: String,
}

/// A file in the making: small ones are sent at once, larger ones in parts that appear together.
struct S3Writer {
    bucket: AmazonS3,
    path: Path,
    waiting: Vec<u8>,
    parts: Option<Box<dyn MultipartUpload>>,
    /// True while a piece is on its way, and ever after one did not arrive.
    broken: bool,
    hash: Sha256,
    size: u64,
}

struct S3Reader<T>(BoxStream<'static, Result<T, object_store::Error>>);

impl Bucket {
    /// The bucket of an address; nothing where it is none.
    pub(super) fn of(url: &Url) -> Option<Self> {
        if url.port().is_some() || url.fragment().is_some() {
            return None;
        }
        let name = url.host_str().filter(|host| !host.is_empty())?.to_owned();
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (key, Some(secret)) if !key.is_empty() => Some((decoded(key)?, decoded(secret)?)),
            _ => return None,
        };
        let (mut endpoint, mut region) = (None, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "endpoint" if value.starts_with("http://") || value.starts_with("https://") => {
                    endpoint = Some(value.into_owned());
                }
                "region" if !value.is_empty() => region = Some(value.into_owned()),
                _ => return None,
            }
        }
        Some(Self { name, prefix: prefix(url)?, credentials, endpoint, region })
    }
}

/// The path, decoded once; an encoded slash would say something else then.
fn prefix(url: &Url) -> Option<String> {
    let parts = url.path().trim_matches('/').split('/').map(|part| decoded(part).filter(|part| !part.contains('/')));
    parts.collect::<Option<Vec<_>>>().map(|parts| parts.join("/"))
}

/// A text whose `%XX` stand for the bytes of a text.
fn decoded(text: &str) -> Option<String> {
    // As one value of a form, which knows `+`, `&` and `=` too.
    let value = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let decoded =
        url::form_urlencoded::parse(format!("v={value}").as_bytes()).next().map(|(_, value)| value.into_owned())?;
    (!decoded.contains(char::REPLACEMENT_CHARACTER)).then_some(decoded)
}

impl S3Files {
    /// Files of this bucket; it is asked for nothing yet.
    pub fn new(bucket: &Bucket) -> Result<Self, object_store::Error> {
        // The client asks for the process's provider of cryptography; where there is one already it is this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let region = bucket.region.as_deref().unwrap_or("us-east-1");
        let client =
            ClientOptions::new().with_connect_timeout(REACHED).with_read_timeout(SILENCE).with_timeout_disabled();
        let retry = RetryConfig { max_retries: 2, retry_timeout: AGAIN, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new().with_client_options(client).with_retry(retry);
        builder = builder.with_bucket_name(&bucket.name).with_region(region);
        if let Some((key, secret)) = &bucket.credentials {
            builder = builder.with_access_key_id(key).with_secret_access_key(secret);
        }
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        Ok(Self { bucket: builder.build()?, prefix: bucket.prefix.clone() })
    }

    fn path(&self, key: &FileKey) -> Path {
        Path::from(format!("{}/{}", self.prefix, key.path()))
    }
}

#[async_trait]
impl FileStore for S3Files {
    async fn create(&self, key: &FileKey) -> Result<Box<dyn FileWriter>, FileError> {
        Ok(Box::new(S3Writer::new(self.bucket.clone(), self.path(key))))
    }

    async fn open(&self, key: &FileKey) -> Result<Box<dyn FileReader>, FileError> {
        let found = self.bucket.get(&self.path(key)).await.map_err(refused)?;
        Ok(Box::new(S3Reader(found.into_stream())))
    }

    async fn delete(&self, key: &FileKey) -> Result<(), FileError> {
        match self.bucket.delete(&self.path(key)).await.map_err(refused) {
            Err(FileError::NotThere) => Ok(()),
            done => done,
        }
    }

    async fn list(&self, area: &FileArea) -> Result<Vec<ListedFile>, FileError> {
        let folder = Path::from(format!("{}/{}", self.prefix, area.path()));
        let listed: Vec<_> = self.bucket.list(Some(&folder)).try_collect().await.map_err(refused)?;
        let file = |found: object_store::ObjectMeta| {
            let id = Uuid::try_parse(found.location.filename()?).ok()?;
            Some(ListedFile { id, changed_at: found.last_modified })
        };
        Ok(listed.into_iter().filter_map(file).collect())
    }

    /// Parts that never became a file are the bucket's own to remove, by a rule of its life cycle.
    async fn forget_drafts(&self, _: &FileArea, _: DateTime<Utc>) -> Result<u64, FileError> {
        Ok(0)
    }
}

impl S3Writer {
    fn new(bucket: AmazonS3, path: Path) -> Self {
        Self { bucket, path, waiting: Vec::new(), parts: None, broken: false, hash: Sha256::new(), size: 0 }
    }

    async fn send_part(&mut self) -> Result<(), FileError> {
        // Nothing is added behind a hole, also where nobody waits for the answer any longer.
        self.broken = true;
        let part = PutPayload::from(std::mem::take(&mut self.waiting));
        let parts = match &mut self.parts {
            Some(parts) => parts,
            none => none.insert(self.bucket.put_multipart(&self.path).await.map_err(refused)?),
        };
        parts.put_part(part).await.map_err(refused)?;
        self.broken = false;
        Ok(())
    }
}

#[async_trait]
impl FileWriter for S3Writer {
    async fn write(&mut self, piece: &[u8]) -> Result<(), FileError> {
        if self.broken {
            return Err(broken_off());
        }
        self.hash.update(piece);
        self.size += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.waiting.extend_from_slice(piece);
        if self.waiting.len() >= PART { self.send_part().await } else { Ok(()) }
    }

    async fn finish(mut self: Box<Self>) -> Result<StoredFile, FileError> {
        if self.broken {
            return Err(broken_off());
        }
        if self.parts.is_some() && !self.waiting.is_empty() {
            self.send_part().await?;
        }
        match &mut self.parts {
            Some(parts) => parts.complete().await.map(drop),
            None => self.bucket.put(&self.path, PutPayload::from(std::mem::take(&mut self.waiting))).await.map(drop),
        }
        .map_err(refused)?;
        self.parts = None;
        Ok(StoredFile { size: self.size, sha256: std::mem::take(&mut self.hash).finalize().into() })
    }
}

impl Drop for S3Writer {
    /// Parts that never become a file are given up, as far as the server can still be told.
    fn drop(&mut self) {
        if let (Some(mut parts), Ok(runtime)) = (self.parts.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = parts.abort().await {
                    tracing::warn!(%error, "parts of a file stay in the bucket");
                }
            });
        }
    }
}

#[async_trait]
impl<T: AsRef<[u8]> + Send> FileReader for S3Reader<T> {
    async fn read(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        match self.0.next().await {
            None => Ok(None),
            Some(piece) => piece.map(|piece| Some(piece.as_ref().to_vec())).map_err(refused),
        }
    }
}

fn refused(error: object_store::Error) -> FileError {
    match error {
        object_store::Error::NotFound { .. } => FileError::NotThere,
        error => FileError::Unavailable(Box::new(error)),
    }
}

fn broken_off() -> FileError {
    FileError::Unavailable("the file was broken off".into())
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("name", &self.name).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(text: &str) -> Option<Bucket> {
        Bucket::of(&Url::parse(text).unwrap())
    }

    #[test]
    fn an_address_says_who_where_and_below_what() {
        let whole =
            bucket("s3://AKIA:a%2Fb+c@files/salus/prod/?endpoint=https://s3.example:9000&region=sa-east-1").unwrap();
        assert_eq!((whole.name.as_str(), whole.prefix.as_str()), ("files", "salus/prod"));
        assert_eq!(whole.credentials, Some(("AKIA".to_owned(), "a/b+c".to_owned())));
        assert_eq!(whole.endpoint.as_deref(), Some("https://s3.example:9000"));
        assert_eq!(whole.region.as_deref(), Some("sa-east-1"));
        let bare = bucket("s3://files").unwrap();
        assert_eq!((bare.prefix.as_str(), bare.credentials, bare.endpoint), ("", None, None));
        assert_eq!(bucket("s3://only-a-key@files"), None);
    }

    #[test]
    fn an_address_is_decoded_once() {
        let of = |text: &str| S3Files::new(&bucket(text).unwrap()).unwrap();
        assert_eq!(of("s3://K:S@files/sal%C3%BAs/a%20b").prefix, "salús/a b");
        assert_eq!(bucket("s3://K:S@files/a%2520b").unwrap().prefix, "a%20b");
        assert_eq!(bucket("s3://K:S@files/a=b&c+d").unwrap().prefix, "a=b&c+d");
        assert_eq!(bucket("s3://K:a&b=c@files").unwrap().credentials.unwrap().1, "a&b=c");
    }

    #[tokio::test]
    async fn pt8_nothing_goes_on_behind_a_hole() {
        // Nobody listens there any longer.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let store = S3Files::new(&bucket(&format!("s3://K:S@files?endpoint=http://{address}")).unwrap()).unwrap();
        let writer = || Box::new(S3Writer::new(store.bucket.clone(), Path::from("a")));
        let mut broken = writer();
        assert!(matches!(broken.write(&vec![0; PART]).await, Err(FileError::Unavailable(_))));
        let size = broken.size;
        assert!(matches!(broken.write(b"more").await, Err(FileError::Unavailable(_))));
        assert_eq!((broken.size, broken.waiting.len()), (size, 0), "nothing more is taken");
        let Err(FileError::Unavailable(cause)) = broken.finish().await else { panic!("finished") };
        assert_eq!(cause.to_string(), "the file was broken off");
        let mut forgotten = writer();
        drop(futures_util::FutureExt::now_or_never(forgotten.write(&vec![0; PART])));
        assert!(forgotten.write(b"more").await.is_err(), "also when nobody waited for the answer");
    }

    #[test]
    fn c15_a_bucket_prints_no_secret() {
        assert!(!format!("{:?}", bucket("s3://AKIA:hush@files").unwrap()).contains("hush"));
    }
}
