//! The table that is printed.

use std::fmt;
use std::fs;

use crate::drive::Run;

/// What a figure is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// No less.
    AtLeast(f64),
    /// No more, with its unit.
    AtMost(f64, &'static str),
    /// Exactly one winner, and every other caller refused cleanly.
    OneWinner,
    /// Told for those who want to know.
    None,
}

#[derive(Debug)]
struct Row {
    what: String,
    measured: String,
    bar: Bar,
    met: bool,
}

/// The figures of one run.
#[derive(Debug, Default)]
pub struct Table {
    machine: Vec<String>,
    rows: Vec<Row>,
}

impl Table {
    /// A table that says what it is measured on, and how busy that machine was with other work.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kilobytes: u64 =
            memory.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let busy = load.split(' ').next().unwrap_or_default();
        let machine = format!("{cores} cores, {} GiB, load average {busy} at the start", kilobytes.div_ceil(1 << 20));
        Self { machine: vec![machine], rows: Vec::new() }
    }

    /// Names something else that the figures depend on.
    pub fn measured_on(&mut self, what: String) {
        self.machine.push(what);
    }

    /// One rate as a share of another.
    pub fn share(&mut self, what: &str, ours: f64, theirs: f64, bar: Bar) {
        let ratio = ours / theirs;
        self.row(what, format!("{ours:.0} / {theirs:.0} per s = {ratio:.2}"), bar, ratio);
    }

    /// One value.
    pub fn value(&mut self, what: &str, value: f64, unit: &'static str, bar: Bar) {
        self.row(what, format!("{value:.1} {unit}"), bar, value);
    }

    /// Many callers for one slot, in rounds: 201, 409, and whatever must not be.
    pub fn contended(&mut self, what: &str, rounds: &[Run]) {
        let mut met = true;
        let told = rounds.iter().map(|run| {
            let count = |status: u16| run.statuses.get(&status).copied().unwrap_or_default();
            let (winners, refused, all) = (count(201), count(409), run.latencies.len());
            let others = all - winners - refused;
            met &= winners == 1 && others == 0;
            format!("{winners} / {refused} / {others} in {:.2} s", run.took.as_secs_f64())
        });
        let measured = told.collect::<Vec<_>>().join("; ");
        eprintln!("{what}: {measured}");
        self.rows.push(Row { what: what.to_owned(), measured, bar: Bar::OneWinner, met });
    }

    fn row(&mut self, what: &str, measured: String, bar: Bar, value: f64) {
        let met = match bar {
            Bar::AtLeast(least) => value >= least,
            Bar::AtMost(most, _) => value <= most,
            Bar::OneWinner | Bar::None => true,
        };
        eprintln!("{what}: {measured}");
        self.rows.push(Row { what: what.to_owned(), measured, bar, met });
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(out, "≥ {least:.2}"),
            Self::AtMost(most, unit) => write!(out, "≤ {most} {unit}"),
            Self::OneWinner => write!(out, "1 / all others / 0"),
            Self::None => Ok(()),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Measured on {}.\n", self.machine.join(", "))?;
        writeln!(out, "| | measured | bar | |\n|---|---|---|---|")?;
        self.rows.iter().try_for_each(|Row { what, measured, bar, met }| {
            let verdict = match (bar, met) {
                (Bar::None, _) => "",
                (_, true) => "met",
                (_, false) => "missed",
            };
            writeln!(out, "| {what} | {measured} | {bar} | {verdict} |")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_held_against_its_bar() {
        let mut table = Table::default();
        table.share("list", 50.0, 100.0, Bar::AtLeast(0.5));
        table.share("list", 49.0, 100.0, Bar::AtLeast(0.5));
        table.value("start", 51.0, "ms", Bar::AtMost(50.0, "ms"));
        table.value("told", 1.0, "ms", Bar::None);
        let text = table.to_string();
        assert!(text.contains("| list | 50 / 100 per s = 0.50 | ≥ 0.50 | met |"), "{text}");
        assert!(text.contains("| list | 49 / 100 per s = 0.49 | ≥ 0.50 | missed |"));
        assert!(text.contains("| start | 51.0 ms | ≤ 50 ms | missed |"));
        assert!(text.contains("| told | 1.0 ms |  |  |"));
    }

    #[test]
    fn more_than_one_winner_or_an_unclean_refusal_misses() {
        let run = |statuses: &[(u16, usize)]| {
            let mut run = Run { statuses: statuses.iter().copied().collect(), ..Run::default() };
            for _ in 0..statuses.iter().map(|(_, count)| count).sum::<usize>() {
                run.latencies.note(std::time::Duration::ZERO);
            }
            run
        };
        let mut table = Table::default();
        table.contended("good", &[run(&[(201, 1), (409, 63)]), run(&[(201, 1), (409, 63)])]);
        table.contended("two", &[run(&[(201, 2), (409, 62)]), run(&[(201, 1), (409, 63)])]);
        table.contended("unclean", &[run(&[(201, 1), (409, 62), (503, 1)])]);
        assert_eq!(table.rows.iter().map(|row| row.met).collect::<Vec<_>>(), [true, false, false]);
    }
}
