//! Why something was refused, in the words that every adapter understands.

use std::error::Error;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::idempotency::StoredReply;

/// The class of a refusal; one file of the HTTP adapter maps it to a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request cannot be read.
    Malformed,
    /// It can be read, but a value is not acceptable.
    Invalid,
    /// The caller is unknown.
    Unauthenticated,
    /// The caller is known, and may not.
    Forbidden,
    /// Not there, or not the caller's to know of.
    NotFound,
    /// It contradicts the present state.
    Conflict,
    /// The caller has seen an older version.
    Stale,
    /// A condition is required and absent.
    ConditionRequired,
    /// Too many requests.
    RateLimited,
    /// Not now; worth repeating.
    Unavailable,
    /// Our fault.
    Internal,
}

/// One bad place of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the body, or the name of a parameter.
    pub pointer: String,
    /// Stable code, see the catalogue.
    pub code: &'static str,
}

impl Fault {
    /// A fault at a JSON pointer such as `/start`.
    pub fn at(pointer: impl Into<String>, code: &'static str) -> Self {
        Self { pointer: pointer.into(), code }
    }
}

/// A typed refusal of a use case.
pub trait Refusal: Error {
    /// Its class.
    fn kind(&self) -> Kind;
    /// Its stable code, `context.reason` or a shared one.
    fn code(&self) -> &'static str;
    /// The bad places of the request, all at once.
    fn faults(&self) -> Vec<Fault> {
        Vec::new()
    }
    /// Further members of the problem document, such as alternatives; never personal data.
    fn details(&self) -> Map<String, Value> {
        Map::new()
    }
    /// The stored reply, when the refusal is that the request was answered before.
    fn replay(&self) -> Option<&StoredReply> {
        None
    }
}

/// What a store may answer besides its result.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A named constraint refused the write.
    #[error("constraint {0}")]
    Constraint(&'static str),
    /// Another transaction was in the way; the whole unit of work may be repeated.
    #[error("serialization failure")]
    Contended,
    /// The database cannot be reached, or has no room.
    #[error("store unavailable")]
    Unavailable(#[source] Option<Box<dyn Error + Send + Sync>>),
    /// The same idempotency key is being worked on.
    #[error("request in progress")]
    InProgress,
    /// The same idempotency key came with another body.
    #[error("idempotency key reused")]
    KeyReused,
    /// The request was answered before.
    #[error("request already answered")]
    Replay(Box<StoredReply>),
    /// Our fault: a statement that cannot run, a row that cannot be read.
    #[error("store failed")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// A failure that is ours.
    pub fn broken(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Broken(cause.into())
    }

    /// True when repeating the whole unit of work may succeed.
    pub fn is_contended(&self) -> bool {
        matches!(self, Self::Contended)
    }
}

impl Refusal for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Constraint(_) | Self::Broken(_) => Kind::Internal,
            Self::Contended | Self::Unavailable(_) => Kind::Unavailable,
            Self::InProgress | Self::Replay(_) => Kind::Conflict,
            Self::KeyReused => Kind::Invalid,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Constraint(_) | Self::Broken(_) => "internal",
            Self::Contended => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::InProgress => "request_in_progress",
            Self::KeyReused => "idempotency_key_reused",
            Self::Replay(_) => "already_answered",
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        match self {
            Self::Replay(reply) => Some(reply),
            _ => None,
        }
    }
}
