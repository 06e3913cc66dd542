//! Why an appointment did not go on to another status.

use kernel::{Fault, FromStore, Kind, Refusal, StoreError, StoredReply};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::model::appointment::CancelRefused;
use crate::model::status::TransitionRefused;

/// Why an appointment did not go on to another status (B11).
#[derive(Debug, Error)]
pub enum MoveAppointmentError {
    /// Not there, or out of reach.
    #[error("no such appointment")]
    NotFound,
    /// It has changed since the caller read it.
    #[error("the appointment has changed")]
    Stale,
    /// A patient cannot speak for the clinic.
    #[error("not the caller's to say")]
    OutOfReach,
    /// There is no such way from where it stands.
    #[error(transparent)]
    Refused(#[from] TransitionRefused),
    /// The clinic calls off inside the cancellation window and gives neither a reason nor its code (B9).
    #[error("a reason is required")]
    ReasonRequired,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CancelRefused> for MoveAppointmentError {
    fn from(refused: CancelRefused) -> Self {
        match refused {
            CancelRefused::Transition(refused) => Self::Refused(refused),
            CancelRefused::ReasonRequired => Self::ReasonRequired,
        }
    }
}

impl Refusal for MoveAppointmentError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Stale => Kind::Stale,
            Self::OutOfReach => Kind::Forbidden,
            Self::Refused(_) => Kind::Conflict,
            Self::ReasonRequired => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::OutOfReach => "scheduling.out_of_reach",
            Self::Refused(_) => "scheduling.transition_refused",
            Self::ReasonRequired => "invalid",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::ReasonRequired => vec![Fault::at("/reason", "scheduling.reason_required")],
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::Refused(refused) => Map::from_iter([
                ("status_now".to_owned(), json!(refused.from)),
                ("allowed".to_owned(), json!(refused.allowed)),
            ]),
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for MoveAppointmentError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
