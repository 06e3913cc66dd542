//! The rounds of the measurement, one database after the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ::tests::measure::median;
use tempfile::TempDir;
use uuid::Uuid;

use crate::company::Company;
use crate::drive::{self, Load, Make};
use crate::pgbench::{Pgbench, Script};
use crate::postgres::Cluster;
use crate::server::Salus;
use crate::site::Site;
use crate::table::{Bar, Table};
use crate::{Args, Outcome, Part, build, load, sign_in};

/// Starts of the server that the time to be ready is the median of.
const STARTS: usize = 5;
/// Rounds of many callers for one slot.
const CONTENDED: u64 = 3;

/// A measurement.
#[derive(Debug)]
pub struct Bench {
    args: Args,
    salus: PathBuf,
    home: TempDir,
    table: Table,
}

/// Answers per second.
#[derive(Debug, Clone, Copy)]
struct Rates {
    list: f64,
    search: f64,
    book: f64,
}

impl Bench {
    /// A measurement of which nothing is done yet.
    pub fn new(args: Args) -> Outcome<Self> {
        let salus = fs::canonicalize(&args.salus)
            .map_err(|error| format!("{}: {error} (cargo build --release)", args.salus.display()))?;
        let home = tempfile::Builder::new().prefix("salus-bench.").tempdir()?;
        Ok(Self { args, salus, home, table: Table::new() })
    }

    /// Measures everything that is not left out.
    pub fn run(mut self) -> Outcome<Table> {
        let postgres = if self.wants(Part::Postgres) { Some(self.postgres()?) } else { None };
        let sqlite = if self.wants(Part::Sqlite) { Some(self.sqlite()?) } else { None };
        if let (Some(postgres), Some(sqlite)) = (postgres, sqlite) {
            self.table.share("list on SQLite ÷ list on PostgreSQL", sqlite.list, postgres.list, Bar::AtLeast(1.3));
            self.table.share("book on SQLite ÷ book on PostgreSQL", sqlite.book, postgres.book, Bar::None);
        }
        if self.wants(Part::SignIn) {
            let folder = self.folder("sign-in")?;
            sign_in::measure(&self.args, &self.salus, &folder, &mut self.table)?;
        }
        if self.wants(Part::Build) {
            let what = "`cargo build` after `touch crates/scheduling/src/lib.rs`";
            self.table.value(what, build::after_a_change()?, "s", Bar::AtMost(8.0, "s"));
        }
        Ok(self.table)
    }

    /// Leaves a loaded server running until standard input ends.
    pub fn hold(self, folder: &Path) -> Outcome<()> {
        let cluster = Cluster::start(self.home.path())?;
        let site = self.postgres_site(&cluster)?;
        let company = self.found(&site, |tenants| load::postgres(&cluster, tenants, self.args.patients))?;
        let server = site.start(&self.salus)?;
        let lines = |ids: &[Uuid]| ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join("\n");
        fs::write(folder.join("patients.txt"), lines(&company.bookable))?;
        fs::write(folder.join("practitioners.txt"), lines(&company.practitioners))?;
        fs::write(folder.join("company.json"), company.describe(server.address, server.pid()).to_string())?;
        eprintln!("held on http://{}", server.address);
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
        server.stop()
    }

    fn wants(&self, part: Part) -> bool {
        !self.args.skip.contains(&part)
    }

    fn postgres(&mut self) -> Outcome<Rates> {
        let cluster = Cluster::start(self.home.path())?;
        self.table.measured_on(cluster.version()?);
        let site = self.postgres_site(&cluster)?;
        let company = self.found(&site, |tenants| load::postgres(&cluster, tenants, self.args.patients))?;
        let rates = self.measure(&site, &company)?;
        let pgbench = Pgbench::prepare(&cluster, &company, &self.args, site.folder)?;
        let rate = |script| pgbench.rate(script);
        let (list, list_in_one) = (rate(Script::List)?, rate(Script::ListInOne)?);
        let (search, search_bare) = (rate(Script::Search)?, rate(Script::SearchBare)?);
        let (book, book_writes) = (rate(Script::Book)?, rate(Script::BookWrites)?);
        let table = &mut self.table;
        table.share("list 20 patients ÷ pgbench, the same transaction", rates.list, list, Bar::AtLeast(0.5));
        table.share("list 20 patients ÷ pgbench, in one statement", rates.list, list_in_one, Bar::None);
        table.share("book ÷ pgbench, the same transaction", rates.book, book, Bar::AtLeast(0.6));
        table.share("book ÷ pgbench, only what is written", rates.book, book_writes, Bar::None);
        table.share("search under policies ÷ without, both pgbench", search, search_bare, Bar::AtLeast(0.7));
        table.share("search ÷ pgbench", rates.search, search, Bar::None);
        Ok(rates)
    }

