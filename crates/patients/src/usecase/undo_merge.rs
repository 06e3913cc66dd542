//! Undoing a merge (PT7).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use events::patients::{MergeState, PatientMergeUndone};
use kernel::ids::MergeId;
use kernel::{
    Change, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit, unit_of_work,
};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::archive_patient::member;
use super::merge_patients::{reassigned, save, told, updated};
use crate::Patients;
use crate::model::{Closed, Merge, Obstacle, Pair, Reference, Since};
use crate::permission::PatientsMerge;
use crate::ports::{ListReferences, MoveReferences, Purpose, Way};

/// A merge that was undone.
#[derive(Debug, Clone)]
pub struct Unmerged {
    /// The merge.
    pub merge: Merge,
    /// What names the source again, each as it was before this.
    pub returned: Vec<Reference>,
    /// Which of them were changed since the merge; what was done to them stays.
    pub changed_since: Vec<Reference>,
    /// What the merge had moved and is no longer there to be returned.
    pub gone: Vec<Reference>,
}

/// Why a merge was not undone.
#[derive(Debug, Error)]
pub enum UndoMergeError {
    /// Not there.
    #[error("no such merge")]
    NotFound,
    /// It has changed since the caller read it.
    #[error("the merge has changed")]
    Stale,
    /// It was undone before.
    #[error("already undone")]
    AlreadyUndone(DateTime<Utc>),
    /// The records have changed since.
    #[error("the records have changed")]
    Obstacles(Vec<Obstacle>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives both records back what the snapshot holds, and the source what was its own; or tells why not, and changes nothing.
pub async fn undo_merge(
    env: &Patients,
    permit: &Permit<PatientsMerge>,
    id: MergeId,
    seen_version: Option<i64>,
    reply: Reply<Unmerged>,
) -> Result<Committed<Unmerged>, UndoMergeError> {
    unit_of_work(async || undo(env, permit, id, seen_version, reply).await).await
}

async fn undo(
    env: &Patients,
    permit: &Permit<PatientsMerge>,
    id: MergeId,
    seen_version: Option<i64>,
    reply: Reply<Unmerged>,
) -> Result<Committed<Unmerged>, UndoMergeError> {
    let seen = env.db.view(permit.scope()).await?.merge_by_id(id).await?.ok_or(UndoMergeError::NotFound)?;
    let (source, target) = (seen.snapshot.source.id, seen.snapshot.target.id);
    let tx = env.db.begin_on(permit.scope(), &[target.uuid(), source.uuid()]).await?;
    // The time is told after the wait for the locks.
    let now = env.clock.now();
    let merge = tx.merge_by_id(id).await?.ok_or(UndoMergeError::NotFound)?;
    if seen_version.is_some_and(|seen| seen != merge.version) {
        return Err(UndoMergeError::Stale);
    }
    if let Some(at) = merge.undone_at {
        return Err(UndoMergeError::AlreadyUndone(at));
    }
    let before = Pair {
        source: tx.patient_by_id(source).await?.ok_or(UndoMergeError::NotFound)?,
        target: tx.patient_by_id(target).await?.ok_or(UndoMergeError::NotFound)?,
    };
    let after = merge.undo(&before, now).map_err(UndoMergeError::Obstacles)?;
    // Before the references are listed: who adds one holds the record. The target first: what is unique in the company moves
    // back from it.
    save(&*tx, [&after.target, &after.source]).await?;
    let ask = ListReferences { from: target, to: source, purpose: Purpose::Move(Way::Undo) };
    let Return { references, changed_since, gone } = Return::of(&merge, &tx.references_list(&ask).await?);
    let back = MoveReferences { references: &references, from: target, to: source, at: now, way: Way::Undo };
    tx.references_move(&back).await?;
    let undone = merge.clone().undone(now, member(permit));
    if !tx.merge_save(&undone).await? {
        return Err(StoreError::Contended.into());
    }
    let state = MergeState { patient_id: target, version: after.target.version, merge_id: id, source_id: source };
    let change = Change::updated(id, undone.version, &merge.facts(), &undone.facts());
    let journal = told(
        permit.journal(id, now).changed(change),
        [(&before.target, &after.target), (&before.source, &after.source)],
    );
    let journal = reassigned(journal.with(&PatientMergeUndone(state)), &references, target, source);
    let journal = journal.with(&updated(&before.source, &after.source));
    let returned = references.into_iter().filter(|one| !one.stays).collect();
    let done = Unmerged { merge: undone, returned, changed_since, gone };
    Ok(commit(tx, journal, done, reply).await?)
}

/// What goes back.
struct Return {
    references: Vec<Reference>,
    changed_since: Vec<Reference>,
    gone: Vec<Reference>,
}

impl Return {
    /// Of what the merge moved, what still names the target; `there` is all that does.
    fn of(merge: &Merge, there: &[Reference]) -> Self {
        let mut all = Self { references: Vec::new(), changed_since: Vec::new(), gone: Vec::new() };
        let there: BTreeMap<_, _> = there.iter().map(|one| ((one.kind, one.id), one)).collect();
        let versions = Reference::versions_after(merge.touched());
        for moved in merge.touched() {
            let is_same = |now: &&&Reference| versions.get(&moved.id).is_some_and(|version| now.version <= *version);
            let now = there.get(&(moved.kind, moved.id));
            let Some(now) = now.filter(|now| !moved.stays || is_same(now)) else {
                all.gone.extend((!moved.stays).then_some(*moved));
                continue;
            };
            // Days that were changed since stay so.
            let days = moved.days.filter(|_| is_same(&now)).map(|(before, after)| (after, before));
            let reference = Reference { overbooked: moved.overbooked, stays: moved.stays, days, ..**now };
            all.references.push(reference);
            all.changed_since.extend((!is_same(&now)).then_some(reference));
        }
        all
    }
}

fn shown(obstacle: &Obstacle) -> Value {
    match &obstacle.since {
        Since::Changed(fields) => json!({ "patient_id": obstacle.patient, "reason": "changed", "fields": fields }),
        Since::Closed(Closed::Archived) => {
            json!({ "patient_id": obstacle.patient, "reason": "archived", "fields": [] })
        }
        Since::Closed(Closed::Merged(into)) => {
            json!({ "patient_id": obstacle.patient, "reason": "merged", "fields": [], "merged_into": into })
        }
    }
}

impl Refusal for UndoMergeError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::NotFound,
            Self::Stale => Kind::Stale,
            Self::AlreadyUndone(_) | Self::Obstacles(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Stale => "stale",
            Self::AlreadyUndone(_) => "patients.merge_already_undone",
            Self::Obstacles(_) => "patients.merge_not_undoable",
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::AlreadyUndone(at) => Map::from_iter([("undone_at".to_owned(), json!(at))]),
            Self::Obstacles(obstacles) => {
                Map::from_iter([("obstacles".to_owned(), obstacles.iter().map(shown).collect())])
            }
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for UndoMergeError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
