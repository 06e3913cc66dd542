//! The rules of slots, each by an example, and the properties that hold for all agendas.

use std::collections::BTreeSet;

use chrono::{NaiveDateTime, TimeDelta};
use kernel::ids::{SeatingId, ServiceId};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::agenda::{AgendaFacts, BusyEntry, ResourceBusy};
use crate::model::samples::{busy, clinic, daily, practitioner, service, span, utc};
use crate::model::schedule::{ClinicHours, DateOverride, Holiday, Leave};
use crate::model::service::{ResourceKind, ServiceAsk};

const NOW: &str = "2026-05-04T00:00:00Z";

/// One practitioner's day (or days) with everything a test wants to set.
struct Case {
    practitioner: Practitioner,
    service: Service,
    agenda: Agenda,
    now: DateTime<Utc>,
    audience: Audience,
    range: Interval,
}

impl Case {
    fn of(hours: &ClinicHours, range: Interval, facts: AgendaFacts, edit: impl FnOnce(&mut ServiceAsk)) -> Self {
        let openings = vec![hours.expand(&range)];
        Self {
            practitioner: practitioner(|_| {}),
            service: service(edit),
            agenda: Agenda::new(AgendaFacts { openings, ..facts }),
            now: utc(NOW),
            audience: Audience::Patient,
            range,
        }
    }

    /// 09:00 to 12:00 UTC on 2026-05-04, half-hour appointments.
    fn morning(busy: Vec<BusyEntry>, edit: impl FnOnce(&mut ServiceAsk)) -> Self {
        Self::of(&daily("UTC", &[("09:00", "12:00")]), day(), AgendaFacts { busy, ..AgendaFacts::default() }, edit)
    }

    fn search(&self) -> SlotSearch<'_> {
        let ask = SlotAsk {
            practitioner: &self.practitioner,
            service: &self.service,
            now: self.now,
            audience: self.audience,
        };
        SlotSearch::new(ask, &self.agenda)
    }

    fn decide(&self, start: &str) -> Result<Placement, Reason> {
        self.search().decide(None, at(start))
    }

    fn starts(&self) -> Vec<String> {
        let slots = self.search().list(&self.range, usize::MAX);
        slots.iter().map(|slot| slot.interval.start().format("%H:%M").to_string()).collect()
    }
}

fn other() -> ServiceId {
    ServiceId::from_uuid(Uuid::from_u128(9))
}

fn day() -> Interval {
    span("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z")
}

/// `HH:MM` of the day of most tests, or a whole instant.
fn at(text: &str) -> DateTime<Utc> {
    if text.len() == 5 { utc(&format!("2026-05-04T{text}:00Z")) } else { utc(text) }
}

fn taken(start: &str, end: &str) -> BusyEntry {
    busy(Interval::between(at(start), at(end)).unwrap(), 77, 1)
}

#[test]
fn a2_slots_lie_on_the_grid_of_the_window() {
    let case = Case::of(&daily("UTC", &[("09:10", "10:30")]), day(), AgendaFacts::default(), |ask| {
        ask.slot_interval_minutes = Some(20);
    });
    assert_eq!(case.starts(), ["09:10", "09:30", "09:50"]);
    assert_eq!(case.decide("09:20"), Err(Reason::OffGrid));
    assert_eq!(case.decide("10:10"), Err(Reason::OutsideHours));
    assert_eq!(case.decide("10:30"), Err(Reason::OutsideHours));
}

#[test]
fn t1_a_slot_may_touch_what_is_taken() {
    let case = Case::morning(vec![taken("09:30", "10:00")], |_| {});
    assert_eq!(case.starts(), ["09:00", "10:00", "10:30", "11:00", "11:30"]);
    assert_eq!(case.decide("09:30"), Err(Reason::Busy));
}

