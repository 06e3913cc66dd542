//! Files that come as a form (`multipart/form-data`): streamed into the file store as they arrive, with texts beside them.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use actix_multipart::{Field, Multipart};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use kernel::{Fault, FileKey, FileStore, StoredFile};
use serde_json::Value;

use crate::body;
use crate::guard::Digest;
use crate::idempotency::sha256;
use crate::openapi::Sketch;
use crate::problem::Problem;

/// The largest file, in bytes (C13).
pub const MAX_FILE: u64 = 25 * 1024 * 1024;
/// The longest text beside it, in bytes.
const MAX_TEXT: usize = 64 * 1024;
/// What the form takes beside its file, in bytes: more is not even read.
const MAX_MARGIN: u64 = 512 * 1024;
/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 200;
/// The field of the file.
const FILE: &str = "file";

/// A form whose fields have not been read yet.
pub struct Upload {
    form: Multipart,
    announced: u64,
}

/// A form whose file was stored.
#[derive(Debug)]
pub struct Received {
    /// The file.
    pub stored: StoredFile,
    /// The name that it came with, without a path; never used as one.
    pub file_name: String,
    texts: BTreeMap<String, String>,
}

impl Upload {
    /// Reads the form: its file goes to the store under this key, piece by piece. What is refused leaves nothing there.
    pub async fn receive(mut self, files: &dyn FileStore, key: &FileKey, known: &[&str]) -> Result<Received, Problem> {
        if self.announced > MAX_FILE + MAX_MARGIN {
            return Err(Problem::too_large());
        }
        let received = self.read(files, key, known).await;
        if received.is_err() {
            // The refusal counts; what stays of the file is but room lost.
            let _ = files.delete(key).await;
        }
        received
    }

    async fn read(&mut self, files: &dyn FileStore, key: &FileKey, known: &[&str]) -> Result<Received, Problem> {
        let (mut file, mut texts, mut faults) = (None, BTreeMap::new(), Vec::new());
        let mut margin = MAX_MARGIN;
        while let Some(field) = self.form.next().await {
            let mut field = field.map_err(|error| malformed(&error))?;
            let name = field.name().unwrap_or_default().to_owned();
            if name == FILE && file.is_none() {
                let file_name = file_name(&field);
                file = Some((store(&mut field, files, key).await?, file_name));
            } else if known.contains(&name.as_str()) && !texts.contains_key(&name) {
                let text = text(&mut field, &mut margin).await?;
                if text.len() > MAX_TEXT {
                    faults.push(Fault::at(format!("/{name}"), "too_long"));
                } else if text.contains('\0') {
                    faults.push(Fault::at(format!("/{name}"), "control_character"));
                }
                texts.insert(name, text);
            } else {
                let again = name == FILE || texts.contains_key(&name);
                faults.push(Fault::at(format!("/{name}"), if again { "duplicate" } else { "unknown_field" }));
                text(&mut field, &mut margin).await?;
            }
        }
        match file {
            Some((stored, file_name)) if faults.is_empty() => Ok(Received { stored, file_name, texts }),
            Some(_) => Err(Problem::invalid(faults)),
            None => {
                faults.push(Fault::at("/file", "required"));
                Err(Problem::invalid(faults))
            }
        }
    }
}

impl Received {
    /// The text of a field; a blank one is absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

impl Digest for Received {
    fn digest(&self) -> [u8; 32] {
        let mut parts = vec![self.stored.sha256.to_vec(), self.file_name.clone().into_bytes()];
        for (name, text) in &self.texts {
            parts.extend([name.clone().into_bytes(), text.clone().into_bytes()]);
        }
        let framed = parts.into_iter().flat_map(|part| [sha256(&part).to_vec()].concat());
        sha256(&framed.collect::<Vec<u8>>())
    }
}

async fn store(field: &mut Field, files: &dyn FileStore, key: &FileKey) -> Result<StoredFile, Problem> {
    let mut writer = files.create(key).await?;
    let mut size = 0_u64;
    while let Some(piece) = field.next().await {
        let piece = piece.map_err(|error| malformed(&error))?;
        size += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if size > MAX_FILE {
            return Err(Problem::too_large());
        }
        writer.write(&piece).await?;
    }
    Ok(writer.finish().await?)
}

/// A text to its end, as far as what is left beside the file takes it.
async fn text(field: &mut Field, left: &mut u64) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.next().await {
        let piece = piece.map_err(|error| malformed(&error))?;
        let size = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        *left = left.checked_sub(size).ok_or_else(Problem::too_large)?;
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|error| malformed(&error))
}

/// The last part of the name that a browser gives, which may be a path of either sort.
fn file_name(field: &Field) -> String {
    let given = field.content_disposition().and_then(|about| about.get_filename()).unwrap_or_default();
    plain_name(given)
}

fn plain_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let sound: String = last.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    match sound.trim() {
        "" | "." | ".." => "file".to_owned(),
        name => name.to_owned(),
    }
}

fn malformed(error: &dyn std::error::Error) -> Problem {
    Problem::malformed("malformed_request").because(error)
}

impl FromRequest for Upload {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media != "multipart/form-data" {
            return ready(Err(Problem::unsupported_media_type()));
        }
        let announced = header(CONTENT_LENGTH).parse().unwrap_or(0);
        ready(Ok(Self { form: Multipart::new(request.headers(), payload.take()), announced }))
    }
}

/// Says that an operation takes a file with these texts beside it.
pub(crate) fn describe(sketch: &mut Sketch, fields: &[(&str, &str)], required: &[&str], sample: Value) {
    sketch.upload(FILE, fields, required, sample);
    body::describe_refusals(sketch);
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("announced", &self.announced).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt8_a_file_name_loses_its_path() {
        for (given, name) in [
            ("pacientes.csv", "pacientes.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\Ana\\pacientes 2026.xlsx", "pacientes 2026.xlsx"),
            ("a\u{0}b\r\nc.csv", "abc.csv"),
            ("..", "file"),
            ("/", "file"),
            ("", "file"),
        ] {
            assert_eq!(plain_name(given), name);
        }
        assert_eq!(plain_name(&"x".repeat(500)).len(), LONGEST_NAME);
    }
}
