//! The schema: what the migrations give, and that every table stands behind its walls.

mod catalogue;
mod snapshot;
mod start;
