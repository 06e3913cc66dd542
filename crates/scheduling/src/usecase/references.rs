//! Whether what a practitioner's profile names is there.

use std::collections::BTreeSet;

use kernel::{Fault, StoreError};

use crate::model::practitioner::PractitionerProfile;
use crate::ports::SchedulingTx;

/// What the profile names and the company has not, each with its pointer.
pub(super) async fn unknown_references(
    tx: &dyn SchedulingTx,
    profile: &PractitionerProfile,
) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    if let Some(ids) = profile.service_ids.as_ref().filter(|ids| !ids.is_empty()) {
        faults.extend(missing("service_ids", ids, &tx.services_known(ids).await?));
    }
    if let Some(ids) = profile.clinic_ids.as_ref().filter(|ids| !ids.is_empty()) {
        faults.extend(missing("clinic_ids", ids, &tx.clinics_known(ids).await?));
    }
    if let Some(id) = profile.membership_id
        && !tx.membership_known(id).await?
    {
        faults.push(Fault::at("/membership_id", "unknown_reference"));
    }
    Ok(faults)
}

/// The list may have been sent in another order, so that the pointer is the list's.
fn missing<I: Ord>(field: &str, asked: &BTreeSet<I>, known: &BTreeSet<I>) -> Option<Fault> {
    (!asked.is_subset(known)).then(|| Fault::at(format!("/{field}"), "unknown_reference"))
}
