//! A private `PostgreSQL` with durability on: the figures are worth nothing without it.

use std::fs;
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::Outcome;
use crate::server::free_port;

/// Owns the schema and runs the migrations.
pub const OWNER: &str = "salus_owner";
/// What the server signs in as: owns nothing and cannot go round a policy.
pub const APP: &str = "salus_app";

const ROLES: &str = "\
    CREATE ROLE salus_owner LOGIN CREATEDB CREATEROLE NOSUPERUSER; \
    CREATE ROLE salus_app LOGIN NOINHERIT NOBYPASSRLS;";

/// Everything is `PostgreSQL`'s default but what a machine of this size is given by any administrator.
const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c shared_buffers=1GB -c max_connections=200 -c work_mem=16MB \
    -c maintenance_work_mem=512MB -c max_wal_size=4GB -c effective_cache_size=8GB -c jit=off";

/// A running cluster; it is stopped and its files are left to the folder's owner when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    bin: PathBuf,
    home: PathBuf,
    port: u16,
    root: bool,
}

impl Cluster {
    /// Makes and starts a cluster in a new folder below `home`, with the roles and the database `salus`.
    pub fn start(home: &Path) -> Outcome<Self> {
        let root = output(Command::new("id").arg("-u"))?.trim() == "0";
        let cluster = Self { bin: binaries()?, home: home.join("pg"), port: free_port()?, root };
        fs::set_permissions(home, fs::Permissions::from_mode(0o755))?;
        fs::create_dir(&cluster.home)?;
        fs::set_permissions(&cluster.home, fs::Permissions::from_mode(0o700))?;
        if root {
            output(Command::new("chown").arg("postgres:").arg(&cluster.home))?;
        }
        let data = cluster.data();
        output(cluster.server("initdb").args([
            "-D",
            &data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]))?;
        let options = format!("-k {} -p {} {SETTINGS}", cluster.home.display(), cluster.port);
        let log = cluster.home.join("log").display().to_string();
        // Its children would keep a pipe open, so nothing is read from it.
        let started = cluster
            .server("pg_ctl")
            .args(["-D", &data, "-w", "-t", "60", "-l", &log, "-o", &options, "start"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        if !started.success() {
            return Err(format!("PostgreSQL does not start: see {log}").into());
        }
        cluster.psql("postgres", "postgres", ROLES)?;
        cluster.psql("postgres", "postgres", "CREATE DATABASE salus OWNER salus_owner")?;
        Ok(cluster)
    }

    /// How a role reaches the database.
    pub fn url(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/salus", self.port)
    }

    /// Runs SQL in the database `salus` as this role.
    pub fn sql(&self, role: &str, text: &str) -> Outcome<String> {
        self.psql(role, "salus", text)
    }

    /// Fills a table by `COPY`, as the administrator: it is not there for anyone whom policies bind, the owner included.
    pub fn copy(&self, into: &str, write: impl FnOnce(&mut dyn Write) -> Outcome<()>) -> Outcome<()> {
        let copy = format!("COPY {into} FROM STDIN");
        let mut psql = self
            .client("psql", "postgres")
            .args(["-qX", "-v", "ON_ERROR_STOP=1", "-d", "salus", "-c", &copy])
            .stdin(Stdio::piped())
            .spawn()?;
        let mut pipe = BufWriter::with_capacity(1 << 20, psql.stdin.take().ok_or("no pipe")?);
        let written = write(&mut pipe).and_then(|()| Ok(pipe.flush()?));
        drop(pipe);
        if psql.wait()?.success() { written } else { Err(format!("COPY {into} failed").into()) }
    }

    /// Starts a client program as this role; the database is still to be named.
    pub fn client(&self, program: &str, role: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", role]);
        command
    }

    /// Such as `PostgreSQL 15.8`.
    pub fn version(&self) -> Outcome<String> {
        let version = self.sql(OWNER, "SHOW server_version")?;
        Ok(format!("PostgreSQL {}", version.split(' ').next().unwrap_or_default()))
    }

    fn psql(&self, role: &str, database: &str, text: &str) -> Outcome<String> {
        output(self.client("psql", role).args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text]))
    }

    /// A program of the server side: `PostgreSQL` refuses to run as root, and its user may not read every folder.
    fn server(&self, program: &str) -> Command {
        let mut command = Command::new(if self.root { "runuser".into() } else { self.bin.join(program) });
        if self.root {
            command.args(["-u", "postgres", "--"]).arg(self.bin.join(program));
        }
        command.current_dir("/");
        command
    }

    fn data(&self) -> String {
        self.home.join("data").display().to_string()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stopped = output(self.server("pg_ctl").args(["-D", &self.data(), "-m", "fast", "-w", "stop"]));
        if let Err(error) = stopped {
            eprintln!("PostgreSQL in {} was not stopped: {error}", self.home.display());
        }
    }
}

/// What a command prints, or its complaint.
pub fn output(command: &mut Command) -> Outcome<String> {
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if status.success() {
        Ok(String::from_utf8_lossy(&stdout).trim_end().to_owned())
    } else {
        Err(format!("{}: {}", command.get_program().display(), String::from_utf8_lossy(&stderr)).into())
    }
}

/// The newest installed server binaries.
fn binaries() -> Outcome<PathBuf> {
    let installed =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let named = output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from);
    installed
        .chain(named)
        .filter(|bin| bin.join("initdb").exists() && bin.join("pgbench").exists())
        .max()
        .ok_or_else(|| "no PostgreSQL server with pgbench is installed".into())
}
