//! The problem document of RFC 9457 (C7).

use kernel::Fault;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::catalogue;
use crate::language::Language;

/// RFC 9457 problem document
///
/// `code` is stable; `title` and `detail` follow Accept-Language.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Address of a page that says what the code means and what to do.
    #[serde(rename = "type")]
    #[schema(format = "uri")]
    pub(super) kind: String,
    /// What happened, in a few words.
    pub(super) title: String,
    /// The HTTP status again.
    #[schema(minimum = 400, maximum = 599)]
    pub(super) status: u16,
    /// What to do about it.
    pub(super) detail: String,
    /// `urn:uuid:` and the request's id.
    #[schema(format = "uri")]
    pub(super) instance: String,
    /// Stable code for programs.
    pub(super) code: String,
    /// The request's id, as in the X-Request-Id header.
    pub(super) request_id: Uuid,
    /// Every bad place of the request.
    pub(super) errors: Vec<ProblemFault>,
    #[serde(flatten)]
    #[schema(ignore)]
    pub(super) details: Map<String, Value>,
}

/// One bad place of a request
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemFault {
    /// JSON pointer into the body, or the name of a parameter.
    pointer: String,
    /// Stable code for programs.
    code: String,
    /// What to do about it.
    detail: String,
}

impl ProblemFault {
    pub(super) fn of(fault: &Fault, language: Language) -> Self {
        let detail = catalogue::find(fault.code).map_or(fault.code, |meaning| meaning.advice.told_in(language));
        Self { pointer: fault.pointer.clone(), code: fault.code.to_owned(), detail: detail.to_owned() }
    }
}