    fn sqlite(&mut self) -> Outcome<Rates> {
        let folder = self.folder("sqlite")?;
        let site = Site::sqlite(folder);
        let company = self.found(&site, |tenants| load::sqlite(&site.file(), tenants, self.args.patients))?;
        let rates = self.measure(&site, &company)?;
        let starts = (0..STARTS).map(|_| self.start(&site)).collect::<Outcome<Vec<f64>>>()?;
        let what = "start on an existing file, ready to answer";
        self.table.value(what, median(starts), "ms", Bar::AtMost(50.0, "ms"));
        Ok(rates)
    }

    fn postgres_site(&self, cluster: &Cluster) -> Outcome<Site> {
        Ok(Site::postgres(cluster, self.folder("postgres")?))
    }

    fn folder(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.home.path().join(name);
        fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// Founds the companies and fills them past the API, while no server runs.
    fn found(&self, site: &Site, fill: impl FnOnce(&[Uuid]) -> Outcome<()>) -> Outcome<Company> {
        eprintln!("{}: founding ten companies, {} patients each", site.name, self.args.patients);
        let server = site.start(&self.salus)?;
        let mut company = Company::found(server.address, &self.args)?;
        server.stop()?;
        fill(&company.tenants)?;
        let server = site.start(&self.salus)?;
        company.fill_office(server.address)?;
        company.sign_in(server.address)?;
        server.stop()?;
        Ok(company)
    }

    /// Measures a server that was just started, so that nothing but the load has used its memory.
    fn measure(&mut self, site: &Site, company: &Company) -> Outcome<Rates> {
        let name = site.name;
        let server = site.start(&self.salus)?;
        thread::sleep(Duration::from_secs(1));
        let idle = server.resident_mb()?;
        let before = server.processor_time()?;
        let (list, lists) = self.load(&server, "list", &company.list(), 200)?;
        let spent = server.processor_time()?.saturating_sub(before).as_secs_f64() * 1e6 / lists;
        let (search, _) = self.load(&server, "search", &company.search(), 200)?;
        let (slots, _) = self.load(&server, "slots", &company.slots(), 200)?;
        let reading = server.resident_mb()?;
        let (book, _) = self.load(&server, "book", &company.book(), 201)?;
        let loaded = reading.max(server.resident_mb()?);
        self.contend(&server, name, company)?;
        server.stop()?;
        let table = &mut self.table;
        table.value(&format!("resident memory on {name}, idle"), idle, "MB", Bar::AtMost(25.0, "MB"));
        table.value(&format!("resident memory on {name}, under load"), loaded, "MB", Bar::AtMost(60.0, "MB"));
        let what = format!("processor time of the server per list on {name}");
        table.value(&what, spent, "µs", Bar::AtMost(250.0, "µs"));
        table.value(&format!("slots of thirty office days on {name}"), slots, "per s", Bar::None);
        Ok(Rates { list, search, book })
    }

    fn contend(&mut self, server: &Salus, name: &str, company: &Company) -> Outcome<()> {
        let callers = self.args.connections;
        let what = format!("{callers} callers for one slot on {name}: winners / clean refusals / others");
        let rounds = (0..CONTENDED).map(|round| drive::at_once(server.address, company.contenders(callers, round)));
        self.table.contended(&what, &rounds.collect::<Outcome<Vec<_>>>()?);
        Ok(())
    }

    /// The median rate of good answers, and how many answers there were in all runs, the warming one included.
    fn load(&self, server: &Salus, what: &str, make: &Make, status: u16) -> Outcome<(f64, f64)> {
        let (mut rates, mut answers) = (Vec::with_capacity(self.args.runs), 0);
        for (run, seed) in (0..=self.args.runs).zip(1..) {
            let time = Duration::from_secs(if run == 0 { 1 } else { self.args.seconds });
            let load = Load { address: server.address, connections: self.args.connections, time, seed };
            let came = drive::drive(load, make)?;
            eprintln!("  {what}: {came}");
            answers += came.latencies.len();
            if came.statuses.keys().any(|code| *code != status && *code != 409) {
                return Err(format!("{what} was answered with a failure").into());
            }
            if run > 0 {
                rates.push(came.rate(status));
            }
        }
        Ok((median(rates), f64::from(u32::try_from(answers)?)))
    }

    /// Milliseconds until a new server is ready.
    fn start(&self, site: &Site) -> Outcome<f64> {
        let server = site.start(&self.salus)?;
        let ready = server.ready_after.as_secs_f64() * 1000.0;
        server.stop()?;
        Ok(ready)
    }
}
