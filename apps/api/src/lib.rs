//! The application of the `salus` binary as a library, so that tests wire the same one in their own process.

pub mod chores;
pub mod cli;
pub mod commands;
pub mod demo;
pub mod duplicates;
pub mod ending;
pub mod imports;
pub mod logs;
pub mod metrics;
pub mod serve;
pub mod settings;
pub mod tasks;
pub mod wiring;
pub mod worker;
