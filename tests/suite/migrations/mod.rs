//! The schema: what the migrations give, and that every table stands behind its walls.

mod catalogue;
mod old_rows;
mod patient_tables;
mod snapshot;
mod start;
