//! What stands in the way of a booking: leave, taken times, and the patient's own appointments.

use kernel::ids::{ClinicId, SeatingId, ServiceId};

use super::interval::{Interval, overlapping, union};
use super::schedule::{Leave, Openings};
use super::service::ResourceKind;

/// What, with the same start and end, makes two bookings of a practitioner one session of a group (A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    /// The service.
    pub service_id: ServiceId,
    /// The clinic.
    pub clinic_id: ClinicId,
}

/// One place that an appointment or hold takes in the practitioner's agenda.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusyEntry {
    /// The time with its buffers (A3).
    pub buffered: Interval,
    /// The time without them.
    pub interval: Interval,
    /// What it was booked for; nothing where others may never join.
    pub session: Option<SessionKey>,
    /// Its place; shared by the seats of a group.
    pub seating_id: SeatingId,
    /// Its seat there, from 1.
    pub seat: u32,
    /// False for what staff overbooked: the place is taken, and is no session that others may join (B13).
    pub exclusive: bool,
}

/// A time at which one of the wanted resources is taken, buffers included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceBusy {
    /// What kind of resource it is.
    pub kind: ResourceKind,
    /// The time with its buffers.
    pub buffered: Interval,
}

/// The facts that an agenda is made of, in any order.
#[derive(Clone, Debug, Default)]
pub struct AgendaFacts {
    /// The practitioner's openings, one per clinic.
    pub openings: Vec<Openings>,
    /// The practitioner's leave.
    pub leaves: Vec<Leave>,
    /// The practitioner's appointments and holds that are active.
    pub busy: Vec<BusyEntry>,
    /// The same of the resources that are wanted.
    pub resources: Vec<ResourceBusy>,
    /// The patient's own appointments, without buffers.
    pub patient: Vec<Interval>,
}

/// One practitioner's agenda, sorted once so that each question is a short look-up.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    openings: Vec<Openings>,
    leaves: Vec<Interval>,
    /// By start.
    busy: Vec<BusyEntry>,
    /// For each of `busy` the latest end up to it, so that a binary search finds the first that can matter.
    reach: Vec<i64>,
    resources: Vec<(ResourceKind, Vec<Interval>)>,
    patient: Vec<Interval>,
}

/// The part of an agenda that can matter within one span of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nearby<'a> {
    leaves: &'a [Interval],
    busy: &'a [BusyEntry],
    reach: &'a [i64],
    resources: &'a [(ResourceKind, Vec<Interval>)],
    patient: &'a [Interval],
}

impl Agenda {
    /// Sorts the facts.
    pub fn new(facts: AgendaFacts) -> Self {
        let of_kind = |kind: ResourceKind| {
            let times = union(facts.resources.iter().filter(|one| one.kind == kind).map(|one| one.buffered));
            (!times.is_empty()).then_some((kind, times))
        };
        let mut openings = facts.openings;
        openings.sort_by_key(Openings::clinic_id);
        let mut busy = facts.busy;
        busy.sort_unstable_by_key(|entry| entry.buffered);
        let latest = |latest: &mut i64, entry: &BusyEntry| {
            *latest = (*latest).max(entry.buffered.end_micros());
            Some(*latest)
        };
        Self {
            openings,
            leaves: union(facts.leaves.iter().map(|leave| leave.interval)),
            reach: busy.iter().scan(i64::MIN, latest).collect(),
            busy,
            resources: ResourceKind::ALL.iter().copied().filter_map(of_kind).collect(),
            patient: union(facts.patient),
        }
    }

    /// The practitioner's openings, one per clinic, in the order of the clinics' ids.
    pub fn openings(&self) -> &[Openings] {
        &self.openings
    }

    /// All times at which nothing can begin a free gap: leave, taken times with buffers, the patient's own.
    pub(super) fn blocked(&self) -> impl Iterator<Item = Interval> {
        let taken = self.busy.iter().map(|entry| entry.buffered);
        let resources = self.resources.iter().flat_map(|(_, times)| times).copied();
        taken.chain(resources).chain(self.patient.iter().copied())
    }

