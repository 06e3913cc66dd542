//! The wait of a developer: `cargo build` after a change in a domain crate.

use std::fs::File;
use std::process::Command;
use std::time::{Instant, SystemTime};

use crate::Outcome;
use crate::postgres::output;

/// A file of a domain crate; touching it rebuilds that crate and all above it, and links the server.
const CHANGED: &str = "crates/scheduling/src/lib.rs";

/// Seconds that `cargo build` takes after `touch crates/scheduling/src/lib.rs`, when all else is built.
pub fn after_a_change() -> Outcome<f64> {
    output(Command::new("cargo").args(["build", "--quiet"]))?;
    File::options().append(true).open(CHANGED)?.set_modified(now())?;
    let began = Instant::now();
    output(Command::new("cargo").args(["build", "--quiet"]))?;
    Ok(began.elapsed().as_secs_f64())
}

#[expect(clippy::disallowed_methods, reason = "the time stamp of a file, not a time of the domain")]
fn now() -> SystemTime {
    SystemTime::now()
}
