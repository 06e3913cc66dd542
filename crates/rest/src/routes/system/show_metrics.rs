//! `GET /metrics`

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder};

use crate::access::Operator;
use crate::metrics;
use crate::openapi::{Described, Sketch};
use crate::state::State;
use crate::{Env, Guard, operation};

/// The exposition.
#[derive(Debug)]
pub struct Exposition(String);

/// What the metrics of a state are now.
pub(crate) fn exposition(state: &State) -> Exposition {
    Exposition(state.metrics().render())
}

impl Responder for Exposition {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::new(StatusCode::OK);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(metrics::MEDIA_TYPE));
        response.set_body(self.0).map_into_boxed_body()
    }
}

impl Described for Exposition {
    fn describe(sketch: &mut Sketch) {
        sketch.answers_text(StatusCode::OK, "Metrics as text.", metrics::MEDIA_TYPE);
    }
}

/// Show the metrics of this node
///
/// Prometheus reads them, with the operator's token or on a listener of their own.
#[operation]
pub async fn show_metrics(_guard: Guard<Operator>, state: Env<State>) -> Exposition {
    exposition(&state)
}
