//! `GET /verify-email`, `GET /reset-password`, `GET /accept-invitation` and `GET /pages/{page_file}`

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderValue, VARY};
use actix_web::{HttpRequest, HttpResponse, Responder, web};

use crate::language::Language;
use crate::openapi::{Described, Sketch};
use crate::pages::{self, Page};
use crate::state::State;
use crate::{Env, Guard, Problem, Public, operation};

/// A page in the reader's language.
#[derive(Debug)]
pub struct LinkPage(Page);

/// A file of the pages.
#[derive(Debug)]
pub struct PageFile(&'static str, &'static str);

impl LinkPage {
    /// The page, unless mails lead to another application.
    fn here(page: Page, state: &State) -> Result<Self, Problem> {
        if state.settings().serves_pages { Ok(Self(page)) } else { Err(Problem::not_found()) }
    }
}

impl Responder for LinkPage {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let language = Language::of(request.headers());
        let mut response = HttpResponse::new(StatusCode::OK);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(VARY, HeaderValue::from_static("accept-language"));
        response.set_body(self.0.html(language)).map_into_boxed_body()
    }
}

impl Described for LinkPage {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_text(StatusCode::OK, "A page in the reader's language.", "text/html");
    }
}

impl Responder for PageFile {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::new(StatusCode::OK);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.0));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        response.set_body(self.1).map_into_boxed_body()
    }
}

impl Described for PageFile {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_files(StatusCode::OK, "A file of the pages.", &pages::MEDIA);
    }
}

/// Show the page that verifies an e-mail address
///
/// The link of a mail leads here, with its token in the fragment; not served where `APP_URL` names another application.
#[operation(refuses(NotFound))]
pub async fn show_email_verification(_guard: Guard<Public>, state: Env<State>) -> Result<LinkPage, Problem> {
    LinkPage::here(Page::VerifyEmail, &state)
}

/// Show the page that sets a new password
///
/// The link of a mail leads here, with its token in the fragment; not served where `APP_URL` names another application.
#[operation(refuses(NotFound))]
pub async fn show_password_reset(_guard: Guard<Public>, state: Env<State>) -> Result<LinkPage, Problem> {
    LinkPage::here(Page::ResetPassword, &state)
}

/// Show the page that accepts an invitation
///
/// The link of a mail leads here, with its token in the fragment; not served where `APP_URL` names another application.
#[operation(refuses(NotFound))]
pub async fn show_invitation_acceptance(_guard: Guard<Public>, state: Env<State>) -> Result<LinkPage, Problem> {
    LinkPage::here(Page::AcceptInvitation, &state)
}

/// Show a file of the pages that links lead to
#[operation]
pub async fn show_page_file(_guard: Guard<Public>, name: web::Path<String>) -> Result<PageFile, Problem> {
    pages::file(&name).map(|(media, text)| PageFile(media, text)).ok_or_else(Problem::not_found)
}
