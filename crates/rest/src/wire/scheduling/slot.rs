//! Slots on the wire.

use chrono::{DateTime, Utc};
use scheduling::model::local_time::local_text;
use scheduling::model::placement::Slot;
use scheduling::model::slots::SlotList;
use scheduling::usecase::Explained;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::values::{EmptyReason, RefusalReason};
use crate::Wire;

/// A free slot
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Slot)]
pub struct SlotWire {
    /// The first instant.
    start: DateTime<Utc>,
    /// The instant after the last.
    end: DateTime<Utc>,
    /// With whom.
    practitioner_id: Uuid,
    /// Where.
    clinic_id: Uuid,
    /// What the clinic's clock shows at the start, `YYYY-MM-DDTHH:MM`.
    local_start: String,
    /// Its offset from UTC then, `±HH:MM`.
    utc_offset: String,
}

/// Free slots by start
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlotList)]
pub struct SlotListWire {
    /// The slots.
    items: Vec<SlotWire>,
    /// Why there are none; `null` where there are some.
    reason: Option<EmptyReason>,
}

/// Whether one practitioner can take the start
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedSlot {
    /// Whose agenda.
    practitioner_id: Uuid,
    /// Where it would be booked.
    clinic_id: Option<Uuid>,
    /// The instant that is meant; `null` where the clock jumps over it.
    start: Option<DateTime<Utc>>,
    /// Whether it can be booked.
    bookable: bool,
    /// Why it cannot.
    reason: Option<RefusalReason>,
}

/// Whether a start can be booked, by practitioner
#[derive(Debug, Serialize, ToSchema)]
pub struct SlotExplanation {
    /// An item per practitioner.
    items: Vec<ExplainedSlot>,
}

impl From<&Slot> for SlotWire {
    fn from(slot: &Slot) -> Self {
        Self {
            start: slot.interval.start(),
            end: slot.interval.end(),
            practitioner_id: slot.practitioner_id.uuid(),
            clinic_id: slot.clinic_id.uuid(),
            local_start: local_text(slot.local_start()),
            utc_offset: slot.utc_offset.to_string(),
        }
    }
}

impl From<SlotList> for SlotListWire {
    fn from(list: SlotList) -> Self {
        Self { items: list.slots.iter().map(Into::into).collect(), reason: list.reason.map(EmptyReason) }
    }
}

impl From<Vec<Explained>> for SlotExplanation {
    fn from(explained: Vec<Explained>) -> Self {
        let item = |one: Explained| ExplainedSlot {
            practitioner_id: one.practitioner_id.uuid(),
            clinic_id: one.clinic_id.map(kernel::ids::ClinicId::uuid),
            start: one.start,
            bookable: one.reason.is_none(),
            reason: one.reason.map(RefusalReason),
        };
        Self { items: explained.into_iter().map(item).collect() }
    }
}

impl Wire for SlotListWire {
    fn sample() -> Self {
        let (start, end) = (DateTime::from_timestamp(1_804_003_200, 0), DateTime::from_timestamp(1_804_005_000, 0));
        Self {
            items: vec![SlotWire {
                start: start.unwrap_or_default(),
                end: end.unwrap_or_default(),
                practitioner_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0012),
                clinic_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0013),
                local_start: "2027-03-02T09:00".to_owned(),
                utc_offset: "-03:00".to_owned(),
            }],
            reason: None,
        }
    }
}

impl Wire for SlotExplanation {
    fn sample() -> Self {
        Self {
            items: vec![ExplainedSlot {
                practitioner_id: Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0012),
                clinic_id: None,
                start: DateTime::from_timestamp(1_804_003_200, 0),
                bookable: false,
                reason: Some(RefusalReason(scheduling::model::reason::Reason::Busy)),
            }],
        }
    }
}
