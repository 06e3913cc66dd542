//! A file of patients, imported by the command line into an empty embedded database.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::asks::{Desk, demanded};
use super::people::{HEADER, Person};
use crate::Outcome;
use crate::server::PUBLIC_URL;
use crate::site::Site;
use crate::table::{Bar, Table};
use crate::wire::Request;

/// Measures the import of so many rows, and that all of them are there afterwards.
pub fn measure(salus: &Path, site: &Site, rows: u64, table: &mut Table) -> Outcome<()> {
    eprintln!("{}: a file of {rows} rows", site.name);
    let server = site.start(salus)?;
    let desk = Desk::found(server.address, rows)?;
    server.stop()?;
    let file = site.folder.join("patients.csv");
    let mut lines = BufWriter::new(File::create(&file)?);
    lines.write_all(HEADER.as_bytes())?;
    (0..rows).try_for_each(|number| lines.write_all(Person::of(number).csv().as_bytes()))?;
    lines.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    let log = site.folder.join("import.log");
    let began = Instant::now();
    let child = Command::new(salus)
        .arg("import")
        .arg(&file)
        .args(["--kind", "patients", "--date-order", "day_first", "--company", &desk.company.to_string()])
        .current_dir(&site.folder)
        .env_clear()
        .envs([("PUBLIC_URL", PUBLIC_URL), ("SALUS_ENV", "development"), ("DEMO", "off"), ("RUST_LOG", "warn")])
        .envs(site.settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?)
        .spawn()?;
    let (succeeded, peak) = peak_of(child)?;
    let took = began.elapsed().as_secs_f64();
    if !succeeded {
        return Err(format!("the import failed:\n{}", fs::read_to_string(&log)?).into());
    }
    let there = counted(salus, site, desk)?;
    if there != rows {
        return Err(format!("{there} of {rows} rows are there:\n{}", fs::read_to_string(&log)?).into());
    }
    table.value(&format!("import of {rows} rows on {}", site.name), took, "s", Bar::AtMost(30.0, "s"));
    table.value("resident memory of the import, at most", peak, "MB", Bar::AtMost(200.0, "MB"));
    Ok(())
}

/// Waits for the end of a process; whether it succeeded, and the most memory that it ever had, in MB.
fn peak_of(mut child: Child) -> Outcome<(bool, f64)> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak: u32 = 0;
    loop {
        let told = fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
        peak = peak.max(now);
        if let Some(ended) = child.try_wait()? {
            return Ok((ended.success(), f64::from(peak) / 1024.0));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn counted(salus: &Path, site: &Site, mut desk: Desk) -> Outcome<u64> {
    let server = site.start(salus)?;
    desk.sign_in(server.address)?;
    let line = "GET /api/v1/patients?limit=1&include=total";
    let page = demanded(server.address, &Request { line, token: desk.token(), ..Request::default() })?;
    server.stop()?;
    page.get("total").and_then(serde_json::Value::as_u64).ok_or_else(|| "the list tells no total".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_memory_of_a_process_is_seen_and_its_failure_too() {
        let sh = |script: &str| Command::new("sh").args(["-c", script]).spawn().unwrap();
        let (succeeded, peak) = peak_of(sh("read -r line < /proc/self/status")).unwrap();
        assert!(succeeded && peak < 200.0);
        assert!(!peak_of(sh("exit 3")).unwrap().0);
    }
}
