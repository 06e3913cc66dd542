//! Limits on the head of a request (C13).

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use crate::problem::Problem;

/// The longest path and query string together, in bytes.
const ADDRESS: usize = 8 * 1024;

/// The largest sum of header names and values, in bytes.
const HEADERS: usize = 32 * 1024;

/// Refuses oversized heads.
pub(crate) async fn bound<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let address = request.path().len() + request.query_string().len();
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let problem = if address > ADDRESS {
        Problem::long_address()
    } else if headers > HEADERS {
        Problem::long_headers()
    } else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    Ok(request.error_response(problem))
}
