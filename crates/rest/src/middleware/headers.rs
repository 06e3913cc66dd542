//! Security headers of every answer (C12).

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::docs;
use crate::pages;
use crate::state::State;

/// Nothing may be loaded or framed: answers are data.
const DATA: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Swagger UI loads its own files, sets styles on elements, and calls this server.
const DOCS: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The pages behind mailed links load their own files and call this server.
const PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

fn keep(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Adds what is missing.
pub(crate) async fn secure<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let policy = match request.path() {
        path if docs::is_page(path) => DOCS,
        path if pages::is_page(path) => PAGES,
        _ => DATA,
    };
    let is_https = request.app_data::<Data<State>>().is_some_and(|state| state.settings().is_https());
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    keep(headers, CONTENT_SECURITY_POLICY, policy);
    keep(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    keep(headers, X_FRAME_OPTIONS, "DENY");
    keep(headers, REFERRER_POLICY, "no-referrer");
    keep(headers, CACHE_CONTROL, "no-store");
    if is_https {
        keep(headers, STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    Ok(response)
}