#[test]
fn a3_buffers_of_both_must_not_overlap() {
    let mut other = taken("10:00", "10:30");
    other.buffered = Interval::between(at("09:50"), at("10:40")).unwrap();
    let case = Case::morning(vec![other], |ask| {
        ask.buffer_before_minutes = Some(5);
        ask.buffer_after_minutes = Some(10);
        ask.slot_interval_minutes = Some(5);
    });
    assert_eq!(case.decide("09:10").map(|place| place.buffered.end()), Ok(at("09:50")));
    assert_eq!(case.decide("09:15"), Err(Reason::Buffer));
    assert_eq!(case.decide("09:35"), Err(Reason::Busy));
    assert_eq!(case.decide("10:40"), Err(Reason::Buffer));
    assert!(case.decide("10:45").is_ok());
    // Buffers may reach over the edges of the window: only the appointment itself must fit.
    assert!(case.decide("09:00").is_ok() && case.decide("11:30").is_ok());
}

#[test]
fn a4_minimum_notice_is_inclusive() {
    let mut case = Case::morning(vec![], |ask| ask.minimum_notice_minutes = Some(60));
    case.now = at("09:00");
    assert_eq!(case.starts(), ["10:00", "10:30", "11:00", "11:30"]);
    assert_eq!(case.decide("09:30"), Err(Reason::MinNotice));
    case.now = utc("2026-05-04T09:00:00.000001Z");
    assert_eq!(case.decide("10:00"), Err(Reason::MinNotice));
    assert_eq!(case.decide("09:00"), Err(Reason::Past));
}

#[test]
fn a4_the_horizon_ends_with_a_local_day_of_the_clinic() {
    let range = span("2026-05-04T00:00:00Z", "2026-05-08T00:00:00Z");
    let hours = daily("America/Sao_Paulo", &[("00:00", "24:00")]);
    let mut case = Case::of(&hours, range, AgendaFacts::default(), |ask| ask.horizon_days = Some(1));
    // It is still 2026-05-03 in São Paulo, so the horizon ends with 2026-05-04 there.
    case.now = utc("2026-05-04T02:59:00Z");
    assert!(case.decide("2026-05-05T02:30:00Z").is_ok());
    assert_eq!(case.decide("2026-05-05T03:00:00Z"), Err(Reason::BeyondHorizon));
    case.now = utc("2026-05-04T03:00:00Z");
    assert!(case.decide("2026-05-05T03:00:00Z").is_ok());
}

#[test]
fn staff_book_any_minute_of_a_window_and_are_not_bound_by_notice_or_horizon() {
    let mut case = Case::morning(vec![], |ask| {
        ask.minimum_notice_minutes = Some(600);
        ask.horizon_days = Some(0);
    });
    case.audience = Audience::Staff;
    assert!(case.decide("09:07").is_ok());
    assert_eq!(case.decide("2026-05-04T09:07:30Z"), Err(Reason::OffGrid));
    assert_eq!(case.decide("08:59"), Err(Reason::OutsideHours));
    assert_eq!(case.decide("11:31"), Err(Reason::OutsideHours));
    case.now = at("09:12");
    assert!(case.decide("09:07").is_ok());
    assert_eq!(case.decide("09:06"), Err(Reason::Past));
}

#[test]
fn a1_leave_holidays_and_overrides_are_told_apart() {
    let range = span("2026-05-04T00:00:00Z", "2026-05-08T00:00:00Z");
    let mut hours = daily("UTC", &[("09:00", "12:00")]);
    let date = |text: &str| text.parse().unwrap();
    hours.overrides.push(DateOverride { clinic_id: clinic(1), date: date("2026-05-05"), windows: vec![] });
    hours.holidays.push(Holiday { clinic_id: None, date: date("2026-05-06") });
    let leaves = vec![Leave { interval: span("2026-05-04T10:15:00Z", "2026-05-04T10:45:00Z") }];
    let case = Case::of(&hours, range, AgendaFacts { leaves, ..AgendaFacts::default() }, |_| {});
    assert_eq!(case.decide("10:00"), Err(Reason::Leave));
    assert_eq!(case.decide("10:30"), Err(Reason::Leave));
    assert!(case.decide("09:30").is_ok() && case.decide("11:00").is_ok());
    assert_eq!(case.decide("2026-05-05T09:00:00Z"), Err(Reason::OverrideClosed));
    assert_eq!(case.decide("2026-05-06T09:00:00Z"), Err(Reason::Holiday));
    assert_eq!(case.decide("13:00"), Err(Reason::OutsideHours));
}

