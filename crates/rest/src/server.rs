//! The application that the binary serves and that tests call in process.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Error, HttpRequest, HttpServer};

use crate::gate::{gate, stray};
use crate::middleware::{bound, present, secure, skip_small, strip_identity, trace};
use crate::operation::Entry;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::state::State;

/// The application of a state; `services` adds the ports of the contexts (`config.app_data(Data::from(..))`).
pub fn app(
    state: Data<State>,
    services: impl FnOnce(&mut ServiceConfig),
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let cors = cors(state.settings());
    App::new()
        .configure(|config| routes(config, state.table()))
        .configure(services)
        .app_data(state)
        .default_service(web::to(nowhere))
        .wrap(from_fn(bound))
        .wrap(cors)
        .wrap(from_fn(present))
        .wrap(from_fn(skip_small))
        .wrap(Compress::default())
        .wrap(from_fn(strip_identity))
        .wrap(from_fn(secure))
        .wrap(from_fn(trace))
}

/// One resource per path, so that another method is a 405.
fn routes(config: &mut ServiceConfig, table: &'static [Entry]) {
    let mut paths: BTreeMap<&'static str, Vec<&'static Entry>> = BTreeMap::new();
    for entry in table {
        paths.entry(entry.path()).or_default().push(entry);
    }
    for (path, entries) in paths {
        let methods: Vec<&str> = entries.iter().map(|entry| entry.method().as_str()).collect();
        let allowed = methods.join(", ");
        let mut resource = web::resource(path);
        for entry in entries {
            resource = resource.route(entry.route().wrap(from_fn(move |request, next| gate(entry, request, next))));
        }
        let refuse = move |request: HttpRequest, state: Data<State>| {
            let problem = Problem::method_not_allowed(&allowed);
            async move { Err::<&'static str, Problem>(stray(&state, &request).await.err().unwrap_or(problem)) }
        };
        config.service(resource.default_service(web::to(refuse)));
    }
}

async fn nowhere(request: HttpRequest, state: Data<State>) -> Result<&'static str, Problem> {
    stray(&state, &request).await?;
    Err(Problem::not_found())
}

fn cors(settings: &Settings) -> Cors {
    let mut cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            header::ACCEPT_LANGUAGE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
        ])
        .allowed_headers(["idempotency-key", "x-request-id", "traceparent", "x-csrf-token"])
        .expose_headers(["etag", "location", "retry-after", "x-request-id", "idempotency-replayed"])
        .expose_headers(["ratelimit", "ratelimit-policy", "www-authenticate"])
        .max_age(3_600);
    for origin in &settings.cors_origins {
        cors = cors.allowed_origin(origin);
    }
    if settings.cors_origins.is_empty() { cors } else { cors.supports_credentials() }
}

/// Answers on a listener. Await it; its handle stops it, after the requests in hand (at most the deadline) when asked to
/// be graceful. Signals are the caller's.
pub fn serve<F>(listener: TcpListener, state: Data<State>, services: F) -> std::io::Result<Server>
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let drain = state.settings().deadline.as_secs();
    HttpServer::new(move || app(state.clone(), services.clone()))
        .keep_alive(Duration::from_secs(75))
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(drain)
        .disable_signals()
        .listen(listener)
        .map(HttpServer::run)
}

/// Answers `/metrics`, and nothing else, on a listener of its own (`METRICS_ADDR`).
pub fn serve_metrics(listener: TcpListener, state: Data<State>) -> std::io::Result<Server> {
    HttpServer::new(move || {
        let open = web::get().to(async |state: Data<State>| crate::routes::system::show_metrics::exposition(&state));
        App::new().app_data(state.clone()).route("/metrics", open)
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .map(HttpServer::run)
}
