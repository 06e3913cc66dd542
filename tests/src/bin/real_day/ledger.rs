//! What the day came to: counts, refusals by code, latencies by request.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ::tests::measure::Latencies;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Sign-up, sign-in, refresh.
    Session,
    /// Services, practitioners, availability.
    Stage,
    /// `POST /patients`.
    Register,
    /// `GET /slots`.
    Slots,
    /// `POST /appointments`.
    Book,
    /// `POST /appointments/{id}/confirm`.
    Confirm,
    /// `POST /appointments/{id}/cancel`.
    Cancel,
}

/// What is counted beside the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// Patients registered.
    Registered,
    /// Appointments booked.
    Booked,
    /// Of these, confirmed.
    Confirmed,
    /// Of these, cancelled.
    Cancelled,
    /// Rows whose unit had no free slot left that day.
    Full,
    /// Rows that lost their slot to somebody else too often.
    GaveUp,
}

/// Shared by all receptionists.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    counts: BTreeMap<Count, u64>,
    refusals: BTreeMap<(Op, u16, String), u64>,
    latencies: BTreeMap<Op, Latencies>,
}

impl Ledger {
    /// One more of these.
    pub fn count(&self, what: Count) {
        self.with(|entries| *entries.counts.entry(what).or_default() += 1);
    }

    /// How many of these so far.
    pub fn counted(&self, what: Count) -> u64 {
        self.with(|entries| entries.counts.get(&what).copied().unwrap_or_default())
    }

    /// An answer came.
    pub fn answered(&self, op: Op, took: Duration) {
        self.with(|entries| entries.latencies.entry(op).or_default().note(took));
    }

    /// The answer was a refusal.
    pub fn refused(&self, op: Op, status: u16, code: &str) {
        self.with(|entries| *entries.refusals.entry((op, status, code.to_owned())).or_default() += 1);
    }

    /// Whether nothing but taken slots was ever refused.
    pub fn sound(&self) -> bool {
        self.with(|entries| {
            entries.refusals.keys().all(|(_, status, code)| *status == 409 && code.ends_with("slot_taken"))
        })
    }

    /// Tells it all.
    pub fn print(&self, took: Duration) {
        self.with(|entries| println!("{}", Report(entries, took)));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Entries) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Report<'a>(&'a Entries, Duration);

impl fmt::Display for Report<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(entries, took) = self;
        let seconds = took.as_secs_f64();
        writeln!(out, "\nplayed in {seconds:.1} s")?;
        for (what, count) in &entries.counts {
            writeln!(out, "  {count:>8} {what:?}")?;
        }
        if entries.refusals.is_empty() {
            writeln!(out, "no refusals")?;
        }
        for ((op, status, code), count) in &entries.refusals {
            writeln!(out, "  {count:>8} refused: {op:?} {status} {code}")?;
        }
        writeln!(
            out,
            "{:>10} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8}",
            "", "requests", "per s", "p50 ms", "p95", "p99", "max"
        )?;
        for (op, latencies) in &entries.latencies {
            let Some(at) = latencies.percentiles() else { continue };
            let count = latencies.len();
            let rate = f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / seconds;
            let name = format!("{op:?}");
            writeln!(
                out,
                "{name:>10} {count:>9} {rate:>8.0} {:>8.1} {:>8.1} {:>8.1} {:>8.1}",
                at.p50, at.p95, at.p99, at.max
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_taken_slot_may_be_refused() {
        let ledger = Ledger::default();
        ledger.refused(Op::Book, 409, "scheduling.slot_taken");
        assert!(ledger.sound());
        ledger.refused(Op::Book, 503, "unavailable");
        assert!(!ledger.sound());
    }

    #[test]
    fn the_report_names_counts_refusals_and_percentiles() {
        let ledger = Ledger::default();
        ledger.count(Count::Booked);
        ledger.answered(Op::Book, Duration::from_millis(3));
        ledger.refused(Op::Book, 409, "scheduling.slot_taken");
        let text = ledger.with(|entries| Report(entries, Duration::from_secs(2)).to_string());
        assert!(text.contains("1 Booked"));
        assert!(text.contains("1 refused: Book 409 scheduling.slot_taken"));
        assert!(text.contains("      Book         1        0      3.0      3.0      3.0      3.0"), "{text}");
        assert_eq!(ledger.counted(Count::Booked), 1);
    }
}
