//! Finding the records that may be the person of a draft.

use kernel::{Permit, StoreError};

use crate::Patients;
use crate::model::PatientDetails;
use crate::model::matching::{Match, Traits, best_matches};
use crate::permission::PatientsRead;

/// The records within the caller's reach that may be the draft's person, the best first (PT6); one round trip.
pub async fn match_patient(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    draft: &PatientDetails,
) -> Result<Vec<Match>, StoreError> {
    let traits = Traits::of_details(draft);
    let view = env.db.view(permit.scope()).await?;
    Ok(best_matches(&traits, view.match_candidates(&traits.keys(), None).await?))
}
