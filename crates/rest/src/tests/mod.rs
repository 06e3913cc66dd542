//! The conventions, each tried through the whole application on a table of four operations about notes.

mod answers;
mod bodies;
mod callers;
mod cursors;
mod document;
mod edges;
mod idempotency;
mod logs;
mod notes;
mod notes_api;
mod service;
mod sockets;
