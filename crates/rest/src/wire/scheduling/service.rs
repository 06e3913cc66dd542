//! Services on the wire.

use std::collections::BTreeSet;

use kernel::{Fault, Money};
use scheduling::model::patch::ServicePatch;
use scheduling::model::service::{Service, ServiceAsk, ServiceTerms};
use scheduling::model::words::Label;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::values::{Between, Modality, ResourceKind};
use crate::from_json::{Ask, Patch};
use crate::problem::Problem;
use crate::wire::shapes::{AtMost, Given};
use crate::{Wire, pages};

/// Minutes within a day.
type Day = Between<0, 1440>;
/// Minutes within a year.
type Year = Between<0, 525_600>;

/// What something costs
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Price {
    /// Whole minor units, such as cents.
    amount: i64,
    /// ISO 4217.
    currency: String,
}

impl From<Money> for Price {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: money.currency.as_str().to_owned() }
    }
}

/// A service that can be booked
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Service)]
pub struct ServiceWire {
    /// Its id.
    id: Uuid,
    /// What it is called.
    name: String,
    /// How long it lasts.
    duration_minutes: u32,
    /// What it costs.
    price: Option<Price>,
    /// Time kept free before.
    buffer_before_minutes: u32,
    /// Time kept free after.
    buffer_after_minutes: u32,
    /// The step of the slots.
    slot_interval_minutes: u32,
    /// Where it is given.
    modality: Modality,
    /// How many can be booked into one session.
    capacity: u32,
    /// How long before the start patients must book at the latest.
    minimum_notice_minutes: u32,
    /// How many days after today patients may book.
    horizon_days: u32,
    /// Whether a booking waits for approval.
    requires_approval: bool,
    /// Until how long before the start a patient may cancel without being late.
    cancellation_window_minutes: u32,
    /// Kinds of resource that it needs.
    required_resource_kinds: Vec<ResourceKind>,
    /// Professions that may give it; empty for any.
    required_professions: Vec<String>,
    /// Whether it can be booked.
    active: bool,
    /// Rises by one with every change; the entity tag in quotes.
    version: i64,
}

pages! {
    /// A page of services
    ServicePage of ServiceWire;
}

impl From<&Service> for ServiceWire {
    fn from(service: &Service) -> Self {
        let terms = service.terms();
        Self {
            id: service.id().uuid(),
            name: terms.name().as_str().to_owned(),
            duration_minutes: terms.duration().get(),
            price: terms.price().map(Into::into),
            buffer_before_minutes: terms.buffer_before().get(),
            buffer_after_minutes: terms.buffer_after().get(),
            slot_interval_minutes: terms.slot_interval().get(),
            modality: Modality(terms.modality()),
            capacity: terms.capacity(),
            minimum_notice_minutes: terms.minimum_notice().get(),
            horizon_days: terms.horizon_days(),
            requires_approval: terms.requires_approval(),
            cancellation_window_minutes: terms.cancellation_window().get(),
            required_resource_kinds: terms.required_resource_kinds().iter().copied().map(ResourceKind).collect(),
            required_professions: terms.required_professions().iter().map(|one| one.as_str().to_owned()).collect(),
            active: terms.active(),
            version: service.version(),
        }
    }
}

impl Wire for ServiceWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0011),
            name: "Consulta".to_owned(),
            duration_minutes: 30,
            price: Some(Price { amount: 12_990, currency: "BRL".to_owned() }),
            buffer_before_minutes: 0,
            buffer_after_minutes: 10,
            slot_interval_minutes: 30,
            modality: Modality(scheduling::model::service::Modality::InPerson),
            capacity: 1,
            minimum_notice_minutes: 0,
            horizon_days: 180,
            requires_approval: false,
            cancellation_window_minutes: 1440,
            required_resource_kinds: Vec::new(),
            required_professions: vec!["doctor".to_owned()],
            active: true,
            version: 1,
        }
    }
}

/// A new service; what is absent takes its default
#[derive(Debug, crate::FromJson)]
pub struct NewService {
    /// What it is called.
    name: Label,
    /// How long it lasts.
    duration_minutes: Between<1, 1440>,
    /// What it costs.
    price: Option<Money>,
    /// Time kept free before; 0 unless said otherwise.
    buffer_before_minutes: Option<Day>,
    /// Time kept free after; 0 unless said otherwise.
    buffer_after_minutes: Option<Day>,
    /// The step of the slots; the duration unless said otherwise.
    slot_interval_minutes: Option<Between<1, 1440>>,
    /// `in_person` unless said otherwise.
    modality: Option<Modality>,
    /// How many can be booked into one session; 1 unless said otherwise.
    capacity: Option<Between<1, 1000>>,
    /// How long before the start patients must book at the latest; 0 unless said otherwise.
    minimum_notice_minutes: Option<Year>,
    /// How many days after today patients may book; 180 unless said otherwise.
    horizon_days: Option<Between<0, 36_500>>,
    /// Whether a booking waits for approval; no unless said otherwise.
    requires_approval: Option<bool>,
    /// Until how long before the start a patient may cancel without being late; 1440 unless said otherwise.
    cancellation_window_minutes: Option<Year>,
    /// Kinds of resource that it needs.
    #[json(default)]
    required_resource_kinds: AtMost<ResourceKind, 3>,
    /// Professions that may give it; empty for any.
    #[json(default)]
    required_professions: AtMost<Label, 50>,
    /// Whether it can be booked; yes unless said otherwise.
    active: Option<bool>,
}

