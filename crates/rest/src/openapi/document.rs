//! The document as a whole.

use std::collections::BTreeSet;

use actix_web::http::Method;
use kernel::Kind;
use utoipa::openapi::path::{Operation as DocumentedOperation, PathItem};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Contact, Content, Info, License, OpenApi, Paths, RefOr, Responses, Server, Tag};

use super::responses;
use super::sketch::{Described as _, Sketch, SketchBody};
use crate::access::Access;
use crate::body;
use crate::cookies;
use crate::operation::{Entry, Gate, Operation, documented, is_repeatable};
use crate::params::Params;
use crate::problem::{HEAD_REFUSALS, NOT_ACCEPTABLE, ProblemDocument, status_of};
use crate::schema::{self, Schemas};

/// Where the operations are: where the document is, whatever the address it is called by.
pub const SERVER: &str = "/";

/// The parts of the API, as the tables name them.
const TAGS: [(&str, &str); 4] = [
    ("system", "Health, metrics and documentation of this server."),
    ("identity", "Companies, clinics, accounts and sessions."),
    ("patients", "The registry of patients."),
    ("scheduling", "Services, availability and appointments."),
];

const DESCRIPTION: &str = "The back end of a clinic: patients, appointments, and the people who work there.\n\n\
    Sign in with `POST /api/v1/auth/sign-in` and send the access token as a bearer token; pages of the same site may keep \
    the session in cookies instead (`transport: cookie`). Errors are problem documents \
    (RFC 9457) whose `code` is stable and whose `type` leads to a page that says what to do.";

/// What one operation of the table looks like in the document.
pub fn operation<O: Operation>(tag: &str, method: &Method, path: &str) -> DocumentedOperation {
    let mut sketch = Sketch::new();
    O::describe(&mut sketch);
    sketch.fill_path(path);
    sketch.request_id();
    if sketch.is_queryless(path) {
        <Params<()>>::describe(&mut sketch);
    }
    if sketch.is_bodyless(method) {
        body::describe_refusals(&mut sketch);
    }
    imply::<O>(&mut sketch, method);
    let access = <O::Guard as Gate>::ACCESS;
    let mut found = DocumentedOperation::new();
    found.tags = Some(vec![tag.to_owned()]);
    found.operation_id = Some(O::ID.to_owned());
    found.summary = Some(O::SUMMARY.to_owned());
    found.description = Some(described::<O>());
    found.security = Some(security(access, method));
    let permission = serde_json::Value::from(access.name());
    found.extensions = Some([("x-permission".to_owned(), permission)].into_iter().collect());
    found.request_body = sketch.body.take().map(|body| RefOr::T(request_body(body, method)));
    found.responses = answers(&sketch);
    found.parameters = Some(sketch.parameters.into_iter().map(RefOr::T).collect());
    found
}

/// What every operation of its sort may answer, whatever its parameters.
fn imply<O: Operation>(sketch: &mut Sketch, method: &Method) {
    for kind in O::REFUSES.iter().copied().chain([Kind::RateLimited, Kind::Internal, Kind::Unavailable]) {
        sketch.refuses(kind);
    }
    for status in HEAD_REFUSALS {
        sketch.refuses_with(status);
    }
    if !sketch.media().is_empty() {
        sketch.refuses_with(NOT_ACCEPTABLE);
    }
    if is_repeatable::<O>(method) {
        let description = "Makes a repeat safe: the same key with the same body gets the same answer.";
        let schema = schema::pattern("^[!-~]{1,255}$");
        if O::KEYED {
            sketch.required_header("Idempotency-Key", description, schema);
            sketch.refuses(Kind::ConditionRequired);
        } else {
            sketch.header("Idempotency-Key", description, schema);
        }
        for kind in [Kind::Malformed, Kind::Conflict, Kind::Invalid] {
            sketch.refuses(kind);
        }
    }
}

fn described<O: Operation>() -> String {
    if O::DESCRIPTION.is_empty() { format!("{}.", O::SUMMARY) } else { O::DESCRIPTION.to_owned() }
}

