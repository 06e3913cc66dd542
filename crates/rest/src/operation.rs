//! What stands behind one line of the routes table.

use std::fmt;
use std::sync::OnceLock;

pub use actix_web::Route;
use actix_web::http::Method;
pub use kernel::Kind;
use utoipa::openapi::path::HttpMethod;

use crate::access::{Access, Caller};
use crate::guard::Guard;
use crate::limits::Class;
use crate::openapi::{Described, Sketch};

/// One operation of the API; made by `#[operation]`.
pub trait Operation: 'static {
    /// Its first parameter, which says who may call it.
    type Guard: Gate;
    /// `verb_noun`, unique.
    const ID: &'static str;
    /// One line.
    const SUMMARY: &'static str;
    /// The rest of the doc comment; may be empty.
    const DESCRIPTION: &'static str;
    /// Which bucket its requests are taken from, besides the caller's.
    const CLASS: Class;
    /// Whether its answer carries a secret, so that it is never stored for a repeat.
    const SECRET: bool;
    /// Whether it changes nothing, whatever its method, so that there is nothing to repeat.
    const READS: bool;
    /// Whether a message leaves by it, so that it needs an `Idempotency-Key` (C10); only where one is honoured.
    const KEYED: bool;
    /// Kinds of refusal that its parameters do not imply.
    const REFUSES: &'static [Kind];

    /// Puts the handler behind a route.
    fn mount(route: Route) -> Route;
    /// Describes parameters and answers.
    fn describe(sketch: &mut Sketch);
}

/// Only guards are gates, so the first parameter of an operation is one.
pub trait Gate: Described {
    /// Who may pass.
    const ACCESS: Access;
}

impl<C: Caller> Gate for Guard<C> {
    const ACCESS: Access = C::ACCESS;
}

/// One line of the routes table.
pub struct Entry {
    id: &'static str,
    tag: &'static str,
    method: Method,
    path: &'static str,
    access: Access,
    class: Class,
    repeatable: bool,
    keyed: bool,
    outline: OnceLock<Outline>,
    mount: fn(Route) -> Route,
    sketch: fn() -> Sketch,
    pub(crate) document: fn() -> utoipa::openapi::path::Operation,
}

/// What a request has to know of an operation's description. It is drawn on the operation's first request: drawing all of them
/// would take most of the time that a server needs to start.
#[derive(Debug)]
struct Outline {
    queryless: bool,
    bodyless: bool,
    media: Vec<&'static str>,
}

impl Entry {
    /// The line of an operation; `P` is its description for utoipa.
    pub fn of<O: Operation, P: utoipa::Path>(tag: &'static str, method: Method, path: &'static str) -> Self {
        let access = <O::Guard as Gate>::ACCESS;
        Self {
            id: O::ID,
            tag,
            path,
            access,
            class: O::CLASS,
            repeatable: is_repeatable::<O>(&method),
            keyed: O::KEYED,
            outline: OnceLock::new(),
            method,
            mount: O::mount,
            sketch: sketch::<O>,
            document: P::operation,
        }
    }

    /// `verb_noun`, unique.
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The part of the API that it belongs to.
    pub fn tag(&self) -> &'static str {
        self.tag
    }

    /// Its method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Its path template, such as `/api/v1/patients/{patient_id}`.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Who may call it.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Which bucket its requests are taken from, besides the caller's.
    pub fn class(&self) -> Class {
        self.class
    }

    /// True when it is in the OpenAPI document: all but the files of the documentation page itself.
    pub fn is_documented(&self) -> bool {
        !crate::docs::is_page(self.path) && !crate::pages::is_page(self.path)
    }

    /// True when it honours `Idempotency-Key`.
    pub fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    /// True when it is refused without an `Idempotency-Key`.
    pub fn is_keyed(&self) -> bool {
        self.keyed
    }

    /// True when every query parameter is unknown to it, and so refused (C3).
    pub(crate) fn is_queryless(&self) -> bool {
        self.outline().queryless
    }

    /// True when it takes no body, and so refuses any but `{}` (C3).
    pub fn is_bodyless(&self) -> bool {
        self.outline().bodyless
    }

    /// The media types of its succeeding answers; empty when they have no body.
    pub fn media(&self) -> &[&'static str] {
        &self.outline().media
    }

    /// What the operation finds wrong with its own example; must be nothing.
    pub fn sample_faults(&self) -> Vec<kernel::Fault> {
        self.sketch().body.map(|body| body.faults).unwrap_or_default()
    }

    pub(crate) fn route(&self) -> Route {
        (self.mount)(Route::new().method(self.method.clone()))
    }

    pub(crate) fn sketch(&self) -> Sketch {
        (self.sketch)()
    }

    fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| {
            let sketch = self.sketch();
            Outline {
                queryless: sketch.is_queryless(self.path),
                bodyless: sketch.is_bodyless(&self.method),
                media: sketch.media(),
            }
        })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.path, self.id)
    }
}

/// C10: `POST`s of signed-in callers that change something and whose answer carries no secret.
pub(crate) fn is_repeatable<O: Operation>(method: &Method) -> bool {
    *method == Method::POST && <O::Guard as Gate>::ACCESS.needs_session() && !O::SECRET && !O::READS
}

fn sketch<O: Operation>() -> Sketch {
    let mut sketch = Sketch::new();
    O::describe(&mut sketch);
    sketch
}

/// The method in utoipa's words.
pub fn documented(method: &Method) -> HttpMethod {
    match method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// The routes table: `tag: [ METHOD "/path" => operation, ]`, one line per operation.
#[macro_export]
macro_rules! routes {
    ($($tag:ident: [$($method:ident $path:literal => $operation:path),* $(,)?])*) => {{
        let mut entries: Vec<$crate::operation::Entry> = Vec::new();
        $($({
            struct Line;
            impl ::utoipa::Path for Line {
                fn methods() -> Vec<::utoipa::openapi::path::HttpMethod> {
                    vec![$crate::operation::documented(&::actix_web::http::Method::$method)]
                }
                fn path() -> String {
                    $path.to_owned()
                }
                fn operation() -> ::utoipa::openapi::path::Operation {
                    let method = ::actix_web::http::Method::$method;
                    $crate::openapi::operation::<$operation>(stringify!($tag), &method, $path)
                }
            }
            let method = ::actix_web::http::Method::$method;
            entries.push($crate::operation::Entry::of::<$operation, Line>(stringify!($tag), method, $path));
        })*)*
        entries
    }};
}
