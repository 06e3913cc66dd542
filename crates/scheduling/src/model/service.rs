//! What can be booked: a service, its terms, and the snapshot that an appointment keeps (B14).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use kernel::ids::ServiceId;
use kernel::{Fault, Money};

use super::coded::coded;
use super::words::Label;

coded! {
    /// Where a service is given.
    Modality {
        /// In the clinic.
        InPerson = "in_person",
        /// By video or telephone.
        Telehealth = "telehealth",
        /// At the patient's home.
        Home = "home",
    }
}

coded! {
    /// A kind of resource that a service can need.
    ResourceKind {
        /// A room.
        Room = "room",
        /// A piece of equipment.
        Equipment = "equipment",
        /// A vehicle.
        Vehicle = "vehicle",
    }
}

/// A length of time in whole minutes, never negative and at most a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(u32);

/// Minutes in a year of 365 days, the longest that [`Minutes`] holds.
const YEAR: i64 = 365 * 1440;

/// What a service asks of those who book it; all values are within the bounds of [`ServiceTerms::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTerms {
    name: Label,
    duration: Minutes,
    price: Option<Money>,
    buffer_before: Minutes,
    buffer_after: Minutes,
    slot_interval: Minutes,
    modality: Modality,
    capacity: u32,
    minimum_notice: Minutes,
    horizon_days: u32,
    requires_approval: bool,
    cancellation_window: Minutes,
    required_resource_kinds: BTreeSet<ResourceKind>,
    required_professions: BTreeSet<Label>,
    active: bool,
}

/// The terms as they are typed or stored; what is absent takes the default of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAsk {
    /// One line, 1 to 200 characters.
    pub name: String,
    /// 1 to 1440.
    pub duration_minutes: i64,
    /// Not negative.
    pub price: Option<Money>,
    /// 0 to 1440; default 0.
    pub buffer_before_minutes: Option<i64>,
    /// 0 to 1440; default 0.
    pub buffer_after_minutes: Option<i64>,
    /// 1 to 1440; default the duration.
    pub slot_interval_minutes: Option<i64>,
    /// Default in person.
    pub modality: Option<Modality>,
    /// 1 to 1000; default 1.
    pub capacity: Option<i64>,
    /// 0 to a year; default 0.
    pub minimum_notice_minutes: Option<i64>,
    /// 0 to 36,500; default 180.
    pub horizon_days: Option<i64>,
    /// Default no.
    pub requires_approval: Option<bool>,
    /// 0 to a year; default 1440.
    pub cancellation_window_minutes: Option<i64>,
    /// Default none.
    pub required_resource_kinds: BTreeSet<ResourceKind>,
    /// Default none: any profession may give it.
    pub required_professions: BTreeSet<Label>,
    /// Default yes.
    pub active: Option<bool>,
}

/// A service with its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    id: ServiceId,
    terms: ServiceTerms,
    version: i64,
}

/// The terms that an appointment was booked under; later changes of the service do not reach it (B14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSnapshot {
    /// The service.
    pub service_id: ServiceId,
    /// Its name then.
    pub name: Label,
    /// Its duration then.
    pub duration: Minutes,
    /// Its price then.
    pub price: Option<Money>,
    /// Time kept free before.
    pub buffer_before: Minutes,
    /// Time kept free after.
    pub buffer_after: Minutes,
    /// Until how long before the start a patient may cancel without being late (B9).
    pub cancellation_window: Minutes,
    /// Where it is given.
    pub modality: Modality,
}

impl Minutes {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Takes a number of minutes from 0 to 525,600.
    pub fn try_new(minutes: i64) -> Option<Self> {
        u32::try_from(minutes).ok().filter(|_| minutes <= YEAR).map(Self)
    }

    /// The number of minutes.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The length of time.
    pub fn delta(self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.0))
    }
}