fn security(access: Access, method: &Method) -> Vec<SecurityRequirement> {
    let none: [&str; 0] = [];
    let cookie = SecurityRequirement::new("cookie", none);
    let by_cookie = if method.is_safe() { cookie } else { cookie.add("csrf", none) };
    match access {
        Access::Public => Vec::new(),
        Access::Operator => vec![SecurityRequirement::new("operator", none)],
        Access::Session | Access::Permission(_) => vec![SecurityRequirement::new("bearer", none), by_cookie],
    }
}

fn request_body(body: SketchBody, method: &Method) -> RequestBody {
    let mut content = Content::new(Some(body.schema));
    content.example = Some(body.sample);
    let mut found = RequestBody::new();
    found.required = Some(body.required);
    if *method == Method::PATCH {
        found.content.insert("application/merge-patch+json".to_owned(), RefOr::T(content.clone()));
    }
    found.content.insert(body.media.to_owned(), RefOr::T(content));
    found
}

fn answers(sketch: &Sketch) -> Responses {
    let mut found = Responses::new();
    for (status, response) in &sketch.answers {
        found.responses.insert(status.to_string(), RefOr::T(response.clone()));
    }
    for status in &sketch.refusals {
        if let Some(reference) = responses::reference(*status) {
            found.responses.insert(status.to_string(), RefOr::Ref(reference));
        }
    }
    found
}

/// The document of a table; the same table gives the same bytes.
pub fn document(table: &[Entry], server: &str) -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas = Schemas::default();
    let mut statuses = BTreeSet::from([status_of(Kind::Internal).as_u16()]);
    schemas.add_answer::<ProblemDocument>();
    for entry in table.iter().filter(|entry| entry.is_documented()) {
        let operation = (entry.document)();
        statuses.extend(operation.responses.responses.keys().filter_map(|status| status.parse::<u16>().ok()));
        let item = PathItem::new(documented(entry.method()), operation);
        match paths.paths.get_mut(entry.path()) {
            Some(known) => known.merge_operations(item),
            None => {
                paths.paths.insert(entry.path().to_owned(), item);
            }
        }
        schemas.absorb(entry.sketch().schemas);
    }
    let mut components = Components::new();
    components.responses = statuses.into_iter().filter_map(responses::named).collect();
    components.schemas = schemas.into_named();
    for (name, scheme) in security_schemes() {
        components.add_security_scheme(name, scheme);
    }
    let used: BTreeSet<&str> = table.iter().map(Entry::tag).collect();
    let mut document = OpenApi::new(info(), paths);
    document.servers = Some(vec![Server::new(server)]);
    document.components = Some(components);
    document.tags =
        Some(TAGS.iter().filter(|(name, _)| used.contains(name)).map(|(name, text)| tag(name, text)).collect());
    document
}

/// Names that two different schemas of a table share; must be empty.
pub fn clashes(table: &[Entry]) -> Vec<String> {
    let mut schemas = Schemas::default();
    schemas.add_answer::<ProblemDocument>();
    for entry in table {
        schemas.absorb(entry.sketch().schemas);
    }
    schemas.clashes().to_vec()
}

fn tag(name: &str, description: &str) -> Tag {
    let mut tag = Tag::new(name);
    tag.description = Some(description.to_owned());
    tag
}

fn info() -> Info {
    let mut info = Info::new("Salus", env!("CARGO_PKG_VERSION"));
    info.description = Some(DESCRIPTION.to_owned());
    let mut contact = Contact::new();
    contact.name = Some("Salus".to_owned());
    contact.url = Some("https://salus.example".to_owned());
    info.contact = Some(contact);
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    info
}

fn security_schemes() -> [(&'static str, SecurityScheme); 4] {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    bearer.description = Some("The access token of a session.".to_owned());
    let mut operator = Http::new(HttpAuthScheme::Bearer);
    operator.description = Some("The operator's token, from the settings.".to_owned());
    let cookie = "The same in a cookie, after a sign-in with `transport: cookie`.";
    let cookie = ApiKeyValue::with_description(cookies::ACCESS, cookie);
    let csrf = "What sign-in, refresh and `GET /api/v1/auth/me` gave as `csrf_token`, of the same session.";
    let csrf = ApiKeyValue::with_description("X-CSRF-Token", csrf);
    [
        ("bearer", SecurityScheme::Http(bearer)),
        ("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
        ("csrf", SecurityScheme::ApiKey(ApiKey::Header(csrf))),
        ("operator", SecurityScheme::Http(operator)),
    ]
}
