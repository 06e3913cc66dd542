//! Listing and searching patients.

use kernel::{Fault, FromStore, Kind, Page, Permit, Reach, Refusal, StoreError};
use thiserror::Error;

use crate::Patients;
use crate::model::filter::sees_visits;
use crate::model::{PatientSelection, PatientSummary};
use crate::permission::{PatientsRead, Sight};
use crate::ports::{PatientList, PatientSort};

/// Why patients were not selected.
#[derive(Debug, Error)]
pub enum SelectPatientsError {
    /// These parameters ask for what the caller does not see.
    #[error("asked for by a hidden field")]
    Hidden(Vec<&'static str>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A page of the patients within the caller's reach, all or those that a search and filters leave (PT3).
pub async fn list_patients(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    ask: &PatientList,
    sight: &Sight,
) -> Result<Page<PatientSummary>, SelectPatientsError> {
    let reach = permit.scope().reach();
    check_selection(&ask.selection, reach, sight)?;
    check_sort(ask.sort, reach, sight)?;
    Ok(env.db.view(permit.scope()).await?.patient_list(ask).await?)
}

/// Refuses a selection by what a caller of this reach does not see.
pub fn check_selection(selection: &PatientSelection, reach: Reach, sight: &Sight) -> Result<(), SelectPatientsError> {
    let hidden = selection.filter.hidden_from(reach, sight);
    if hidden.is_empty() { Ok(()) } else { Err(SelectPatientsError::Hidden(hidden)) }
}

/// Refuses an order by what a caller of this reach does not see.
pub fn check_sort(sort: PatientSort, reach: Reach, sight: &Sight) -> Result<(), SelectPatientsError> {
    if sort.is_by_visits() && !sees_visits(reach, sight) {
        return Err(SelectPatientsError::Hidden(vec!["sort"]));
    }
    Ok(())
}

impl Refusal for SelectPatientsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Hidden(_) => Kind::Forbidden,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Hidden(_) => "patients.hidden_field",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Hidden(parameters) => parameters.iter().map(|name| Fault::at(*name, "hidden")).collect(),
            Self::Store(_) => Vec::new(),
        }
    }
}

impl FromStore for SelectPatientsError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Hidden(_) => None,
        }
    }
}
