//! Listing free slots (A2, A9, A10).

use chrono::TimeDelta;
use kernel::ids::{ClinicId, PractitionerId, ServiceId};
use kernel::{Permit, Reach, StoreError};

use crate::Scheduling;
use crate::model::interval::Interval;
use crate::model::reason::EmptyReason;
use crate::model::service::Modality;
use crate::model::slots::{self, Audience, SlotList};
use crate::permission::AvailabilityRead;
use crate::ports::{Detail, SituationAsk, Who};

/// The longest range that can be asked for.
pub const LONGEST_RANGE: TimeDelta = TimeDelta::days(62);

/// What slots to list.
#[derive(Clone, Copy, Debug)]
pub struct ListSlots {
    /// What is to be booked.
    pub service_id: ServiceId,
    /// Slots start in this range, at most [`LONGEST_RANGE`] long.
    pub range: Interval,
    /// With this practitioner only.
    pub practitioner_id: Option<PractitionerId>,
    /// In this clinic only.
    pub clinic_id: Option<ClinicId>,
    /// Only if the service is given so.
    pub modality: Option<Modality>,
    /// At most so many.
    pub limit: usize,
    /// Whose rules bind (see [`crate::permission::audience`]).
    pub audience: Audience,
}

/// The free slots in one query to the database (A10); what the filters name and is not there has none.
pub async fn list_slots(
    env: &Scheduling,
    permit: &Permit<AvailabilityRead>,
    ask: ListSlots,
) -> Result<SlotList, StoreError> {
    let now = env.clock.now();
    let view = env.db.view(permit.scope()).await?;
    let situation = view
        .situation(&SituationAsk {
            service_id: ask.service_id,
            who: ask.practitioner_id.map_or(Who::Pool, Who::One),
            patient_id: None,
            beneficiary_id: None,
            patient_reach: Reach::Nothing,
            from: ask.range.start(),
            to: ask.range.end(),
            detail: Detail::Times,
        })
        .await?;
    let agendas = situation.into_agendas(&ask.range, ask.clinic_id);
    let agendas = agendas.filter(|one| ask.modality.is_none_or(|wanted| wanted == one.service().terms().modality()));
    Ok(match agendas {
        Some(agendas) => slots::list_slots(&agendas.searches(now, ask.audience), &ask.range, ask.limit),
        None => SlotList { slots: Vec::new(), reason: Some(EmptyReason::NoAvailability) },
    })
}
