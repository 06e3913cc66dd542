//! A real day: plays a file of real appointments against a running server, through HTTP alone.
//!
//! `real-day FILE` reads the CSV of the "Medical Appointment No Shows" data set (plain or `.csv.gz`) and lets 16
//! receptionists work through it at once: each patient is registered once, the free slots of the day are asked for, one
//! is booked, then the appointment is confirmed where the person came and cancelled where they did not. The dates are
//! moved by whole weeks into the future, so that weekdays stay what they were.
//!
//! The file names a health unit (its neighbourhood) per row. Clinics are made with a company and not through the API
//! yet, so a health unit is a group of practitioners of one clinic with a service of its own: as many as its busiest
//! day needs. The file has no time of day; any free slot of the day will do.
//!
//! At the end the database itself is asked (`--database-url`) whether two active appointments of one practitioner or
//! patient overlap and whether it holds exactly what was acknowledged. Ends with a failure when they do, when it does
//! not, when any answer was a 5xx, or when a request was refused for another reason than a taken slot.
//!
//! Start the server with `RATE_LIMITS=off`.
#![expect(clippy::print_stdout, reason = "the report is what this program is for")]

mod api;
mod calendar;
mod day;
mod ledger;
mod names;
mod proof;
mod rows;
mod stage;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use kernel::{Clock, SystemClock};

use crate::api::Desk;
use crate::calendar::Calendar;
use crate::day::Plan;
use crate::ledger::Ledger;
use crate::proof::Books;
use crate::rows::Rows;

/// What can go wrong in a client program: it is told and the program ends.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Plays a file of real appointments against a running server.
#[derive(Debug, Parser)]
pub struct Args {
    /// The data set, CSV or gzipped CSV.
    pub file: PathBuf,
    /// Where the server listens.
    #[arg(long, env = "SALUS_URL", default_value = "http://127.0.0.1:8080")]
    pub base_url: String,
    /// How many rows to play; all of them without this.
    #[arg(long)]
    pub rows: Option<usize>,
    /// Receptionists working at once.
    #[arg(long, default_value_t = 16)]
    pub receptionists: usize,
    /// An administrator to sign in as; without one a new company is signed up.
    #[arg(long, requires = "password")]
    pub email: Option<String>,
    /// The administrator's password.
    #[arg(long, requires = "email")]
    pub password: Option<String>,
    /// The server's database (`sqlite://…` or `postgres://…`), asked at the end; only read.
    #[arg(long, env = "SALUS_DATABASE_URL")]
    pub database_url: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match play(&Args::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("the day could not be played: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn play(args: &Args) -> Outcome<bool> {
    let rows = Rows::open(&args.file, args.rows)?;
    println!("{rows}");
    let ledger = Arc::new(Ledger::default());
    let account = stage::account(args);
    let mut admin = Desk::open(&args.base_url, &account, Arc::clone(&ledger)).await?;
    let books = match &args.database_url {
        Some(url) => Some(Books::open(url, admin.company()).await?),
        None => None,
    };
    let before = match &books {
        Some(books) => books.statuses().await?,
        None => proof::Statuses::default(),
    };
    let units = stage::set(&mut admin, &rows).await?;
    let practitioners: usize = units.iter().map(|unit| unit.practitioners).sum();
    let calendar = Calendar::after(SystemClock.now(), admin.clinic()?.zone()?, rows.first_day());
    println!("{} health units, {practitioners} practitioners, from {}", units.len(), calendar.day(rows.first_day()));

    let began = Instant::now();
    let plan = Arc::new(Plan::new(rows, units, calendar, Arc::clone(&ledger)));
    let worked = day::work(&plan, args, &account).await;
    ledger.print(began.elapsed());
    worked?;

    let mut sound = ledger.sound();
    match books {
        Some(books) => sound &= books.agree(&before, &ledger).await?,
        None => println!("the database was not asked: no --database-url"),
    }
    println!("{}", if sound { "sound" } else { "NOT sound" });
    Ok(sound)
}
