//! `GET /docs`, `GET /docs/` and `GET /docs/{file}`

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use utoipa_swagger_ui::SwaggerFile;

use crate::openapi::{Described, Sketch};
use crate::state::State;
use crate::{Env, Guard, Problem, Public, docs, operation};

/// A file of Swagger UI.
pub struct DocsFile(SwaggerFile<'static>);

impl Responder for DocsFile {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::new(StatusCode::OK);
        let headers = response.headers_mut();
        if let Ok(media) = HeaderValue::from_str(&self.0.content_type) {
            headers.insert(CONTENT_TYPE, media);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        if self.0.gzpipped {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response.set_body(self.0.bytes.into_owned()).map_into_boxed_body()
    }
}

impl Described for DocsFile {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_files(StatusCode::OK, "A file of the page.", &docs::MEDIA);
    }
}

/// The page of Swagger UI.
pub struct DocsPage(DocsFile);

/// What the page says first where mails do not leave.
const KEPT: &str = "<p role=\"note\" style=\"margin:0;padding:.75rem 1.25rem;background:#fff4d6;color:#4a3a00;\
    font:1rem/1.5 sans-serif\">Mails stay in the database of this server: set <code>SMTP_URL</code> to have them sent.</p>";

impl Responder for DocsPage {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.0.respond_to(request)
    }
}

impl Described for DocsPage {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_text(StatusCode::OK, "The page.", "text/html");
    }
}

/// The way to the page.
#[derive(Debug)]
pub struct Lead;

impl Responder for Lead {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::new(StatusCode::PERMANENT_REDIRECT);
        response.headers_mut().insert(LOCATION, HeaderValue::from_static(docs::PAGES));
        response
    }
}

impl Described for Lead {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_nothing(StatusCode::PERMANENT_REDIRECT, "The page is at another address.");
        sketch.answer_header(StatusCode::PERMANENT_REDIRECT, "Location", "Where the page is.");
    }
}

/// Lead to the documentation page
#[operation]
pub async fn find_docs(_guard: Guard<Public>) -> Lead {
    Lead
}

/// Show the documentation page
///
/// Swagger UI: every operation can be read and tried.
#[operation]
pub async fn show_docs(_guard: Guard<Public>, state: Env<State>) -> Result<DocsPage, Problem> {
    let mut file = docs::file("")?;
    if state.settings().keeps_mails && !file.gzpipped {
        let page = String::from_utf8_lossy(&file.bytes).replacen("<body>", &format!("<body>\n{KEPT}"), 1);
        file.bytes = page.into_bytes().into();
    }
    Ok(DocsPage(DocsFile(file)))
}

/// Show a file of the documentation page
#[operation]
pub async fn show_docs_file(_guard: Guard<Public>, name: web::Path<String>) -> Result<DocsFile, Problem> {
    docs::file(&name).map(DocsFile)
}
