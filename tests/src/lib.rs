//! What the client programs of this package share; the suite itself is in `suite/`.

pub mod measure;
