//! Every failing answer becomes a problem document in the caller's language, whoever made it.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::trace::RequestId;
use crate::language::Language;
use crate::problem::Problem;
use crate::state::State;

/// Writes the documents, and logs the causes once.
pub(crate) async fn present<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let language = Language::of(request.headers());
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let problem = match response.error().and_then(|error| error.as_error::<Problem>()) {
        Some(problem) => problem.clone(),
        None => Problem::of_status(status),
    };
    log(&problem, response.error());
    let id = RequestId::of(&request).map(|id| id.0).unwrap_or_default();
    let base = request.app_data::<Data<State>>().map_or("", |state| state.settings().public_url.as_str());
    let mut told = problem.response(language, id, base);
    for (name, value) in response.headers() {
        if !told.headers().contains_key(name) {
            told.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(ServiceResponse::new(request, told))
}

fn log(problem: &Problem, error: Option<&Error>) {
    let foreign = error.filter(|error| error.as_error::<Problem>().is_none()).map(ToString::to_string);
    let cause = problem.cause().or(foreign.as_deref());
    if problem.status().is_server_error() {
        tracing::error!(code = problem.code(), cause, "request failed");
    } else {
        tracing::debug!(code = problem.code(), cause, "request refused");
    }
}