impl ServiceTerms {
    /// Reads all fields and tells every one that is wrong, with its JSON pointer.
    pub fn parse(ask: ServiceAsk) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let name = Label::parse(&ask.name).map_err(|error| faults.push(Fault::at("/name", error.code()))).ok();
        if ask.price.is_some_and(|price| price.amount < 0) {
            faults.push(Fault::at("/price/amount", OUT_OF_RANGE));
        }
        let mut within = |pointer: &str, value: i64, least: i64, most: i64| {
            let inside = (least..=most).contains(&value);
            if !inside {
                faults.push(Fault::at(pointer, OUT_OF_RANGE));
            }
            if inside { u32::try_from(value).unwrap_or_default() } else { 0 }
        };
        let interval = ask.slot_interval_minutes.unwrap_or(ask.duration_minutes.clamp(1, 1440));
        let duration = within("/duration_minutes", ask.duration_minutes, 1, 1440);
        let buffer_before = within("/buffer_before_minutes", ask.buffer_before_minutes.unwrap_or(0), 0, 1440);
        let buffer_after = within("/buffer_after_minutes", ask.buffer_after_minutes.unwrap_or(0), 0, 1440);
        let slot_interval = within("/slot_interval_minutes", interval, 1, 1440);
        let capacity = within("/capacity", ask.capacity.unwrap_or(1), 1, 1000);
        let minimum_notice = within("/minimum_notice_minutes", ask.minimum_notice_minutes.unwrap_or(0), 0, YEAR);
        let horizon_days = within("/horizon_days", ask.horizon_days.unwrap_or(180), 0, 36_500);
        let window = ask.cancellation_window_minutes.unwrap_or(1440);
        let cancellation_window = within("/cancellation_window_minutes", window, 0, YEAR);
        let Some(name) = name.filter(|_| faults.is_empty()) else { return Err(faults) };
        Ok(Self {
            name,
            duration: Minutes(duration),
            price: ask.price,
            buffer_before: Minutes(buffer_before),
            buffer_after: Minutes(buffer_after),
            slot_interval: Minutes(slot_interval),
            modality: ask.modality.unwrap_or(Modality::InPerson),
            capacity,
            minimum_notice: Minutes(minimum_notice),
            horizon_days,
            requires_approval: ask.requires_approval.unwrap_or(false),
            cancellation_window: Minutes(cancellation_window),
            required_resource_kinds: ask.required_resource_kinds,
            required_professions: ask.required_professions,
            active: ask.active.unwrap_or(true),
        })
    }

    /// What it is called.
    pub const fn name(&self) -> &Label {
        &self.name
    }

    /// How long it lasts, 1 to 1440 minutes.
    pub const fn duration(&self) -> Minutes {
        self.duration
    }

    /// What it costs.
    pub const fn price(&self) -> Option<Money> {
        self.price
    }

    /// Time kept free before.
    pub const fn buffer_before(&self) -> Minutes {
        self.buffer_before
    }

    /// Time kept free after.
    pub const fn buffer_after(&self) -> Minutes {
        self.buffer_after
    }

    /// The step of the grid (A2), 1 to 1440 minutes.
    pub const fn slot_interval(&self) -> Minutes {
        self.slot_interval
    }

    /// Where it is given.
    pub const fn modality(&self) -> Modality {
        self.modality
    }

    /// How many can be booked into one session (A6), at least 1.
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// How long before the start patients must book at the latest (A4).
    pub const fn minimum_notice(&self) -> Minutes {
        self.minimum_notice
    }

    /// How many days after today patients may book (A4).
    pub const fn horizon_days(&self) -> u32 {
        self.horizon_days
    }

    /// Whether a booking waits for approval (B6).
    pub const fn requires_approval(&self) -> bool {
        self.requires_approval
    }

    /// Until how long before the start a patient may cancel without being late (B9).
    pub const fn cancellation_window(&self) -> Minutes {
        self.cancellation_window
    }

    /// The kinds of resource it needs.
    pub const fn required_resource_kinds(&self) -> &BTreeSet<ResourceKind> {
        &self.required_resource_kinds
    }

    /// The professions that may give it; empty for any.
    pub const fn required_professions(&self) -> &BTreeSet<Label> {
        &self.required_professions
    }

    /// Whether it can be booked.
    pub const fn active(&self) -> bool {
        self.active
    }
}

impl Service {
    /// A service with these terms.
    pub const fn new(id: ServiceId, terms: ServiceTerms, version: i64) -> Self {
        Self { id, terms, version }
    }

