//! Values, entities and pure decisions: no clock, no port, no IO.

pub mod agenda;
pub mod appointment;
pub mod availability;
pub mod claim;
mod coded;
mod facts;
pub mod history;
pub mod interval;
pub mod local_time;
pub mod overbook;
pub mod patch;
pub mod placement;
pub mod pool;
pub mod practitioner;
pub mod reason;
pub mod requested_start;
#[cfg(test)]
mod samples;
pub mod schedule;
pub mod service;
pub mod situation;
pub mod slots;
pub mod status;
pub mod weekly;
pub mod words;
