//! Free slots: one decision about one start, which listing, booking and explaining share (A8).

use chrono::{DateTime, Days, FixedOffset, Utc};
use kernel::ids::ClinicId;

use super::agenda::{Agenda, BusyEntry, Nearby, SessionKey};
use super::coded::coded;
use super::interval::{Interval, instant, subtract, union};
use super::placement::{Placement, Seating, Slot};
use super::practitioner::Practitioner;
use super::reason::{EmptyReason, Reason};
use super::schedule::Openings;
use super::service::{Minutes, Service};

coded! {
    /// Who asks, which decides the rules that bind.
    Audience {
        /// The clinic: any minute inside a window, up to five minutes ago, without grid, notice and horizon.
        Staff = "staff",
        /// Patients, caregivers and the public: all rules.
        Patient = "patient",
    }
}

const MINUTE: i64 = 60_000_000;

/// How long ago a start may lie that staff still book, in microseconds.
const STAFF_GRACE: i64 = 5 * MINUTE;

/// What is asked of an agenda.
#[derive(Clone, Copy, Debug)]
pub struct SlotAsk<'a> {
    /// Whose agenda it is.
    pub practitioner: &'a Practitioner,
    /// What is to be booked.
    pub service: &'a Service,
    /// The present instant.
    pub now: DateTime<Utc>,
    /// Who asks.
    pub audience: Audience,
}

/// The slots of one practitioner for one service, as of one instant; all times in microseconds.
#[derive(Clone, Debug)]
pub struct SlotSearch<'a> {
    agenda: &'a Agenda,
    clinics: Vec<Clinic<'a>>,
    practitioner: &'a Practitioner,
    service: &'a Service,
    /// What refuses every start.
    standing: Option<Reason>,
    duration: i64,
    before: i64,
    after: i64,
    /// The step between listed slots (A2).
    step: i64,
    /// The step that a start must keep to: the slots' for patients, a minute for staff.
    grid: i64,
    not_before: i64,
    /// The same and the minimum notice (A4).
    earliest: i64,
}

/// Free slots in the order of start, practitioner and clinic, or the reason that there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotList {
    /// The slots.
    pub slots: Vec<Slot>,
    /// Why the list is empty; nothing where it is not.
    pub reason: Option<EmptyReason>,
}

#[derive(Clone, Copy, Debug)]
struct Clinic<'a> {
    openings: &'a Openings,
    /// The end of the horizon's last local day (A4); the end of time where none binds.
    horizon: i64,
}

