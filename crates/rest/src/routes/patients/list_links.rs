//! `GET /api/v1/patients/{patient_id}/links`

use chrono::NaiveDate;
use kernel::ids::PatientId;
use patients::Patients;
use patients::permission::PatientsRead;
use patients::ports::LinkList;
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::{LinkKind, PatientLinkPage, PatientLinkWire};
use crate::{FromQuery, Guard, Id, PageParams, Params, Problem, Read, operation};

/// Which links
#[derive(Debug, FromQuery)]
pub struct LinkFilter {
    /// Only these kinds.
    kind: Vec<LinkKind>,
    /// Only those that are valid on this day, in UTC.
    valid_on: Option<NaiveDate>,
    #[query(flatten)]
    page: PageParams,
}

/// List a patient's caregivers and guardians
///
/// In the order of their entry, those that have ended too. A caregiver sees the own links alone.
#[operation]
pub async fn list_patient_links(
    guard: Guard<PatientsRead>,
    patients: Env<Patients>,
    id: Id<PatientId>,
    params: Params<LinkFilter>,
) -> Result<Read<PatientLinkPage>, Problem> {
    let LinkFilter { kind, valid_on, page } = params.0;
    let kinds = kind.into_iter().map(|kind| kind.0).collect();
    let ask = LinkList { patient: id.0, kinds, valid_on, page: page.ask()? };
    let page = usecase::list_links(&patients, &guard.reading(), &ask).await?;
    Ok(Read::page(page, |link| PatientLinkWire::from(&link)))
}
