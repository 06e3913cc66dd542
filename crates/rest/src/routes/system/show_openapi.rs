//! `GET /openapi.json`

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};

use crate::openapi::{Described, Sketch};
use crate::state::State;
use crate::{Env, Guard, Public, operation};

/// The document.
#[derive(Debug)]
pub struct Document(Bytes);

impl Responder for Document {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::new(StatusCode::OK);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response.set_body(self.0).map_into_boxed_body()
    }
}

impl Described for Document {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_object(StatusCode::OK, "This document.");
    }
}

/// Show this document
///
/// OpenAPI 3.1 of every operation.
#[operation]
pub async fn show_openapi(_guard: Guard<Public>, state: Env<State>) -> Document {
    Document(state.document().clone())
}
