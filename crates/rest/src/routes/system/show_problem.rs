//! `GET /problems/{code}`

use std::fmt::Write;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder, web};

use crate::catalogue::{self, Meaning};
use crate::language::Language;
use crate::openapi::{Described, Sketch};
use crate::{Guard, Problem, Public, operation};

const MEDIA_TYPE: &str = "text/html; charset=utf-8";

/// A page about one code.
#[derive(Debug)]
pub struct ProblemPage(&'static Meaning);

impl ProblemPage {
    /// The page; the words are ours, so nothing in them needs escaping but quotes and ampersands, which have none.
    fn html(&self, language: Language) -> String {
        let Meaning { code, title, advice } = self.0;
        let (title, advice, tag) = (title.told_in(language), advice.told_in(language), language.tag());
        let mut page = String::new();
        let written = write!(
            page,
            "<!doctype html>\n<html lang=\"{tag}\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <h1>{title}</h1>\n<p>{advice}</p>\n<p><code>{code}</code></p>\n</html>\n"
        );
        written.map(|()| page).unwrap_or_default()
    }
}

impl Responder for ProblemPage {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let language = Language::of(request.headers());
        let mut response = HttpResponse::new(StatusCode::OK);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response.headers_mut().insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        response.set_body(self.html(language)).map_into_boxed_body()
    }
}

impl Described for ProblemPage {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_text(StatusCode::OK, "A page in the reader's language.", "text/html");
    }
}

/// Show what a problem's code means
///
/// The `type` of every problem document leads here.
#[operation]
pub async fn show_problem(_guard: Guard<Public>, code: web::Path<String>) -> Result<ProblemPage, Problem> {
    catalogue::find(&code).map(ProblemPage).ok_or_else(Problem::not_found)
}
