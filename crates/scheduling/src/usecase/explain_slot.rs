//! Explaining why a start can be booked or not (A9).

use chrono::{DateTime, TimeDelta, Utc};
use kernel::ids::{ClinicId, PatientId, PractitionerId, ServiceId};
use kernel::{Fault, Kind, Permit, Reach, Refusal, StoreError};
use serde_json::{Map, Value};
use thiserror::Error;

use super::book_refused::{local_code, neighbours};
use crate::Scheduling;
use crate::model::interval::Interval;
use crate::model::local_time::LocalTimeError;
use crate::model::reason::Reason;
use crate::model::requested_start::RequestedStart;
use crate::model::situation::{Situation, StartRefused, possible_starts};
use crate::model::slots::Audience;
use crate::permission::AvailabilityRead;
use crate::ports::{Detail, SituationAsk, Who};

/// What to explain.
#[derive(Clone, Copy, Debug)]
pub struct ExplainSlot {
    /// What is to be booked.
    pub service_id: ServiceId,
    /// With whom; nothing for everyone who gives the service.
    pub practitioner_id: Option<PractitionerId>,
    /// Where; nothing for anywhere.
    pub clinic_id: Option<ClinicId>,
    /// When.
    pub start: RequestedStart,
    /// For whom, with the caller's reach of patients: one out of reach is passed over.
    pub patient: Option<(PatientId, Reach)>,
    /// Whose rules bind (see [`crate::permission::audience`]).
    pub audience: Audience,
}

/// What one practitioner's agenda says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Whose agenda.
    pub practitioner_id: PractitionerId,
    /// The instant that is meant; nothing where the clock jumps over it.
    pub start: Option<DateTime<Utc>>,
    /// Where it would be booked.
    pub clinic_id: Option<ClinicId>,
    /// Why it cannot be; nothing where it can.
    pub reason: Option<Reason>,
}

/// Why nothing was explained.
#[derive(Debug, Error)]
pub enum ExplainSlotError {
    /// The local time names no single instant.
    #[error(transparent)]
    LocalTime(LocalTimeError),
    /// The clinics are in several zones and the request names none.
    #[error("name a clinic: they are in several zones")]
    ClinicWanted,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// For each practitioner, whether the start can be booked, by the decision that booking makes (A8).
pub async fn explain_slot(
    env: &Scheduling,
    permit: &Permit<AvailabilityRead>,
    ask: ExplainSlot,
) -> Result<Vec<Explained>, ExplainSlotError> {
    let now = env.clock.now();
    let (from, to) = possible_starts(&ask.start);
    let view = env.db.view(permit.scope()).await?;
    let mut situation = view
        .situation(&SituationAsk {
            service_id: ask.service_id,
            who: ask.practitioner_id.map_or(Who::Pool, Who::One),
            patient_id: ask.patient.map(|(id, _)| id),
            beneficiary_id: None,
            patient_reach: ask.patient.map_or(Reach::Nothing, |(_, reach)| reach),
            from,
            to,
            detail: Detail::Bookings,
        })
        .await?;
    if !situation.patient.readable {
        situation.patient.busy.clear();
    }
    let start = match situation.start(&ask.start, ask.clinic_id) {
        Ok(start) => start,
        Err(StartRefused::ClinicWanted) => return Err(ExplainSlotError::ClinicWanted),
        Err(StartRefused::Local(error)) => return nonexistent(&situation, error),
    };
    let Some(range) = Interval::lasting(start, TimeDelta::minutes(1)) else { return Ok(Vec::new()) };
    let Some(agendas) = situation.into_agendas(&range, ask.clinic_id) else { return Ok(Vec::new()) };
    let explained = agendas.members().iter().map(|(practitioner, agenda)| {
        let decided = agendas.search(practitioner, agenda, now, ask.audience).decide(ask.clinic_id, start);
        Explained {
            practitioner_id: practitioner.id(),
            start: Some(start),
            clinic_id: decided.as_ref().ok().map(|placement| placement.clinic_id).or(ask.clinic_id),
            reason: decided.err(),
        }
    });
    Ok(explained.collect())
}

fn nonexistent(situation: &Situation, error: LocalTimeError) -> Result<Vec<Explained>, ExplainSlotError> {
    let reason = Reason::of_local_time(&error).ok_or(ExplainSlotError::LocalTime(error))?;
    let explained = situation.practitioners.iter().map(|one| Explained {
        practitioner_id: one.practitioner.id(),
        start: None,
        clinic_id: None,
        reason: Some(reason),
    });
    Ok(explained.collect())
}

impl Refusal for ExplainSlotError {
    fn kind(&self) -> Kind {
        match self {
            Self::LocalTime(_) | Self::ClinicWanted => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::LocalTime(error) => local_code(error),
            Self::ClinicWanted => "invalid",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::LocalTime(error) => vec![Fault::at("local_start", error.code())],
            Self::ClinicWanted => vec![Fault::at("clinic_id", "required")],
            Self::Store(_) => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::LocalTime(error) => neighbours(error),
            _ => Map::new(),
        }
    }
}
