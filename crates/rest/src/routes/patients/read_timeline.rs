//! `GET /api/v1/patients/{patient_id}/timeline`

use kernel::ids::PatientId;
use patients::Patients;
use patients::permission::{PatientsRead, Sight};
use patients::ports::TimelineAsk;
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::{TimelineAbout, TimelineEntryWire, TimelinePage};
use crate::{FromQuery, Guard, Id, PageParams, Params, Problem, Read, operation};

/// Which part of the timeline
#[derive(Debug, FromQuery)]
pub struct TimelineFilter {
    /// Only what happened to these.
    about: Vec<TimelineAbout>,
    #[query(flatten)]
    page: PageParams,
}

/// Read what happened to a patient
///
/// Newest first, in the order in which it was written down: the record, its links, its appointments. Appointments are there for
/// callers with `appointments:read`, as far as that reaches; changes of the record for the staff alone. Values of fields are
/// not told, they are in the audit.
#[operation]
pub async fn read_patient_timeline(
    guard: Guard<PatientsRead>,
    patients: Env<Patients>,
    id: Id<PatientId>,
    params: Params<TimelineFilter>,
) -> Result<Read<TimelinePage>, Problem> {
    let TimelineFilter { about, page } = params.0;
    let about = about.into_iter().map(|about| about.0).collect();
    let sight = Sight::of(&guard.session()?.principal().grants);
    let ask = TimelineAsk { patient: id.0, about, sight, page: page.ask()? };
    let page = usecase::read_timeline(&patients, &guard.reading(), &ask).await?;
    Ok(Read::page(page, TimelineEntryWire::from))
}
