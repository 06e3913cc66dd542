//! The figures of `tests/README.md`: runs every pair in one go and prints the ratios beside their bars.
//!
//! Starts all it needs itself and stops it again: a private `PostgreSQL` on a loopback port with durability on (as `postgres`
//! when run by root), `pgbench` of the same installation, and `target/release/salus` on both databases. The load comes
//! from one thread of this program over 64 connections that stay open. Server, database and load share the machine, so
//! the absolute numbers are pessimistic and the ratios are what counts.
//!
//! The bench company has a service that can be booked 4,000 days ahead, practitioners open around the clock, and 20,000
//! patients that bookings pick from at random; nine more companies stand beside it, a million patients in all.
//!
//! `bench patients` measures the figures of the registry, see [`registry`].
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what this program is for")]

mod build;
mod company;
mod drive;
mod load;
mod office;
mod patients;
mod pgbench;
mod postgres;
mod registry;
mod rounds;
mod server;
mod sign_in;
mod site;
mod table;
mod wire;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::registry::Registry;
use crate::rounds::Bench;

/// What can go wrong in a client program: it is told and the program ends.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures the figures and prints them beside their bars.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    args: Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The registry: search, lists, statistics, creation, import and matching
    Patients(registry::Args),
}

/// What `bench` alone measures, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The server to measure.
    #[arg(long, default_value = "target/release/salus")]
    pub salus: PathBuf,
    /// Length of one run.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Runs of each kind; the median counts.
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Connections of the load.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Patients of each of the ten companies.
    #[arg(long, default_value_t = 100_000)]
    pub patients: usize,
    /// Practitioners of the bench company.
    #[arg(long, default_value_t = 200)]
    pub practitioners: usize,
    /// Measures nothing: leaves a loaded server running on `PostgreSQL` for other load programs until standard input
    /// ends, and writes into this folder what they need (`company.json`, `patients.txt`, `practitioners.txt`).
    #[arg(long)]
    pub hold: Option<PathBuf>,
    /// What to leave out.
    #[arg(long, value_delimiter = ',')]
    pub skip: Vec<Part>,
}

/// A part of the measurement that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Everything on `PostgreSQL`.
    Postgres,
    /// Everything on `SQLite`.
    Sqlite,
    /// Signing in.
    SignIn,
    /// The time of `cargo build` after a change.
    Build,
}

fn main() -> ExitCode {
    let Cli { args, command } = Cli::parse();
    let done = match (command, args.hold.clone()) {
        (Some(Command::Patients(args)), _) => Registry::new(args).and_then(Registry::run).map(Some),
        (None, Some(folder)) => Bench::new(args).and_then(|bench| bench.hold(&folder)).map(|()| None),
        (None, None) => Bench::new(args).and_then(Bench::run).map(Some),
    };
    let done = done.map(|table| table.into_iter().for_each(|table| println!("{table}")));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("no figures: {error}");
            ExitCode::FAILURE
        }
    }
}
