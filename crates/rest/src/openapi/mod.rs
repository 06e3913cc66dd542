//! The OpenAPI 3.1 document, made from the routes table (C2).

mod document;
mod responses;
mod sketch;

pub use document::{SERVER, clashes, document, operation};
pub use sketch::{Described, Sketch};
