//! The server under test: started on a free port with a clean environment, measured from outside, stopped by its pid.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;

/// Settings of the environment, name and value.
pub type Settings = Vec<(&'static str, String)>;

/// What every server of a measurement calls itself.
pub const PUBLIC_URL: &str = "http://127.0.0.1";

/// A running server.
#[derive(Debug)]
pub struct Salus {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start to the first 200 of `/health/ready`.
    pub ready_after: Duration,
}

impl Salus {
    /// Starts the server in a folder of its own and waits until it is ready.
    pub fn start(binary: &Path, home: &Path, settings: &Settings) -> Outcome<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let log = home.join("salus.log");
        let began = Instant::now();
        let mut child = Command::new(binary)
            .arg("serve")
            .current_dir(home)
            .env_clear()
            // One public address for all starts: tokens name it.
            .envs([("BIND_ADDR", address.to_string()), ("PUBLIC_URL", PUBLIC_URL.to_owned())])
            .envs([("SALUS_ENV", "development"), ("RATE_LIMITS", "off"), ("DEMO", "off"), ("RUST_LOG", "warn")])
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        while !ready(address) {
            if let Some(ended) = child.try_wait()? {
                return Err(format!("the server ended with {ended}:\n{}", fs::read_to_string(&log)?).into());
            }
            if began.elapsed() > Duration::from_mins(1) {
                child.kill()?;
                return Err(format!("the server is not ready after a minute:\n{}", fs::read_to_string(&log)?).into());
            }
            thread::sleep(Duration::from_micros(500));
        }
        Ok(Self { child, address, ready_after: began.elapsed() })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory, in MB.
    pub fn resident_mb(&self) -> Outcome<f64> {
        let status = fs::read_to_string(self.proc("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: u32 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(f64::from(kilobytes) / 1024.0)
    }

    /// Processor time used so far. The kernel counts in hundredths of a second.
    pub fn processor_time(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(self.proc("stat"))?;
        let (_, fields) = stat.rsplit_once(')').ok_or("no process name")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Asks the server to end, and waits until it has drained.
    pub fn stop(mut self) -> Outcome<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            if asked.elapsed() > Duration::from_secs(40) {
                return Err("the server does not end".into());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.child.id()))
    }
}

impl Drop for Salus {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Nothing more can be done about a process that can be neither killed nor waited for.
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// A loopback port that nobody listens on.
pub fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(&start == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