#[test]
fn t2_a_gap_gives_no_slot() {
    let range = span("2026-03-29T00:00:00Z", "2026-03-29T04:00:00Z");
    let hours = daily("Europe/Paris", &[("01:00", "04:00")]);
    let mut case = Case::of(&hours, range, AgendaFacts::default(), |_| {});
    case.now = utc("2026-03-28T00:00:00Z");
    let local: Vec<NaiveDateTime> = case.search().list(&range, 9).iter().map(Slot::local_start).collect();
    let wanted = ["01:00", "01:30", "03:00", "03:30"].map(|time| format!("2026-03-29T{time}:00").parse().unwrap());
    assert_eq!(local, wanted);
}

#[test]
fn t3_both_sides_of_a_fold_are_listed_with_their_offset() {
    let range = span("2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z");
    let hours = daily("Europe/Paris", &[("02:00", "03:00")]);
    let mut case = Case::of(&hours, range, AgendaFacts::default(), |_| {});
    case.now = utc("2026-10-24T00:00:00Z");
    let slots = case.search().list(&range, 9);
    let shown: Vec<String> = slots.iter().map(|slot| format!("{} {}", slot.local_start(), slot.utc_offset)).collect();
    let wanted = ["02:00:00 +02:00", "02:30:00 +02:00", "02:00:00 +01:00", "02:30:00 +01:00"];
    assert_eq!(shown, wanted.map(|text| format!("2026-10-25 {text}")));
    assert_eq!(slots[1].interval.start(), utc("2026-10-25T00:30:00Z"));
    assert_eq!(slots[3].interval.start(), utc("2026-10-25T01:30:00Z"));
}

#[test]
fn t3_the_last_hour_of_a_day_can_be_listed_twice() {
    let range = span("2018-02-18T00:00:00Z", "2018-02-18T06:00:00Z");
    let hours = daily("America/Sao_Paulo", &[("22:00", "24:00")]);
    let mut case = Case::of(&hours, range, AgendaFacts::default(), |_| {});
    case.now = utc("2018-02-17T00:00:00Z");
    assert_eq!(case.starts(), ["00:00", "00:30", "01:00", "01:30", "02:00", "02:30"]);
}

#[test]
fn t6_a_night_is_one_grid_over_midnight() {
    let range = span("2026-05-04T12:00:00Z", "2026-05-05T12:00:00Z");
    let case = Case::of(&daily("UTC", &[("22:00", "01:00")]), range, AgendaFacts::default(), |ask| {
        ask.duration_minutes = 60;
        ask.slot_interval_minutes = Some(45);
    });
    assert_eq!(case.starts(), ["22:00", "22:45", "23:30"]);
}

#[test]
fn a6_a_group_fills_its_seats_and_then_refuses() {
    let session = Interval::between(at("10:00"), at("10:30")).unwrap();
    let seated = |seats: &[u32]| {
        let entries = seats.iter().map(|seat| busy(session, 5, *seat)).collect();
        Case::morning(entries, |ask| ask.capacity = Some(3)).decide("10:00").map(|place| (place.seating, place.seat))
    };
    let joined = Seating::Join(SeatingId::from_uuid(Uuid::from_u128(5)));
    assert_eq!(seated(&[]), Ok((Seating::Open, 1)));
    assert_eq!(seated(&[1]), Ok((joined, 2)));
    assert_eq!(seated(&[3, 1]), Ok((joined, 2)));
    assert_eq!(seated(&[1, 2, 3]), Err(Reason::Capacity));
}

#[test]
fn a6_a_free_seat_is_found_after_the_buffers_of_the_service_changed() {
    let session = Interval::between(at("10:00"), at("10:30")).unwrap();
    let mut second = busy(session, 5, 2);
    second.buffered = Interval::between(at("09:55"), at("10:30")).unwrap();
    let case = Case::morning(vec![busy(session, 5, 1), second], |ask| ask.capacity = Some(3));
    assert_eq!(case.decide("10:00").map(|place| place.seat), Ok(3));
}

