//! The back end of a clinic.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use api::cli::Cli;
use api::commands::run;
use api::logs;
use clap::Parser;

fn main() -> ExitCode {
    let command = Cli::parse().asked();
    logs::panics_without_their_words();
    let done = actix_web::rt::System::new().block_on(run(command));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = error.source();
            while let Some(error) = cause {
                // Writing to a `String` cannot fail.
                let _ = write!(text, ": {error}");
                cause = error.source();
            }
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "salus: {text}");
            ExitCode::FAILURE
        }
    }
}
