//! `GET /api/v1/slots/explain`

use chrono::{DateTime, Utc};
use kernel::ids::{ClinicId, PatientId, PractitionerId, ServiceId};
use patients::permission::PatientsRead;
use scheduling::Scheduling;
use scheduling::permission::AvailabilityRead;
use scheduling::usecase::{self, ExplainSlot};

use super::list_slots::audience_of;
use crate::state::Env;
use crate::wire::scheduling::{LocalStart, SlotExplanation, UtcOffset, start_of};
use crate::{FromQuery, Guard, Params, Problem, Read, operation};

/// Which start; exactly one of `start` and `local_start`
#[derive(Debug, FromQuery)]
pub struct StartInQuestion {
    /// What is to be booked.
    service_id: ServiceId,
    /// With whom; absent: everyone who gives the service.
    practitioner_id: Option<PractitionerId>,
    /// Where; absent: anywhere.
    clinic_id: Option<ClinicId>,
    /// The first instant, with its offset.
    start: Option<DateTime<Utc>>,
    /// The wall time in the clinic's zone, `YYYY-MM-DDTHH:MM`.
    local_start: Option<LocalStart>,
    /// The offset of `local_start`, `±HH:MM`, where the clock shows it twice.
    utc_offset: Option<UtcOffset>,
    /// For whom; one that the caller may not read is passed over.
    patient_id: Option<PatientId>,
}

/// Explain why a start can be booked or not
///
/// By the decision that booking makes, for each practitioner.
#[operation]
pub async fn explain_slot(
    guard: Guard<AvailabilityRead>,
    scheduling: Env<Scheduling>,
    params: Params<StartInQuestion>,
) -> Result<Read<SlotExplanation>, Problem> {
    let (asked, session) = (params.0, guard.session()?);
    let start = start_of(asked.start, asked.local_start, asked.utc_offset, "");
    let readable = session.permit::<PatientsRead>().map(|permit| permit.scope().reach());
    let ask = ExplainSlot {
        service_id: asked.service_id,
        practitioner_id: asked.practitioner_id,
        clinic_id: asked.clinic_id,
        start: start.map_err(|fault| Problem::invalid(vec![fault]))?,
        patient: asked.patient_id.zip(readable),
        audience: audience_of(session),
    };
    Ok(Read(usecase::explain_slot(&scheduling, &guard.reading(), ask).await?.into()))
}
