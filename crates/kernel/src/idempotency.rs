//! Repeating a request safely: the claim a request makes, and the reply that is kept for its repeat.

use uuid::Uuid;

/// A request's `Idempotency-Key`, bound to its caller, its route and its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Membership or API key.
    pub caller: Uuid,
    /// Operation id of the route.
    pub route: &'static str,
    /// SHA-256 of the key.
    pub key: [u8; 32],
    /// SHA-256 of the request's body.
    pub body: [u8; 32],
}

/// The answer to a request, rendered before COMMIT: what is sent is what is stored, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// HTTP status, 2xx.
    pub status: u16,
    /// Path of the resource that was made.
    pub location: Option<String>,
    /// Strong entity tag, quotes included.
    pub etag: Option<String>,
    /// JSON, or empty.
    pub body: Vec<u8>,
}

/// How a committed value is answered: pure, so that it can run before COMMIT.
pub type Reply<T> = fn(&T) -> StoredReply;

/// The reply of work that nobody waits for.
pub fn unheard<T>(_: &T) -> StoredReply {
    StoredReply { status: 204, location: None, etag: None, body: Vec::new() }
}
