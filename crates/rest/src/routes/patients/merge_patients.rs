//! `POST /api/v1/patients/{patient_id}/merge`

use kernel::StoredReply;
use kernel::ids::PatientId;
use patients::Patients;
use patients::permission::PatientsMerge;
use patients::usecase::{self, MergePatients, Merged, Run};

use crate::state::Env;
use crate::wire::patients::{MergeAsk, MergeWire};
use crate::{Body, Changed, FromQuery, Guard, Id, MaybeIfMatch, Params, Problem, operation};

/// Whether to merge
#[derive(Debug, FromQuery)]
pub struct Merging {
    /// Only show what would be done.
    #[query(default)]
    dry_run: bool,
}

/// Merge a duplicate into a patient
///
/// The patient of the path lives on; the one of `source_id` stays readable at stage `merged`, with `merged_into`. What the
/// patient lacks is taken from the duplicate; contacts, identifiers, addresses, plans, tags and remarks are united; an
/// identifier is kept as `old` where the patient goes by another of its kind. Everything that names the duplicate moves:
/// `moved` lists it, and appointments that overlap become overbooked and are listed in `overbooked`. Repeating it gives the same
/// answer. `If-Match` is compared with the patient of the path.
#[operation(refuses(Conflict))]
pub async fn merge_patients(
    guard: Guard<PatientsMerge>,
    patients: Env<Patients>,
    id: Id<PatientId>,
    seen: MaybeIfMatch,
    params: Params<Merging>,
    body: Body<MergeAsk>,
) -> Result<Changed<MergeWire>, Problem> {
    let permit = guard.permit(&body);
    let run = if params.0.dry_run { Run::Dry } else { Run::Real };
    let source = body.into_inner().source();
    let ask = MergePatients { target: id.0, source, seen_version: seen.version(), run };
    Ok(usecase::merge_patients(&patients, &permit, ask, merged).await?.into())
}

fn merged(merged: &Merged) -> StoredReply {
    Changed::reply(&MergeWire::from(merged), None)
}
