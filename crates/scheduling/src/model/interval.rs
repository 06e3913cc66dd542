//! Half-open spans of time (T1).

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

/// The instants from `start` up to, and without, `end`, both to the microsecond; never empty (T1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    // Microseconds since 1970, for slots are compared by the hundred thousand.
    start: i64,
    end: i64,
}

impl Interval {
    /// The interval `[start, end)`, or nothing where `end` is not after `start`.
    pub fn between(start: DateTime<Utc>, end: DateTime<Utc>) -> Option<Self> {
        Self::of_micros(start.timestamp_micros(), end.timestamp_micros())
    }

    /// The interval of this length from `start`; nothing where the length is not positive or the calendar ends.
    pub fn lasting(start: DateTime<Utc>, length: TimeDelta) -> Option<Self> {
        Self::between(start, start.checked_add_signed(length)?)
    }

    /// The first instant.
    pub fn start(&self) -> DateTime<Utc> {
        instant(self.start)
    }

    /// The instant after the last.
    pub fn end(&self) -> DateTime<Utc> {
        instant(self.end)
    }

    /// How long it lasts; always positive.
    pub const fn length(&self) -> TimeDelta {
        TimeDelta::microseconds(self.end.saturating_sub(self.start))
    }

    /// Whether the two share an instant; touching ends do not (T1).
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether this instant lies inside.
    pub const fn contains(&self, instant: DateTime<Utc>) -> bool {
        let instant = instant.timestamp_micros();
        self.start <= instant && instant < self.end
    }

    /// Whether the whole of `other` lies inside.
    pub const fn covers(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// What the two share.
    pub fn clip(&self, other: &Self) -> Option<Self> {
        Self::of_micros(self.start.max(other.start), self.end.min(other.end))
    }

    /// The interval made longer at both sides (A3); nothing where the calendar ends or a negative length empties it.
    pub fn widened(&self, before: TimeDelta, after: TimeDelta) -> Option<Self> {
        self.widened_micros(before.num_microseconds()?, after.num_microseconds()?)
    }

    /// The same in microseconds since 1970.
    pub(super) const fn of_micros(start: i64, end: i64) -> Option<Self> {
        if start < end { Some(Self { start, end }) } else { None }
    }

    /// The same in microseconds.
    pub(super) fn widened_micros(&self, before: i64, after: i64) -> Option<Self> {
        Self::of_micros(self.start.checked_sub(before)?, self.end.checked_add(after)?)
    }

    /// The first instant in microseconds since 1970.
    pub(super) const fn start_micros(&self) -> i64 {
        self.start
    }

    /// The instant after the last in microseconds since 1970.
    pub(super) const fn end_micros(&self) -> i64 {
        self.end
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{:?}, {:?})", self.start(), self.end())
    }
}

/// Both ends came from the calendar, so they are in it.
pub(super) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The same instants as sorted intervals with gaps between them.
pub fn union(intervals: impl IntoIterator<Item = Interval>) -> Vec<Interval> {
    let mut sorted: Vec<Interval> = intervals.into_iter().collect();
    sorted.sort_unstable();
    let mut merged: Vec<Interval> = Vec::with_capacity(sorted.len());
    for next in sorted {
        match merged.last_mut() {
            Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
            _ => merged.push(next),
        }
    }
    merged
}

/// The instants of `from` that are in none of `taken`, as sorted intervals with gaps between them.
pub fn subtract(from: impl IntoIterator<Item = Interval>, taken: impl IntoIterator<Item = Interval>) -> Vec<Interval> {
    let taken = union(taken);
    let mut left = Vec::new();
    for whole in union(from) {
        let mut start = whole.start;
        for gone in overlapping(&taken, &whole) {
            left.extend(Interval::of_micros(start, gone.start));
            start = gone.end;
        }
        left.extend(Interval::of_micros(start, whole.end));
    }
    left
}

/// Those that share an instant with `with`, out of sorted intervals that do not overlap each other (see [`union`]).
pub fn overlapping<'a>(sorted: &'a [Interval], with: &Interval) -> &'a [Interval] {
    let first = sorted.partition_point(|one| one.end <= with.start);
    let rest = sorted.get(first..).unwrap_or_default();
    let count = rest.partition_point(|one| one.start < with.end);
    rest.get(..count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap()
    }

    fn span(start: i64, end: i64) -> Interval {
        Interval::between(at(start), at(end)).unwrap()
    }

    fn spans() -> impl Strategy<Value = Vec<Interval>> {
        prop::collection::vec((0_i64..60, 1_i64..20).prop_map(|(start, length)| span(start, start + length)), 0..8)
    }

    fn inside(spans: &[Interval], minute: i64) -> bool {
        spans.iter().any(|one| one.contains(at(minute)))
    }

    #[test]
    fn t1_touching_intervals_do_not_overlap() {
        assert!(!span(0, 30).overlaps(&span(30, 60)));
        assert!(!span(30, 60).overlaps(&span(0, 30)));
        assert!(span(0, 31).overlaps(&span(30, 60)));
        assert!(span(0, 60).overlaps(&span(10, 20)) && span(10, 20).overlaps(&span(0, 60)));
    }

    #[test]
    fn t1_the_end_is_outside() {
        assert!(span(0, 30).contains(at(0)) && !span(0, 30).contains(at(30)));
        assert!(span(0, 30).covers(&span(0, 30)) && !span(0, 30).covers(&span(0, 31)));
        assert_eq!(Interval::between(at(5), at(5)), None);
    }

    #[test]
    fn touching_intervals_unite_to_one() {
        assert_eq!(union([span(30, 60), span(0, 30), span(70, 80)]), vec![span(0, 60), span(70, 80)]);
    }

    #[test]
    fn a_buffer_widens_both_sides() {
        let wide = span(30, 60).widened(TimeDelta::minutes(5), TimeDelta::minutes(10));
        assert_eq!(wide, Some(span(25, 70)));
        assert_eq!(span(0, 30).clip(&span(20, 40)), Some(span(20, 30)));
        assert_eq!(span(0, 30).clip(&span(30, 40)), None);
    }

    proptest! {
        #[test]
        fn t1_overlap_is_sharing_a_minute(a in (0_i64..60, 1_i64..20), b in (0_i64..60, 1_i64..20)) {
            let (a, b) = (span(a.0, a.0 + a.1), span(b.0, b.0 + b.1));
            let shared = (0..100).any(|minute| a.contains(at(minute)) && b.contains(at(minute)));
            prop_assert_eq!(a.overlaps(&b), shared);
            prop_assert_eq!(a.clip(&b).is_some(), shared);
        }

        #[test]
        fn union_and_subtract_are_those_of_sets(a in spans(), b in spans()) {
            let (both, left) = (union(a.iter().chain(&b).copied()), subtract(a.clone(), b.clone()));
            for minute in 0..100 {
                prop_assert_eq!(inside(&both, minute), inside(&a, minute) || inside(&b, minute));
                prop_assert_eq!(inside(&left, minute), inside(&a, minute) && !inside(&b, minute));
            }
            prop_assert!(both.windows(2).all(|pair| pair[0].end < pair[1].start));
        }

        #[test]
        fn overlapping_finds_what_a_scan_finds(a in spans(), one in (0_i64..60, 1_i64..20)) {
            let (sorted, one) = (union(a), span(one.0, one.0 + one.1));
            let scanned: Vec<Interval> = sorted.iter().filter(|other| other.overlaps(&one)).copied().collect();
            prop_assert_eq!(overlapping(&sorted, &one).to_vec(), scanned);
        }
    }
}