#[test]
fn a6_only_the_same_service_clinic_and_time_is_the_same_session() {
    let session = Interval::between(at("10:00"), at("10:30")).unwrap();
    let decide = |edit: fn(&mut BusyEntry), capacity| {
        let mut entry = busy(session, 5, 1);
        edit(&mut entry);
        Case::morning(vec![entry], |ask| ask.capacity = Some(capacity)).decide("10:00").err()
    };
    assert_eq!(decide(|_| {}, 2), None);
    assert_eq!(decide(|_| {}, 1), Some(Reason::Busy));
    assert_eq!(decide(|entry| entry.session = None, 2), Some(Reason::Busy));
    let renamed = |entry: &mut BusyEntry| {
        entry.session = entry.session.map(|key| SessionKey { service_id: other(), ..key });
    };
    assert_eq!(decide(renamed, 2), Some(Reason::Busy));
    let moved =
        |entry: &mut BusyEntry| entry.session = entry.session.map(|key| SessionKey { clinic_id: clinic(9), ..key });
    assert_eq!(decide(moved, 2), Some(Reason::Busy));
    // What staff overbooked is no session (B13): whoever joined it would not be guarded by the database.
    assert_eq!(decide(|entry| entry.exclusive = false, 2), Some(Reason::Busy));
}

#[test]
fn resources_and_the_patient_must_be_free_too() {
    let room =
        ResourceBusy { kind: ResourceKind::Room, buffered: Interval::between(at("09:00"), at("09:10")).unwrap() };
    let patient = vec![Interval::between(at("10:15"), at("10:30")).unwrap()];
    let facts = AgendaFacts { resources: vec![room], patient, ..AgendaFacts::default() };
    let case = Case::of(&daily("UTC", &[("09:00", "12:00")]), day(), facts, |ask| ask.buffer_after_minutes = Some(30));
    assert_eq!(case.decide("09:00"), Err(Reason::Room));
    // The patient's time is taken without buffers (B1).
    assert!(case.decide("09:30").is_ok() && case.decide("10:30").is_ok());
    assert_eq!(case.decide("10:00"), Err(Reason::PatientBusy));
}

#[test]
fn what_is_inactive_or_not_offered_is_refused_first() {
    let mut case = Case::morning(vec![], |ask| ask.active = Some(false));
    assert_eq!(case.decide("09:00"), Err(Reason::Inactive));
    case = Case::morning(vec![], |_| {});
    case.practitioner = practitioner(|profile| profile.active = false);
    assert_eq!(case.decide("09:00"), Err(Reason::Inactive));
    case.practitioner = practitioner(|profile| profile.service_ids = Some(BTreeSet::new()));
    assert_eq!(case.decide("09:00"), Err(Reason::NotOffered));
    case.practitioner = practitioner(|profile| profile.clinic_ids = Some(BTreeSet::from([clinic(2)])));
    assert_eq!(case.search().decide(Some(clinic(1)), at("09:00")), Err(Reason::NotOffered));
    assert_eq!(case.starts(), Vec::<String>::new());
    assert_eq!(case.search().why_empty(&day()), EmptyReason::NoAvailability);
}

#[test]
fn the_clinic_that_is_open_decides() {
    let (first, mut second) = (daily("UTC", &[("09:00", "10:00")]), daily("UTC", &[]));
    second.clinic_id = clinic(2);
    let evening = daily("UTC", &[("18:00", "19:00")]).schedules[0].windows().to_vec();
    second.schedules = vec![crate::model::weekly::WeeklySchedule::try_new(clinic(2), evening, None, None).unwrap()];
    let mut case = Case::of(&first, day(), AgendaFacts::default(), |_| {});
    let openings = vec![first.expand(&day()), second.expand(&day())];
    case.agenda = Agenda::new(AgendaFacts { openings, busy: vec![taken("18:00", "18:30")], ..AgendaFacts::default() });
    assert_eq!(case.decide("09:00").map(|place| place.clinic_id), Ok(clinic(1)));
    assert_eq!(case.decide("18:30").map(|place| place.clinic_id), Ok(clinic(2)));
    assert_eq!(case.decide("18:00"), Err(Reason::Busy));
    assert_eq!(case.search().decide(Some(clinic(1)), at("18:30")), Err(Reason::OutsideHours));
}

