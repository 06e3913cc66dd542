//! Why an appointment was not booked.

use kernel::{Fault, FromStore, Kind, Refusal, StoreError, StoredReply};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::model::local_time::{LocalTimeError, WallTime, local_text};
use crate::model::placement::Slot;
use crate::model::reason::Reason;

/// Why an appointment was not booked.
#[derive(Debug, Error)]
pub enum BookError {
    /// The practitioner, the patient or the beneficiary is not the caller's to name, or an override not theirs to make.
    #[error("out of the caller's reach")]
    OutOfReach(Vec<Fault>),
    /// Ids that the company has not.
    #[error("unknown reference")]
    UnknownReference(Vec<Fault>),
    /// The patient's record is archived or was merged into another.
    #[error("the patient's record is closed")]
    PatientClosed,
    /// The local start names no single instant (T2, T3).
    #[error(transparent)]
    LocalTime(LocalTimeError),
    /// The clinics are in several zones and the request names none.
    #[error("name a clinic: they are in several zones")]
    ClinicWanted,
    /// The place is taken; up to three others that are free (B2).
    #[error("taken: {0}")]
    Taken(Reason, Vec<Slot>),
    /// The place is not offered, for this reason (A9).
    #[error("refused: {0}")]
    Refused(Reason),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Reason> for BookError {
    fn from(reason: Reason) -> Self {
        if reason.is_taken() { Self::Taken(reason, Vec::new()) } else { Self::Refused(reason) }
    }
}

impl Refusal for BookError {
    fn kind(&self) -> Kind {
        match self {
            Self::OutOfReach(_) => Kind::Forbidden,
            Self::UnknownReference(_) | Self::LocalTime(_) | Self::ClinicWanted => Kind::Invalid,
            Self::Taken(..) | Self::Refused(_) | Self::PatientClosed => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach(_) => "scheduling.out_of_reach",
            Self::UnknownReference(_) => "unknown_reference",
            Self::PatientClosed => "scheduling.patient_closed",
            Self::LocalTime(error) => local_code(error),
            Self::ClinicWanted => "invalid",
            Self::Taken(..) => "scheduling.slot_taken",
            Self::Refused(reason) => refused_code(*reason),
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::OutOfReach(faults) | Self::UnknownReference(faults) => faults.clone(),
            Self::LocalTime(error) => vec![Fault::at("/local_start", error.code())],
            Self::ClinicWanted => vec![Fault::at("/clinic_id", "required")],
            Self::PatientClosed => vec![Fault::at("/patient_id", "scheduling.patient_closed")],
            Self::Taken(..) | Self::Refused(_) | Self::Store(_) => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::LocalTime(error) => neighbours(error),
            Self::Taken(reason, alternatives) => Map::from_iter([
                ("reason".to_owned(), json!(reason)),
                ("resource".to_owned(), json!(resource_of(*reason))),
                ("alternatives".to_owned(), alternatives.iter().map(slot).collect()),
            ]),
            Self::Refused(reason) => Map::from_iter([("reason".to_owned(), json!(reason))]),
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for BookError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// The two times that exist around a gap, or the two that a fold repeats (T2, T3).
pub(super) fn neighbours(error: &LocalTimeError) -> Map<String, Value> {
    let wall = |time: &WallTime| json!({ "local_start": local_text(time.local), "utc_offset": time.offset_text() });
    let times = match error {
        LocalTimeError::Nonexistent { before, after } => vec![wall(before), wall(after)],
        LocalTimeError::Ambiguous { earlier, later } => vec![wall(earlier), wall(later)],
        LocalTimeError::WrongOffset { valid } => vec![wall(valid)],
    };
    Map::from_iter([("neighbours".to_owned(), Value::Array(times))])
}

pub(super) const fn local_code(error: &LocalTimeError) -> &'static str {
    match error {
        LocalTimeError::Nonexistent { .. } => "scheduling.nonexistent_local_time",
        LocalTimeError::Ambiguous { .. } => "scheduling.ambiguous_local_time",
        LocalTimeError::WrongOffset { .. } => "scheduling.wrong_utc_offset",
    }
}

/// What kind of resource is taken (B2).
const fn resource_of(reason: Reason) -> &'static str {
    match reason {
        Reason::Room => "room",
        Reason::Equipment => "equipment",
        Reason::Vehicle => "vehicle",
        Reason::PatientBusy => "patient",
        _ => "practitioner",
    }
}

const fn refused_code(reason: Reason) -> &'static str {
    match reason {
        Reason::OutsideHours => "scheduling.outside_hours",
        Reason::OverrideClosed => "scheduling.override_closed",
        Reason::Leave => "scheduling.leave",
        Reason::Holiday => "scheduling.holiday",
        Reason::MinNotice => "scheduling.min_notice",
        Reason::BeyondHorizon => "scheduling.beyond_horizon",
        Reason::LimitReached => "scheduling.limit_reached",
        Reason::Licence => "scheduling.licence",
        Reason::NonexistentLocalTime => "scheduling.nonexistent_local_time",
        Reason::OffGrid => "scheduling.off_grid",
        Reason::Past => "scheduling.past",
        Reason::Inactive => "scheduling.inactive",
        Reason::NotOffered => "scheduling.not_offered",
        Reason::Busy
        | Reason::Buffer
        | Reason::Capacity
        | Reason::Room
        | Reason::Equipment
        | Reason::Vehicle
        | Reason::PatientBusy => "scheduling.slot_taken",
    }
}

fn slot(slot: &Slot) -> Value {
    json!({
        "start": slot.interval.start(),
        "end": slot.interval.end(),
        "practitioner_id": slot.practitioner_id,
        "clinic_id": slot.clinic_id,
        "local_start": local_text(slot.local_start()),
        "utc_offset": slot.utc_offset.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a9_each_reason_has_the_code_that_explaining_names() {
        for reason in Reason::ALL.iter().copied() {
            let error = BookError::from(reason);
            if reason.is_taken() {
                assert_eq!((error.code(), &error.details()["reason"]), ("scheduling.slot_taken", &json!(reason)));
            } else {
                assert_eq!(error.code(), format!("scheduling.{reason}"));
            }
            assert_eq!(error.kind(), Kind::Conflict);
        }
    }
}
