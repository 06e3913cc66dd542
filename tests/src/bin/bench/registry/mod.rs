//! The figures of the registry: a million patients in one company on `PostgreSQL` and a tenth of them on `SQLite`, asked over HTTP.
//!
//! What is derived from a record (words to search, facets, keys of matching, counts) is written by the product's own code,
//! only without HTTP. Percentiles are those of the median run. Searches, lists and creations come over 16 connections;
//! statistics and matching, which one person at a desk asks for, over [`CALM`].
//!
//! A create rate is held against the foundation's when its release binary is named: the same requests, database, number of
//! records and connections, one after the other.

mod asks;
mod fill;
mod import;
mod names;
mod people;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::tests::measure::median;
use tempfile::TempDir;

use self::asks::Desk;
use crate::drive::{self, Load, Make};
use crate::postgres::Cluster;
use crate::server::Salus;
use crate::site::Site;
use crate::table::{Bar, Table};
use crate::{Outcome, load};

/// Callers side by side where a figure is not for a storm.
const CALM: usize = 4;
/// Patients of the company on `SQLite`, and rows of the import, of as many on `PostgreSQL`.
const OF_SQLITE: u64 = 10;

/// What is measured, and how.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The server to measure.
    #[arg(long, default_value = "target/release/salus")]
    pub salus: PathBuf,
    /// The server of the foundation, whose create rate ours is held against.
    #[arg(long)]
    pub foundation: Option<PathBuf>,
    /// Length of one run.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Runs of each kind; the median counts.
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Connections of the load.
    #[arg(long, default_value_t = 16)]
    pub connections: usize,
    /// Patients on `PostgreSQL`; a tenth of them on `SQLite` and in the file that is imported.
    #[arg(long, default_value_t = 1_000_000)]
    pub patients: u64,
    /// What to leave out.
    #[arg(long, value_delimiter = ',')]
    pub skip: Vec<Part>,
}

/// A part that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Everything on `PostgreSQL`.
    Postgres,
    /// Everything on `SQLite` but the import.
    Sqlite,
    /// The import.
    Import,
}

/// A measurement.
#[derive(Debug)]
pub struct Registry {
    args: Args,
    salus: PathBuf,
    home: TempDir,
    table: Table,
}

impl Registry {
    /// A measurement of which nothing is done yet.
    pub fn new(args: Args) -> Outcome<Self> {
        let salus = fs::canonicalize(&args.salus)
            .map_err(|error| format!("{}: {error} (cargo build --release)", args.salus.display()))?;
        let home = tempfile::Builder::new().prefix("salus-bench.").tempdir()?;
        Ok(Self { args, salus, home, table: Table::new() })
    }

    /// Measures everything that is not left out.
    pub fn run(mut self) -> Outcome<Table> {
        if self.wants(Part::Postgres) {
            self.postgres()?;
        }
        if self.wants(Part::Sqlite) {
            self.sqlite()?;
        }
        if self.wants(Part::Import) {
            let site = Site::sqlite(self.folder("import")?);
            import::measure(&self.salus, &site, self.args.patients / OF_SQLITE, &mut self.table)?;
        }
        Ok(self.table)
    }

    fn postgres(&mut self) -> Outcome<()> {
        let many = self.args.patients;
        let created = {
            let cluster = Cluster::start(&self.folder("postgres")?)?;
            self.table.measured_on(cluster.version()?);
            let site = Site::postgres(&cluster, self.folder("postgres-server")?);
            let desk = self.found(&site, many)?;
            fill::postgres(&cluster, &site, desk.company, many)?;
            self.figures(&site, desk)?
        };
        let Some(foundation) = self.foundation()? else { return Ok(()) };
        let cluster = Cluster::start(&self.folder("postgres-before")?)?;
        let site = Site::postgres(&cluster, self.folder("postgres-server-before")?);
        let each = usize::try_from(many)?;
        let before =
            self.created_before(&foundation, &site, many, |desk| load::postgres(&cluster, &[desk.company], each))?;
        self.held_against_the_foundation(&site, created, before);
        Ok(())
    }

    fn sqlite(&mut self) -> Outcome<()> {
        let many = self.args.patients / OF_SQLITE;
        let site = Site::sqlite(self.folder("sqlite")?);
        let desk = self.found(&site, many)?;
        fill::sqlite(&site, desk.company, many)?;
        let created = self.figures(&site, desk)?;
        let Some(foundation) = self.foundation()? else { return Ok(()) };
        let site = Site::sqlite(self.folder("sqlite-before")?);
        let each = usize::try_from(many)?;
        let before =
            self.created_before(&foundation, &site, many, |desk| load::sqlite(&site.file(), &[desk.company], each))?;
        self.held_against_the_foundation(&site, created, before);
        Ok(())
    }

    fn wants(&self, part: Part) -> bool {
        !self.args.skip.contains(&part)
    }