#[test]
fn a9_an_empty_list_has_its_reason() {
    let why = |case: &Case| list_slots(&[case.search()], &case.range, 50);
    let mut case = Case::morning(vec![], |_| {});
    assert_eq!((why(&case).slots.len(), why(&case).reason), (6, None));
    case.now = at("12:00");
    assert_eq!(why(&case).reason, Some(EmptyReason::NoAvailability));
    let full = Case::morning(vec![taken("09:00", "12:00")], |_| {});
    assert_eq!(why(&full).reason, Some(EmptyReason::FullyBooked));
    let gaps = Case::morning(vec![taken("09:20", "11:50")], |_| {});
    assert_eq!(why(&gaps).reason, Some(EmptyReason::NoGapLongEnough));
    let pool = [full.search(), gaps.search()];
    assert_eq!(list_slots(&pool, &day(), 50).reason, Some(EmptyReason::NoGapLongEnough));
    assert_eq!(list_slots(&[], &day(), 50).reason, Some(EmptyReason::NoAvailability));
}

#[derive(Debug, Clone)]
struct Drawn {
    zone: &'static str,
    day: u32,
    windows: Vec<(u32, u32)>,
    busy: Vec<(i64, i64, u32)>,
    leaves: Vec<(i64, i64)>,
    service: (i64, i64, i64, i64, i64, i64),
    now: i64,
    staff: bool,
}

/// Days around transitions of several zones, with hours, appointments and terms in steps of five minutes.
fn drawn() -> impl Strategy<Value = Drawn> {
    let zones = ["UTC", "Europe/Paris", "America/Sao_Paulo", "America/New_York", "Australia/Lord_Howe"];
    let entry = (-200_i64..700, 1_i64..24, 1_u32..3);
    let terms = (1_i64..18, 0_i64..5, 0_i64..5, 1_i64..13, 1_i64..3, 0_i64..80);
    (
        (prop::sample::select(zones.to_vec()), 0_u32..6, prop::collection::vec((0_u32..288, 1_u32..=288), 0..3)),
        (prop::collection::vec(entry, 0..24), prop::collection::vec((-200_i64..700, 1_i64..40), 0..2)),
        (terms, -300_i64..400, any::<bool>()),
    )
        .prop_map(|((zone, day, windows), (busy, leaves), (service, now, staff))| Drawn {
            zone,
            day,
            windows,
            busy,
            leaves,
            service,
            now,
            staff,
        })
}

fn case_of(drawn: &Drawn) -> Case {
    let days = ["2026-03-28", "2026-10-24", "2018-02-17", "2018-11-03", "2026-03-07", "2026-04-04"];
    let origin = utc(&format!("{}T12:00:00Z", days[usize::try_from(drawn.day).unwrap() % days.len()]));
    let minutes = |five: i64| origin + TimeDelta::minutes(five * 5);
    let clock = |five: u32| format!("{:02}:{:02}", five / 12, five % 12 * 5);
    let texts: Vec<(String, String)> = drawn.windows.iter().map(|(from, to)| (clock(*from), clock(*to))).collect();
    let windows: Vec<(&str, &str)> = texts.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let range = Interval::lasting(origin, TimeDelta::hours(36)).unwrap();
    let entries = drawn.busy.iter().zip(100_u128..).map(|((start, length, seat), number)| {
        busy(Interval::lasting(minutes(*start), TimeDelta::minutes(length * 5)).unwrap(), number, *seat)
    });
    let leaves = drawn.leaves.iter().map(|(start, length)| Leave {
        interval: Interval::lasting(minutes(*start), TimeDelta::minutes(length * 5)).unwrap(),
    });
    let facts = AgendaFacts { busy: entries.collect(), leaves: leaves.collect(), ..AgendaFacts::default() };
    let (duration, before, after, step, capacity, notice) = drawn.service;
    let mut case = Case::of(&daily(drawn.zone, &windows), range, facts, |ask| {
        ask.duration_minutes = duration * 5;
        ask.buffer_before_minutes = Some(before * 5);
        ask.buffer_after_minutes = Some(after * 5);
        ask.slot_interval_minutes = Some(step * 5);
        ask.capacity = Some(capacity);
        ask.minimum_notice_minutes = Some(notice * 5);
        ask.horizon_days = Some(1);
    });
    case.now = minutes(drawn.now);
    case.audience = if drawn.staff { Audience::Staff } else { Audience::Patient };
    case
}