/// The free slots that start in `range`, at most `limit` of them, over the agendas of a pool.
pub fn list_slots(pool: &[SlotSearch<'_>], range: &Interval, limit: usize) -> SlotList {
    let mut slots: Vec<Slot> = Vec::new();
    let mut ordered: Vec<&SlotSearch<'_>> = pool.iter().collect();
    ordered.sort_by_key(|search| search.practitioner.id());
    for search in ordered {
        search.collect(range, limit, &mut slots);
    }
    // Stable: at the same start the order of practitioners and clinics stays.
    slots.sort_by_key(|slot| slot.interval.start_micros());
    slots.truncate(limit);
    let empty = slots.is_empty() && limit > 0;
    let reason = if empty { pool.iter().map(|search| search.why_empty(range)).max() } else { None };
    SlotList { reason: reason.or_else(|| empty.then_some(EmptyReason::NoAvailability)), slots }
}

impl<'a> SlotSearch<'a> {
    /// Prepares the question; the agenda must hold all that matters around the times that will be asked about.
    pub fn new(ask: SlotAsk<'a>, agenda: &'a Agenda) -> Self {
        let terms = ask.service.terms();
        let micros = |minutes: Minutes| i64::from(minutes.get()) * MINUTE;
        let step = micros(terms.slot_interval());
        let now = ask.now.timestamp_micros();
        let (not_before, notice, grid) = match ask.audience {
            Audience::Patient => (now, micros(terms.minimum_notice()), step),
            Audience::Staff => (now.saturating_sub(STAFF_GRACE), 0, MINUTE),
        };
        let works_here = |openings: &&Openings| ask.practitioner.works_in(openings.clinic_id());
        Self {
            agenda,
            clinics: agenda.openings().iter().filter(works_here).map(|openings| Clinic::of(openings, &ask)).collect(),
            practitioner: ask.practitioner,
            service: ask.service,
            standing: standing(&ask),
            duration: micros(terms.duration()),
            before: micros(terms.buffer_before()),
            after: micros(terms.buffer_after()),
            step,
            grid,
            not_before,
            earliest: not_before.saturating_add(notice),
        }
    }

    /// Whether a start can be booked, and where it goes; without a clinic, in the first that takes it.
    pub fn decide(&self, clinic_id: Option<ClinicId>, start: DateTime<Utc>) -> Result<Placement, Reason> {
        if let Some(reason) = self.standing {
            return Err(reason);
        }
        let wanted = |clinic: &&Clinic| clinic_id.is_none_or(|id| id == clinic.openings.clinic_id());
        let mut refusal = clinic_id.filter(|id| !self.practitioner.works_in(*id)).map(|_| Reason::NotOffered);
        for clinic in self.clinics.iter().filter(wanted) {
            match self.decide_in(clinic, start) {
                Ok(placement) => return Ok(placement),
                // That another clinic is closed then explains less than why this one refuses.
                Err(reason) if refusal.is_none_or(|known| known == Reason::OutsideHours) => refusal = Some(reason),
                Err(_) => {}
            }
        }
        Err(refusal.unwrap_or(Reason::OutsideHours))
    }

    /// The free slots that start in `range`, by start, at most `limit` of them.
    pub fn list(&self, range: &Interval, limit: usize) -> Vec<Slot> {
        let mut slots = Vec::new();
        self.collect(range, limit, &mut slots);
        slots.sort_by_key(|slot| slot.interval.start_micros());
        slots.truncate(limit);
        slots
    }

    /// Why no slot starts in `range`, if none does (A9).
    pub fn why_empty(&self, range: &Interval) -> EmptyReason {
        let bookable = |clinic: &Clinic| -> Vec<Interval> {
            let until = clinic.horizon.min(range.end_micros());
            let span = Interval::of_micros(self.earliest.max(range.start_micros()), until);
            let clip = |window: &Interval| span.and_then(|span| window.clip(&span));
            clinic.openings.windows().iter().filter_map(clip).collect()
        };
        let open = self.clinics.iter().filter(|_| self.standing.is_none()).flat_map(bookable);
        let open = subtract(union(open), self.agenda.leaves().iter().copied());
        if open.is_empty() {
            EmptyReason::NoAvailability
        } else if subtract(open, self.agenda.blocked()).is_empty() {
            EmptyReason::FullyBooked
        } else {
            EmptyReason::NoGapLongEnough
        }
    }

    fn decide_in(&self, clinic: &Clinic<'_>, start: DateTime<Utc>) -> Result<Placement, Reason> {
        self.in_time(clinic, start.timestamp_micros())?;
        let mut refusal = None;
        for window in clinic.openings.windows().iter().filter(|window| window.contains(start)) {
            match self.judge(clinic, window, &self.nearby(window), start.timestamp_micros()) {
                Ok(placement) => return Ok(placement),
                Err(reason) => refusal = refusal.or(Some(reason)),
            }
        }
        Err(refusal.unwrap_or_else(|| clinic.openings.why_shut(start)))
    }

    /// The decision (A8): may this start be booked in this window?
    fn judge(
        &self,
        clinic: &Clinic<'_>,
        window: &Interval,
        near: &Nearby<'_>,
        start: i64,
    ) -> Result<Placement, Reason> {
        self.in_time(clinic, start)?;
        let interval = Interval::of_micros(start, start.saturating_add(self.duration))
            .filter(|interval| window.covers(interval))
            .ok_or(Reason::OutsideHours)?;
        if start.saturating_sub(window.start_micros()).checked_rem(self.grid) != Some(0) {
            return Err(Reason::OffGrid);
        }
        let buffered = interval.widened_micros(self.before, self.after).ok_or(Reason::OutsideHours)?;
        if near.on_leave(&interval) {
            return Err(Reason::Leave);
        }
        let clinic_id = clinic.openings.clinic_id();
        let (seating, seat) = self.seat(clinic_id, &interval, near.taken(buffered))?;
        if let Some(kind) = near.missing_resource(&buffered) {
            return Err(kind.into());
        }
        if near.patient_is_elsewhere(&interval) {
            return Err(Reason::PatientBusy);
        }
        Ok(Placement { clinic_id, interval, buffered, seating, seat })
    }

    /// Past, minimum notice and horizon (A4).
    const fn in_time(&self, clinic: &Clinic<'_>, start: i64) -> Result<(), Reason> {
        if start < self.not_before {
            Err(Reason::Past)
        } else if start < self.earliest {
            Err(Reason::MinNotice)
        } else if start >= clinic.horizon {
            Err(Reason::BeyondHorizon)
        } else {
            Ok(())
        }
    }

    /// Finds a seat among what is taken: nothing may conflict but the session itself, which may be full (A3, A6).
    fn seat<'t>(
        &self,
        clinic_id: ClinicId,
        interval: &Interval,
        taken: impl Iterator<Item = &'t BusyEntry>,
    ) -> Result<(Seating, u32), Reason> {
        let capacity = self.service.terms().capacity();
        let key = SessionKey { service_id: self.service.id(), clinic_id };
        let (mut seats, mut session, mut buffer) = (Vec::new(), None, false);
        for other in taken {
            if capacity > 1 && other.exclusive && other.interval == *interval && other.session == Some(key) {
                session = Some(other.seating_id);
                seats.push(other.seat);
            } else if other.interval.overlaps(interval) {
                return Err(Reason::Busy);
            } else {
                buffer = true;
            }
        }
        if buffer {
            return Err(Reason::Buffer);
        }
        let Some(session) = session else { return Ok((Seating::Open, 1)) };
        let seat = (1..=capacity).find(|seat| !seats.contains(seat)).ok_or(Reason::Capacity)?;
        Ok((Seating::Join(session), seat))
    }

    fn nearby(&self, window: &Interval) -> Nearby<'a> {
        self.agenda.near(&window.widened_micros(self.before, self.after).unwrap_or(*window))
    }

    fn collect(&self, range: &Interval, limit: usize, into: &mut Vec<Slot>) {
        if self.standing.is_some() {
            return;
        }
        for clinic in &self.clinics {
            let begun = into.len();
            let mut last = i64::MIN;
            for window in clinic.openings.windows().iter().filter(|window| window.overlaps(range)) {
                // Windows that overlap can share starts, and a later one can hold an earlier start.
                let apart = last < window.start_micros();
                if apart && into.len() - begun >= limit {
                    break;
                }
                let known = if apart { into.len() } else { begun };
                self.sweep(clinic, window, range, known, into);
                let found = into.get(begun..).and_then(<[Slot]>::last);
                last = found.map_or(last, |slot| last.max(slot.interval.start_micros()));
            }
        }
    }

    /// Adds the free slots of one window, but those that are there already from `known` on.
    fn sweep(&self, clinic: &Clinic<'_>, window: &Interval, range: &Interval, known: usize, into: &mut Vec<Slot>) {
        let mut near = self.nearby(window);
        let end = window.end_micros().min(range.end_micros()).min(clinic.horizon);
        let offsets = Offsets::of(clinic.openings, window);
        let fresh = into.len();
        let mut start = self.first_on_grid(window, self.earliest.max(range.start_micros()));
        while start < end {
            near.advance(start.saturating_sub(self.before));
            if let Ok(placement) = self.judge(clinic, window, &near, start) {
                let seen = into.get(known..fresh).unwrap_or_default();
                if !seen.iter().any(|slot| slot.interval == placement.interval) {
                    into.push(Slot {
                        interval: placement.interval,
                        practitioner_id: self.practitioner.id(),
                        clinic_id: placement.clinic_id,
                        utc_offset: offsets.at(clinic.openings, start),
                    });
                }
            }
            start = start.saturating_add(self.step);
        }
    }

    /// The first instant of the window's grid that is not before `from` (A2).
    fn first_on_grid(&self, window: &Interval, from: i64) -> i64 {
        let behind = from.saturating_sub(window.start_micros()).max(0);
        let steps = behind.saturating_add(self.step - 1) / self.step;
        window.start_micros().saturating_add(steps.saturating_mul(self.step))
    }
}

