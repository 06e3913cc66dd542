//! Values, entities and pure decisions: no clock, no port, no IO.

pub mod agenda;
pub mod appointment;
pub mod claim;
mod coded;
pub mod interval;
pub mod local_time;
pub mod placement;
pub mod practitioner;
pub mod reason;
pub mod requested_start;
#[cfg(test)]
mod samples;
pub mod schedule;
pub mod service;
pub mod slots;
pub mod status;
pub mod weekly;
pub mod words;
