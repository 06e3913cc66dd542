#![doc = include_str!("../README.md")]

pub mod model;
pub mod permission;
pub mod ports;
pub mod usecase;

use std::sync::Arc;

use kernel::{Clock, Ids};

/// The agenda: its ports, bundled.
#[derive(Clone)]
pub struct Scheduling {
    /// The store.
    pub db: Arc<dyn ports::SchedulingDb>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}