    fn folder(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.home.path().join(name);
        fs::create_dir(&folder)?;
        Ok(folder)
    }

    fn foundation(&self) -> Outcome<Option<PathBuf>> {
        let path = self.args.foundation.as_ref();
        path.map(|path| fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()).into()))
            .transpose()
    }

    /// Signs a company up; the server is stopped again, so that nothing stands beside the filling.
    fn found(&self, site: &Site, many: u64) -> Outcome<Desk> {
        eprintln!("{}: a company of {many} patients", site.name);
        let server = site.start(&self.salus)?;
        let desk = Desk::found(server.address, many)?;
        server.stop()?;
        Ok(desk)
    }

    /// Measures a server on a filled database; the create rate.
    fn figures(&mut self, site: &Site, mut desk: Desk) -> Outcome<f64> {
        let server = site.start(&self.salus)?;
        let storm = self.args.connections;
        desk.sign_in(server.address)?;
        for (what, make, bar) in desk.lists(server.address)? {
            self.percentile(site, &server, (&what, storm), &make, bar)?;
        }
        self.percentile(site, &server, ("search", storm), &desk.searches(), Bar::AtMost(50.0, "ms"))?;
        self.percentile(site, &server, ("statistics", CALM), &desk.statistics(""), Bar::AtMost(300.0, "ms"))?;
        for filter in ["city=Guarulhos", "sex=female", "age_min=60&health_plan=vida%20serena"] {
            let matches = desk.matches(server.address, filter)?;
            let what = format!("statistics of {matches} by {filter}");
            // As long for each hundred thousand, of which the last need not be full.
            let most = 300.0 * (matches / 100_000.0).ceil().max(1.0);
            self.percentile(site, &server, (&what, 1), &desk.statistics(filter), Bar::AtMost(most, "ms"))?;
        }
        desk.sign_in(server.address)?;
        self.percentile(site, &server, ("matching a new patient", CALM), &desk.drafts(), Bar::AtMost(30.0, "ms"))?;
        let created = self.create_rate(&server, &desk)?;
        server.stop()?;
        let what = format!("create on {}, {storm} at once", site.name);
        self.table.value(&what, created, "per s", Bar::None);
        Ok(created)
    }

    /// Patients created per second. Who is held to be somebody else, as one of thousands may be, is refused and not counted.
    fn create_rate(&self, server: &Salus, desk: &Desk) -> Outcome<f64> {
        let runs = self.runs(server, self.args.connections, &desk.creations(), &[201, 409])?;
        Ok(median(runs.iter().map(|run| run.rate(201)).collect()))
    }

    /// The create rate of another server, on its own kind of schema.
    fn created_before(
        &self,
        salus: &Path,
        site: &Site,
        many: u64,
        fill: impl FnOnce(&Desk) -> Outcome<()>,
    ) -> Outcome<f64> {
        eprintln!("{}: the foundation with {many} patients", site.name);
        let server = site.start(salus)?;
        let mut desk = Desk::found(server.address, many)?;
        server.stop()?;
        fill(&desk)?;
        let server = site.start(salus)?;
        desk.sign_in(server.address)?;
        let created = self.create_rate(&server, &desk)?;
        server.stop()?;
        Ok(created)
    }

    fn held_against_the_foundation(&mut self, site: &Site, created: f64, before: f64) {
        let what = format!("create on {} ÷ the foundation's create", site.name);
        self.table.share(&what, created, before, Bar::AtLeast(0.6));
    }

    fn percentile(
        &mut self,
        site: &Site,
        server: &Salus,
        (what, connections): (&str, usize),
        make: &Make,
        bar: Bar,
    ) -> Outcome<()> {
        eprintln!("  {what}:");
        let runs = self.runs(server, connections, make, &[200])?;
        let of_run = runs.iter().filter_map(|run| run.latencies.percentiles()).map(|at| at.p99);
        let what = format!("{what} on {}, {connections} at once, p99", site.name);
        self.table.value(&what, median(of_run.collect()), "ms", bar);
        Ok(())
    }

    /// The runs of one kind, without the warming one.
    fn runs(&self, server: &Salus, connections: usize, make: &Make, good: &[u16]) -> Outcome<Vec<drive::Run>> {
        let mut runs = Vec::with_capacity(self.args.runs);
        for (run, seed) in (0..=self.args.runs).zip(1..) {
            let time = Duration::from_secs(if run == 0 { self.args.seconds.min(2) } else { self.args.seconds });
            let came = drive::drive(Load { address: server.address, connections, time, seed }, make)?;
            eprintln!("    {came}");
            if let Some(status) = came.statuses.keys().find(|status| !good.contains(status)) {
                return Err(format!("answered with {status}").into());
            }
            runs.push(came);
        }
        runs.remove(0);
        Ok(runs)
    }
}
