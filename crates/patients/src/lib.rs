#![doc = include_str!("../README.md")]

pub mod model;
pub mod permission;
pub mod ports;
pub mod usecase;

use std::sync::Arc;

use kernel::{Clock, Ids};

/// The registry: its ports, bundled.
#[derive(Clone)]
pub struct Patients {
    /// The store.
    pub db: Arc<dyn ports::PatientsDb>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

/// Imports: their ports, bundled.
#[derive(Clone)]
pub struct Imports {
    /// The store.
    pub db: Arc<dyn ports::imports::ImportsDb>,
    /// Where the files are kept.
    pub files: Arc<dyn kernel::FileStore>,
    /// Who reads them.
    pub tables: Arc<dyn ports::imports::TableSource>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}