impl NewService {
    /// The terms; a price below zero is a fault.
    pub fn into_terms(self) -> Result<ServiceTerms, Problem> {
        let terms = ServiceTerms::parse(ServiceAsk {
            name: self.name.as_str().to_owned(),
            duration_minutes: self.duration_minutes.0,
            price: self.price,
            buffer_before_minutes: self.buffer_before_minutes.map(|value| value.0),
            buffer_after_minutes: self.buffer_after_minutes.map(|value| value.0),
            slot_interval_minutes: self.slot_interval_minutes.map(|value| value.0),
            modality: self.modality.map(|value| value.0),
            capacity: self.capacity.map(|value| value.0),
            minimum_notice_minutes: self.minimum_notice_minutes.map(|value| value.0),
            horizon_days: self.horizon_days.map(|value| value.0),
            requires_approval: self.requires_approval,
            cancellation_window_minutes: self.cancellation_window_minutes.map(|value| value.0),
            required_resource_kinds: kinds(self.required_resource_kinds),
            required_professions: self.required_professions.0.into_iter().collect(),
            active: self.active,
        });
        terms.map_err(|faults: Vec<Fault>| Problem::invalid(faults))
    }
}

fn kinds(kinds: AtMost<ResourceKind, 3>) -> BTreeSet<scheduling::model::service::ResourceKind> {
    kinds.0.into_iter().map(|kind| kind.0).collect()
}

impl Ask for NewService {
    fn sample() -> Value {
        json!({
            "name": "Consulta",
            "duration_minutes": 30,
            "price": { "amount": 12_990, "currency": "BRL" },
            "buffer_after_minutes": 10,
        })
    }
}

/// A change of a service, as a JSON merge patch: what is absent stays, `null` takes the default
#[derive(Debug, crate::FromJson)]
pub struct ServiceChanges {
    /// What it is called.
    name: Given<Label>,
    /// How long it lasts.
    duration_minutes: Given<Between<1, 1440>>,
    /// What it costs.
    price: Patch<Money>,
    /// Time kept free before.
    buffer_before_minutes: Patch<Day>,
    /// Time kept free after.
    buffer_after_minutes: Patch<Day>,
    /// The step of the slots.
    slot_interval_minutes: Patch<Between<1, 1440>>,
    /// Where it is given.
    modality: Patch<Modality>,
    /// How many can be booked into one session.
    capacity: Patch<Between<1, 1000>>,
    /// How long before the start patients must book at the latest.
    minimum_notice_minutes: Patch<Year>,
    /// How many days after today patients may book.
    horizon_days: Patch<Between<0, 36_500>>,
    /// Whether a booking waits for approval.
    requires_approval: Patch<bool>,
    /// Until how long before the start a patient may cancel without being late.
    cancellation_window_minutes: Patch<Year>,
    /// Kinds of resource that it needs.
    required_resource_kinds: Patch<AtMost<ResourceKind, 3>>,
    /// Professions that may give it.
    required_professions: Patch<AtMost<Label, 50>>,
    /// Whether it can be booked.
    active: Patch<bool>,
}

impl From<ServiceChanges> for ServicePatch {
    fn from(ask: ServiceChanges) -> Self {
        Self {
            name: ask.name.0.map(|name| name.as_str().to_owned()),
            duration_minutes: ask.duration_minutes.0.map(|value| value.0),
            price: ask.price,
            buffer_before_minutes: number(ask.buffer_before_minutes),
            buffer_after_minutes: number(ask.buffer_after_minutes),
            slot_interval_minutes: number(ask.slot_interval_minutes),
            modality: mapped(ask.modality, |value| value.0),
            capacity: number(ask.capacity),
            minimum_notice_minutes: number(ask.minimum_notice_minutes),
            horizon_days: number(ask.horizon_days),
            requires_approval: ask.requires_approval,
            cancellation_window_minutes: number(ask.cancellation_window_minutes),
            required_resource_kinds: mapped(ask.required_resource_kinds, kinds),
            required_professions: mapped(ask.required_professions, |list| list.0.into_iter().collect()),
            active: ask.active,
        }
    }
}

fn number<const LEAST: i64, const MOST: i64>(patch: Patch<Between<LEAST, MOST>>) -> Patch<i64> {
    mapped(patch, |value| value.0)
}

pub(super) fn mapped<T, U>(patch: Patch<T>, with: impl FnOnce(T) -> U) -> Patch<U> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(value) => Patch::Set(with(value)),
    }
}

impl Ask for ServiceChanges {
    fn sample() -> Value {
        json!({ "buffer_after_minutes": 15, "price": null })
    }
}
