//! `POST /api/v1/merges/{merge_id}/undo`

use kernel::StoredReply;
use kernel::ids::MergeId;
use patients::Patients;
use patients::permission::PatientsMerge;
use patients::usecase::{self, Unmerged};

use crate::state::Env;
use crate::wire::patients::UnmergedWire;
use crate::{Changed, Guard, Id, MaybeIfMatch, Problem, operation};

/// Undo a merge
///
/// Both records get back what they held, and the duplicate what was its own; what was done to its appointments since stays, and
/// those are listed in `changed_since`. When one of the records was changed, archived or merged since, nothing is undone and
/// the conflict lists why in `obstacles`. It can be done once.
#[operation(refuses(Conflict))]
pub async fn undo_merge(
    guard: Guard<PatientsMerge>,
    patients: Env<Patients>,
    id: Id<MergeId>,
    seen: MaybeIfMatch,
) -> Result<Changed<UnmergedWire>, Problem> {
    Ok(usecase::undo_merge(&patients, &guard.permit(&()), id.0, seen.version(), undone).await?.into())
}

fn undone(unmerged: &Unmerged) -> StoredReply {
    Changed::reply(&UnmergedWire::from(unmerged), None)
}
