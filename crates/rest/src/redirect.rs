//! Answers that send a browser elsewhere.

use actix_web::body::BoxBody;
use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};

use crate::openapi::{Described, Sketch};
use crate::problem::Problem;

/// 303: the browser goes there with a GET, whatever it came with.
#[must_use]
#[derive(Debug)]
pub struct Redirect {
    address: String,
    cookie: Option<Cookie<'static>>,
}

impl Redirect {
    /// To this address, which is ASCII without spaces.
    pub fn to(address: String) -> Self {
        Self { address, cookie: None }
    }

    /// With a cookie to keep.
    pub(crate) fn keeping(self, cookie: Cookie<'static>) -> Self {
        Self { cookie: Some(cookie), ..self }
    }
}

impl Responder for Redirect {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let address = match HeaderValue::from_str(&self.address) {
            Ok(address) => address,
            Err(error) => return HttpResponse::from_error(Problem::internal().because(&error)),
        };
        let mut response = HttpResponse::new(StatusCode::SEE_OTHER);
        response.headers_mut().insert(LOCATION, address);
        let kept = self.cookie.map(|cookie| response.add_cookie(&cookie));
        match kept {
            Some(Err(error)) => HttpResponse::from_error(Problem::internal().because(&error)),
            _ => response,
        }
    }
}

impl Described for Redirect {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_nothing(StatusCode::SEE_OTHER, "Go there.");
        sketch.answer_header(StatusCode::SEE_OTHER, "Location", "Where.");
        sketch.answer_header(StatusCode::SEE_OTHER, "Set-Cookie", "What binds the sign-in to this browser.");
    }
}
