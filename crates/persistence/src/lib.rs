#![doc = include_str!("../README.md")]

mod access;
mod append;
mod canonical;
mod chain;
mod claims;
mod connection;
pub mod constraints;
mod data_keys;
mod database;
mod errors;
mod gate;
mod jobs;
mod long_statements;
mod meters;
mod migrate;
mod pools;
mod postgres;
mod reach;
mod readers;
mod rotate;
mod rows;
pub mod sealed;
mod sequencer;
mod session;
mod sqlite;
mod stores;
#[cfg(test)]
mod tests;
mod verify;
mod wake;

pub use database::{ConnectError, Database, Settings};
pub use meters::Meters;
pub use migrate::{migrate_status, migrate_up};
pub use reach::{Reachable, Reaching, Unrestricted};
pub use rotate::Rotated;
pub use sequencer::Sequencer;
pub use session::SeaTx;
pub use stores::{CaughtMail, FOLDED_AT_ONCE};
pub use verify::{Broken, Head, Verified};
