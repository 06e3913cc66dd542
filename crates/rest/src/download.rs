//! Files and tables on their way out.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use actix_web::{Error, HttpRequest, HttpResponse, Responder, web};
use futures_util::stream::{self, Stream, StreamExt};
use kernel::FileReader;

use crate::openapi::{Described, Sketch};

/// A stored file as it came, to be saved and never shown.
pub struct FileAnswer {
    file: Box<dyn FileReader>,
    name: String,
}

/// The media type of files that nobody here vouches for.
const OCTETS: &str = "application/octet-stream";

impl FileAnswer {
    /// A file under the name it came with.
    pub fn new(file: Box<dyn FileReader>, name: String) -> Self {
        Self { file, name }
    }
}

impl Responder for FileAnswer {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let pieces = stream::unfold(self.file, |mut file| async move {
            match file.read().await {
                Ok(Some(piece)) => Some((Ok(web::Bytes::from(piece)), file)),
                Ok(None) => None,
                Err(error) => Some((Err(Error::from(crate::Problem::internal().because(&error))), file)),
            }
        });
        streamed(OCTETS, &self.name, pieces)
    }
}

impl Described for FileAnswer {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_files(StatusCode::OK, "The file.", &[OCTETS]);
        sketch.example(StatusCode::OK, OCTETS, "Nome;Telefone\r\nMaria da Silva;(27) 99999-0000\r\n");
    }
}

/// A stream to be saved under a name.
pub(crate) fn streamed(
    media: &'static str,
    name: &str,
    pieces: impl Stream<Item = Result<web::Bytes, Error>> + 'static,
) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static(media)));
    response.insert_header((CONTENT_DISPOSITION, disposition(name)));
    // A reader that fails breaks the answer off, so that nobody takes a part for the whole.
    response.streaming(pieces.boxed_local())
}

/// `attachment` with the name twice: as ASCII for old clients, and as it is, percent-encoded (RFC 6266).
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' }).collect();
    let encoded: String = name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b".-_".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.extend(
                [byte >> 4, byte & 15]
                    .into_iter()
                    .filter_map(|digit| char::from_digit(digit.into(), 16))
                    .map(|c| c.to_ascii_uppercase()),
            );
        }
        text
    });
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// A field of a CSV file: quoted where it must be, and with an apostrophe before what a spreadsheet would take for a formula.
pub(crate) fn csv_field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if text.contains(['"', ',', ';', '\n', '\r', '\t']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

impl std::fmt::Debug for FileAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileAnswer(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt8_no_name_leaves_its_quotes() {
        assert_eq!(disposition("a.csv"), "attachment; filename=\"a.csv\"; filename*=UTF-8''a.csv");
        assert_eq!(
            disposition("é\"\r\nX: 1.csv"),
            "attachment; filename=\"____X_ 1.csv\"; filename*=UTF-8''%C3%A9%22%0D%0AX%3A%201.csv"
        );
    }

    #[test]
    fn pt8_formulas_are_neutralised_and_separators_quoted() {
        for (text, field) in [
            ("Ana", "Ana"),
            ("Souza, Ana", "\"Souza, Ana\""),
            ("a\"b", "\"a\"\"b\""),
            ("=1+1", "'=1+1"),
            ("+5527", "'+5527"),
            ("-1", "'-1"),
            ("@SUM(A1),2", "\"'@SUM(A1),2\""),
            ("\tx", "\"'\tx\""),
        ] {
            assert_eq!(csv_field(text), field);
        }
    }
}
