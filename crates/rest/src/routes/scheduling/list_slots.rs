//! `GET /api/v1/slots`

use chrono::{DateTime, Utc};
use kernel::Session;
use kernel::ids::{ClinicId, PractitionerId, ServiceId};
use scheduling::Scheduling;
use scheduling::model::interval::Interval;
use scheduling::model::slots::Audience;
use scheduling::permission::{AppointmentsWrite, AvailabilityRead, audience};
use scheduling::usecase::list_slots::LONGEST_RANGE;
use scheduling::usecase::{self, ListSlots};

use crate::state::Env;
use crate::wire::scheduling::{Modality, SlotListWire};
use crate::{FromQuery, Guard, Params, Problem, Read, operation};

/// How many slots are listed when nothing is asked.
const DEFAULT_LIMIT: u32 = 200;
/// How many slots are listed at most.
const MAX_LIMIT: u32 = 5_000;

/// Which slots
#[derive(Debug, FromQuery)]
pub struct SlotFilter {
    /// What is to be booked.
    service_id: ServiceId,
    /// Slots start at this instant or later.
    from: DateTime<Utc>,
    /// Slots start before this instant, at most 62 days after `from`.
    to: DateTime<Utc>,
    /// With this practitioner only.
    practitioner_id: Option<PractitionerId>,
    /// In this clinic only.
    clinic_id: Option<ClinicId>,
    /// Only if the service is given so.
    modality: Option<Modality>,
    /// At most so many, 1 to 5,000; 200 unless said otherwise.
    limit: Option<u32>,
}

/// List free slots
///
/// By start; each can be booked at once. Patients and caregivers see those that the minimum notice and the horizon leave.
/// `reason` says why there are none.
#[operation]
pub async fn list_slots(
    guard: Guard<AvailabilityRead>,
    scheduling: Env<Scheduling>,
    params: Params<SlotFilter>,
) -> Result<Read<SlotListWire>, Problem> {
    let ask = params.0.ask(audience_of(guard.session()?))?;
    Ok(Read(usecase::list_slots(&scheduling, &guard.reading(), ask).await?.into()))
}

/// Whose rules bind: those of the side on which the caller may book.
pub(super) fn audience_of(session: &Session) -> Audience {
    audience(session.permit::<AppointmentsWrite>().map(|permit| permit.scope().reach()))
}

impl SlotFilter {
    fn ask(self, audience: Audience) -> Result<ListSlots, Problem> {
        let range = Interval::between(self.from, self.to);
        let range = range.ok_or_else(|| Problem::invalid_at("to", "ends_before_start"))?;
        if range.length() > LONGEST_RANGE {
            return Err(Problem::invalid_at("to", "out_of_range"));
        }
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::invalid_at("limit", "out_of_range"));
        }
        Ok(ListSlots {
            service_id: self.service_id,
            range,
            practitioner_id: self.practitioner_id,
            clinic_id: self.clinic_id,
            modality: self.modality.map(|modality| modality.0),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            audience,
        })
    }
}