impl<'a> Clinic<'a> {
    fn of(openings: &'a Openings, ask: &SlotAsk<'_>) -> Self {
        let zone = openings.zone();
        let days = Days::new(u64::from(ask.service.terms().horizon_days()) + 1);
        let bound = Some(zone.date_at(ask.now)).filter(|_| ask.audience == Audience::Patient);
        let after_last = bound.and_then(|today| today.checked_add_days(days));
        let horizon = after_last.map_or(i64::MAX, |date| zone.first_instant(date.into()).timestamp_micros());
        Self { openings, horizon }
    }
}

/// The clock's offset within a window, found once where no transition falls into it.
enum Offsets {
    Same(FixedOffset),
    Changing,
}

impl Offsets {
    fn of(openings: &Openings, window: &Interval) -> Self {
        let (first, last) = (openings.zone().offset_at(window.start()), openings.zone().offset_at(window.end()));
        if first == last { Self::Same(first) } else { Self::Changing }
    }

    fn at(&self, openings: &Openings, start: i64) -> FixedOffset {
        match self {
            Self::Same(offset) => *offset,
            Self::Changing => openings.zone().offset_at(instant(start)),
        }
    }
}

fn standing(ask: &SlotAsk<'_>) -> Option<Reason> {
    if !ask.service.terms().active() || !ask.practitioner.profile().active {
        Some(Reason::Inactive)
    } else if !ask.practitioner.offers(ask.service) {
        Some(Reason::NotOffered)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