    /// Its identity.
    pub const fn id(&self) -> ServiceId {
        self.id
    }

    /// Its terms.
    pub const fn terms(&self) -> &ServiceTerms {
        &self.terms
    }

    /// Its version, from 1.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// What an appointment keeps of it (B14).
    pub fn snapshot(&self) -> ServiceSnapshot {
        ServiceSnapshot {
            service_id: self.id,
            name: self.terms.name.clone(),
            duration: self.terms.duration,
            price: self.terms.price,
            buffer_before: self.terms.buffer_before,
            buffer_after: self.terms.buffer_after,
            cancellation_window: self.terms.cancellation_window,
            modality: self.terms.modality,
        }
    }
}

const OUT_OF_RANGE: &str = "out_of_range";

#[cfg(test)]
mod tests {
    use kernel::Currency;
    use proptest::prelude::*;

    use super::*;

    fn ask() -> ServiceAsk {
        ServiceAsk { name: "Consulta".to_owned(), duration_minutes: 30, ..ServiceAsk::default() }
    }

    #[test]
    fn absent_fields_take_the_defaults_of_the_page() {
        let terms = ServiceTerms::parse(ask()).unwrap();
        assert_eq!((terms.slot_interval().get(), terms.capacity(), terms.horizon_days()), (30, 1, 180));
        assert_eq!((terms.buffer_before(), terms.buffer_after(), terms.minimum_notice()), Default::default());
        assert_eq!((terms.cancellation_window().get(), terms.modality()), (1440, Modality::InPerson));
        assert!(terms.active() && !terms.requires_approval() && terms.required_resource_kinds().is_empty());
    }

    #[test]
    fn every_wrong_field_is_told_at_once() {
        let wrong = ServiceAsk {
            name: " ".to_owned(),
            duration_minutes: 0,
            price: Some(Money::new(-1, Currency::BRL)),
            buffer_before_minutes: Some(-5),
            slot_interval_minutes: Some(0),
            capacity: Some(0),
            horizon_days: Some(i64::MAX),
            ..ServiceAsk::default()
        };
        let pointers: Vec<String> = ServiceTerms::parse(wrong).unwrap_err().into_iter().map(|f| f.pointer).collect();
        let expected = [
            "/name",
            "/price/amount",
            "/duration_minutes",
            "/buffer_before_minutes",
            "/slot_interval_minutes",
            "/capacity",
            "/horizon_days",
        ];
        assert_eq!(pointers, expected);
    }

    #[test]
    fn a_wrong_duration_alone_is_one_fault() {
        let faults = ServiceTerms::parse(ServiceAsk { duration_minutes: 1441, ..ask() }).unwrap_err();
        assert_eq!(faults, vec![Fault::at("/duration_minutes", "out_of_range")]);
    }

    #[test]
    fn b14_the_snapshot_keeps_the_terms_of_the_day() {
        let price = Some(Money::new(12_990, Currency::BRL));
        let terms = ServiceTerms::parse(ServiceAsk { price, buffer_after_minutes: Some(10), ..ask() }).unwrap();
        let snapshot = Service::new(ServiceId::from_uuid(uuid::Uuid::from_u128(1)), terms, 1).snapshot();
        assert_eq!((snapshot.price, snapshot.duration.get(), snapshot.buffer_after.get()), (price, 30, 10));
        assert_eq!(snapshot.name.as_str(), "Consulta");
    }

    proptest! {
        #[test]
        fn numbers_are_taken_within_their_bounds_only(value in -10_i64..2000) {
            let taken = ServiceTerms::parse(ServiceAsk { duration_minutes: value, ..ask() }).is_ok();
            prop_assert_eq!(taken, (1..=1440).contains(&value));
            let taken = ServiceTerms::parse(ServiceAsk { capacity: Some(value), ..ask() }).is_ok();
            prop_assert_eq!(taken, (1..=1000).contains(&value));
            let taken = ServiceTerms::parse(ServiceAsk { minimum_notice_minutes: Some(value * 600), ..ask() }).is_ok();
            prop_assert_eq!(taken, (0..=525_600).contains(&(value * 600)));
        }
    }
}