fn every_minute(range: &Interval, step: i64) -> impl Iterator<Item = DateTime<Utc>> {
    let (from, to) = (range.start(), range.end());
    (0..).map(move |number| from + TimeDelta::minutes(number * step)).take_while(move |start| *start < to)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a8_listed_is_what_is_decided(drawn in drawn()) {
        let case = case_of(&drawn);
        let search = case.search();
        let listed: BTreeSet<_> = search.list(&case.range, usize::MAX).iter().map(|s| s.interval.start()).collect();
        for start in &listed {
            prop_assert!(search.decide(None, *start).is_ok(), "{start}");
        }
        let windows = || case.agenda.openings()[0].windows().iter();
        let step = case.service.terms().slot_interval().delta().num_minutes();
        for start in every_minute(&case.range, 5) {
            let grid = windows().any(|w| w.contains(start) && (start - w.start()).num_minutes() % step == 0);
            // Staff may book between the slots, so a slot refused in one window may fit another that overlaps it.
            let single = windows().filter(|window| window.contains(start)).count() == 1;
            let decided = search.decide(None, start);
            if case.audience == Audience::Patient || (grid && single) {
                prop_assert_eq!(decided.is_ok(), listed.contains(&start), "{} {:?}", start, decided);
            }
        }
    }

    #[test]
    fn a2_a3_listed_slots_fit_a_window_and_touch_nothing_taken(drawn in drawn()) {
        let case = case_of(&drawn);
        let terms = case.service.terms();
        let origin = case.range.start();
        for slot in case.search().list(&case.range, usize::MAX) {
            let (start, end) = (slot.interval.start(), slot.interval.end());
            prop_assert!(case.agenda.openings()[0].windows().iter().any(|w| w.start() <= start && end <= w.end()));
            prop_assert!(case.range.contains(start));
            let (from, to) = (start - terms.buffer_before().delta(), end + terms.buffer_after().delta());
            for (begin, length, _) in &drawn.busy {
                let begin = origin + TimeDelta::minutes(begin * 5);
                let stop = begin + TimeDelta::minutes(length * 5);
                let own = terms.capacity() > 1 && begin == start && stop == end;
                prop_assert!(own || stop <= from || to <= begin, "{from} {to} {begin} {stop}");
            }
            for (begin, length) in &drawn.leaves {
                let begin = origin + TimeDelta::minutes(begin * 5);
                prop_assert!(begin + TimeDelta::minutes(length * 5) <= start || end <= begin);
            }
            if case.audience == Audience::Patient {
                prop_assert!(start >= case.now + terms.minimum_notice().delta());
            }
        }
    }

    #[test]
    fn a_limit_cuts_the_list_and_changes_nothing_else(drawn in drawn(), limit in 0_usize..20) {
        let case = case_of(&drawn);
        let all = case.search().list(&case.range, usize::MAX);
        let sorted = all.windows(2).all(|pair| pair[0].interval.start() < pair[1].interval.start());
        prop_assert!(sorted, "each start once, in order");
        let some = case.search().list(&case.range, limit);
        prop_assert_eq!(&some[..], &all[..limit.min(all.len())]);
    }

    #[test]
    fn a9_there_are_slots_or_a_reason(drawn in drawn()) {
        let case = case_of(&drawn);
        let list = list_slots(&[case.search()], &case.range, 50);
        prop_assert_eq!(list.slots.is_empty(), list.reason.is_some());
    }
}
