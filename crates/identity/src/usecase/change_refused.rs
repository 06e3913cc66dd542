//! Why the company, one of its clinics, its settings or a member was not changed.

use kernel::{Actor, Fault, FromStore, Kind, Permission, Permit, Refusal, StoreError, StoredReply};
use thiserror::Error;

use crate::model::member::LastAdmin;

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum ChangeRefused {
    /// Not there.
    #[error("not there")]
    NotFound,
    /// It has changed since the caller read it.
    #[error("changed meanwhile")]
    Stale,
    /// Values out of their bounds.
    #[error("the change is not acceptable")]
    Invalid(Vec<Fault>),
    /// A clinic, practitioner or patient is not the company's.
    #[error("unknown reference")]
    Unknown(Vec<Fault>),
    /// A key would outgrow what it was given (I9).
    #[error("kept for people")]
    KeptForPeople,
    /// Nobody would be left to run the company (I6).
    #[error(transparent)]
    LastAdmin(#[from] LastAdmin),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Refuses a change of another version than the one that the caller has seen; none stands for whichever is there.
pub(super) fn fresh(seen: Option<i64>, current: i64) -> Result<(), ChangeRefused> {
    match seen {
        Some(seen) if seen != current => Err(ChangeRefused::Stale),
        _ => Ok(()),
    }
}

/// Refuses whoever is no person: a key that says who may what, or how well accounts are guarded, could make its finder more than
/// it may itself (I9).
pub(super) fn by_a_person<P: Permission>(permit: &Permit<P>) -> Result<(), ChangeRefused> {
    match permit.actor() {
        Actor::ApiKey(_) => Err(ChangeRefused::KeptForPeople),
        Actor::Member { .. } | Actor::System(_) => Ok(()),
    }
}

impl Refusal for ChangeRefused {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Stale => Kind::Stale,
            Self::Invalid(_) | Self::Unknown(_) => Kind::Invalid,
            Self::KeptForPeople => Kind::Forbidden,
            Self::LastAdmin(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::Invalid(_) => "invalid",
            Self::Unknown(_) => "unknown_reference",
            Self::KeptForPeople => "session_only",
            Self::LastAdmin(_) => LastAdmin::CODE,
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Invalid(faults) | Self::Unknown(faults) => faults.clone(),
            _ => Vec::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for ChangeRefused {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