    /// The practitioner's leave, sorted.
    pub(super) fn leaves(&self) -> &[Interval] {
        &self.leaves
    }

    /// What can matter within a span, such as a window with its buffers.
    pub(super) fn near(&self, span: &Interval) -> Nearby<'_> {
        // From the first entry whose end may reach the span to the last that starts before the span's end.
        let first = self.reach.partition_point(|reach| *reach <= span.start_micros());
        let rest = self.busy.get(first..).unwrap_or_default();
        let count = rest.partition_point(|entry| entry.buffered.start_micros() < span.end_micros());
        Nearby {
            leaves: overlapping(&self.leaves, span),
            busy: rest.get(..count).unwrap_or_default(),
            reach: self.reach.get(first..first.saturating_add(count)).unwrap_or_default(),
            resources: &self.resources,
            patient: overlapping(&self.patient, span),
        }
    }
}

impl<'a> Nearby<'a> {
    /// Whether the practitioner is away for a part of it.
    pub(super) fn on_leave(&self, interval: &Interval) -> bool {
        self.leaves.iter().any(|leave| leave.overlaps(interval))
    }

    /// Whether the patient has an appointment then.
    pub(super) fn patient_is_elsewhere(&self, interval: &Interval) -> bool {
        self.patient.iter().any(|other| other.overlaps(interval))
    }

    /// What is taken then.
    pub(super) fn taken(&self, buffered: Interval) -> impl Iterator<Item = &'a BusyEntry> {
        let until = buffered.end_micros();
        let begun = self.busy.iter().take_while(move |entry| entry.buffered.start_micros() < until);
        begun.filter(move |entry| entry.buffered.overlaps(&buffered))
    }

    /// Forgets what is over by then, so that a sweep need not look at it again.
    pub(super) fn advance(&mut self, from: i64) {
        while let (Some((reach, later)), Some((_, rest))) = (self.reach.split_first(), self.busy.split_first())
            && *reach <= from
        {
            (self.reach, self.busy) = (later, rest);
        }
    }

    /// A kind of resource that is wanted and not free then.
    pub(super) fn missing_resource(&self, buffered: &Interval) -> Option<ResourceKind> {
        self.resources.iter().find(|(_, times)| !overlapping(times, buffered).is_empty()).map(|(kind, _)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn span(start: i64, length: i64) -> Interval {
        let start = DateTime::from_timestamp(1_800_000_000 + start * 60, 0).unwrap();
        Interval::lasting(start, TimeDelta::minutes(length)).unwrap()
    }

    fn entry(start: i64, length: i64, seating: u128, seat: u32) -> BusyEntry {
        let (buffered, interval) = (span(start, length), span(start, length));
        BusyEntry {
            buffered,
            interval,
            session: None,
            seating_id: SeatingId::from_uuid(Uuid::from_u128(seating)),
            seat,
            exclusive: true,
        }
    }

    proptest! {
        #[test]
        fn nearby_finds_every_taken_time_that_overlaps(
            entries in prop::collection::vec((0_i64..300, 1_i64..120), 0..30), asked in (0_i64..300, 1_i64..60),
        ) {
            let busy: Vec<BusyEntry> =
                entries.iter().zip(1_u128..).map(|((start, length), number)| entry(*start, *length, number, 1)).collect();
            let agenda = Agenda::new(AgendaFacts { busy: busy.clone(), ..AgendaFacts::default() });
            let (asked, window) = (span(asked.0, asked.1), span(0, 420));
            let mut near = agenda.near(&window);
            near.advance(asked.start_micros());
            let mut found: Vec<_> = near.taken(asked).map(|taken| taken.seating_id).collect();
            let mut wanted: Vec<_> = busy.iter().filter(|b| b.buffered.overlaps(&asked)).map(|b| b.seating_id).collect();
            found.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(found, wanted);
        }
    }
}
