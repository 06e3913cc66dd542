//! Merging a duplicate into the record that lives on (PT7).

use std::collections::BTreeMap;

use events::patients::{MergeState, PatientMerged, PatientUpdated};
use events::scheduling::AppointmentReassigned;
use kernel::ids::{AppointmentId, PatientId};
use kernel::{
    Change, Committed, Fault, FromStore, Journal, Kind, Permit, Refusal, Reply, StoreError, StoredReply, commit,
    unchanged, unit_of_work,
};
use serde_json::{Map, Value};
use thiserror::Error;

use super::archive_patient::member;
use crate::Patients;
use crate::model::{Merge, MergeRefused, MergeSnapshot, Pair, Patient, Reference, ReferenceKind};
use crate::permission::PatientsMerge;
use crate::ports::{ListReferences, MoveReferences, PatientsTx, Purpose, Way};

/// What to merge.
#[derive(Debug, Clone, Copy)]
pub struct MergePatients {
    /// The record that lives on.
    pub target: PatientId,
    /// Its duplicate.
    pub source: PatientId,
    /// The version of the target that the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// Whether to do it.
    pub run: Run,
}

/// Whether an act is done or only shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It is done.
    Real,
    /// It is shown, and nothing changes.
    Dry,
}

/// A merge that was done, or how it would be.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The merge.
    pub merge: Merge,
    /// Whether it was done.
    pub run: Run,
}

/// Why two records were not merged.
#[derive(Debug, Error)]
pub enum MergePatientsError {
    /// Only who reaches the whole company merges.
    #[error("not the caller's to merge")]
    OutOfReach,
    /// The target is not there.
    #[error("no such patient")]
    NotFound,
    /// The source is not there.
    #[error("unknown source")]
    UnknownSource,
    /// The target has changed since the caller read it.
    #[error("the record has changed")]
    Stale,
    /// The records forbid it.
    #[error(transparent)]
    Refused(#[from] MergeRefused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Merges in one transaction; repeating it gives the same answer and leaves no entry.
pub async fn merge_patients(
    env: &Patients,
    permit: &Permit<PatientsMerge>,
    ask: MergePatients,
    reply: Reply<Merged>,
) -> Result<Committed<Merged>, MergePatientsError> {
    if !permit.scope().reach().is_company() {
        return Err(MergePatientsError::OutOfReach);
    }
    if ask.target == ask.source {
        return Err(MergeRefused::Itself.into());
    }
    unit_of_work(async || merge(env, permit, ask, reply).await).await
}

async fn merge(
    env: &Patients,
    permit: &Permit<PatientsMerge>,
    ask: MergePatients,
    reply: Reply<Merged>,
) -> Result<Committed<Merged>, MergePatientsError> {
    let tx = match ask.run {
        Run::Real => env.db.begin_on(permit.scope(), &[ask.target.uuid(), ask.source.uuid()]).await?,
        Run::Dry => env.db.begin(permit.scope()).await?,
    };
    // The time is told after the wait for the locks.
    let now = env.clock.now();
    let target = tx.patient_by_id(ask.target).await?.ok_or(MergePatientsError::NotFound)?;
    let source = tx.patient_by_id(ask.source).await?.ok_or(MergePatientsError::UnknownSource)?;
    if source.merged_into == Some(target.id)
        && let Some(merge) = tx.merge_of_source(source.id).await?
    {
        return Ok(unchanged(tx, Merged { merge, run: Run::Real }, reply).await?);
    }
    if ask.seen_version.is_some_and(|seen| seen != target.version) {
        return Err(MergePatientsError::Stale);
    }
    let after = Patient::unite(&target, &source, now)?;
    let before = Pair { source, target };
    let purpose = match ask.run {
        Run::Real => Purpose::Move(Way::Merge),
        Run::Dry => Purpose::Look,
    };
    if ask.run == Run::Real {
        // Before the references are listed: who adds one holds the record. The duplicate first: what is unique in the company
        // moves from it.
        save(&*tx, [&after.source, &after.target]).await?;
    }
    let references = tx.references_list(&ListReferences { from: ask.source, to: ask.target, purpose }).await?;
    let snapshot = MergeSnapshot {
        source: before.source.clone(),
        target: before.target.clone(),
        united: after.target.clone(),
        references,
    };
    let (id, merged_by) = (env.ids.next(), member(permit));
    let merge = Merge { id, snapshot, merged_at: now, merged_by, undone_at: None, undone_by: None, version: 1 };
    if ask.run == Run::Dry {
        return Ok(unchanged(tx, Merged { merge, run: Run::Dry }, reply).await?);
    }
    let moved: Vec<Reference> = merge.touched().copied().collect();
    let (from, to) = (ask.source, ask.target);
    tx.references_move(&MoveReferences { references: &moved, from, to, at: now, way: Way::Merge }).await?;
    tx.merge_add(&merge).await?;
    let state = MergeState { patient_id: to, version: after.target.version, merge_id: id, source_id: from };
    let journal = permit.journal(id, now).changed(Change::created(id, merge.version, merge.facts()));
    let journal = told(journal, [(&before.target, &after.target), (&before.source, &after.source)]);
    let journal = reassigned(journal.with(&PatientMerged(state)), &moved, from, to);
    let journal = journal.with(&updated(&before.source, &after.source));
    Ok(commit(tx, journal, Merged { merge, run: Run::Real }, reply).await?)
}

/// Saves both records in this order; contended when one of them has changed since it was read here.
pub(super) async fn save(tx: &dyn PatientsTx, records: [&Patient; 2]) -> Result<(), StoreError> {
    for record in records {
        if !tx.patient_save(record).await? {
            return Err(StoreError::Contended);
        }
    }
    Ok(())
}

/// The journal with what became of both records.
pub(super) fn told(journal: Journal, records: [(&Patient, &Patient); 2]) -> Journal {
    let change = |(before, after): (&Patient, &Patient)| {
        Change::updated(after.id, after.version, &before.facts(), &after.facts())
    };
    records.into_iter().map(change).fold(journal, Journal::changed)
}

/// The journal with what became of the references, and the events of appointments.
pub(super) fn reassigned(journal: Journal, references: &[Reference], from: PatientId, to: PatientId) -> Journal {
    let mut versions = BTreeMap::new();
    references.iter().fold(journal, |journal, reference| {
        let version = versions.entry(reference.id).or_insert(reference.version);
        *version += 1;
        let journal = journal.changed(reference.change(from, to, *version));
        if reference.kind != ReferenceKind::Appointment {
            return journal;
        }
        journal.with(&AppointmentReassigned {
            appointment_id: AppointmentId::from_uuid(reference.id),
            version: *version,
            from_patient_id: from,
            patient_id: to,
        })
    })
}

/// The event of a record that was changed along the way.
pub(super) fn updated(before: &Patient, after: &Patient) -> PatientUpdated {
    let change = Change::updated(after.id, after.version, &before.facts(), &after.facts());
    let fields = change.after.open_fields().keys().chain(change.after.personal_fields().keys()).cloned().collect();
    PatientUpdated { patient_id: after.id, version: after.version, fields }
}

impl Refusal for MergePatientsError {
    fn kind(&self) -> Kind {
        match self {
            Self::OutOfReach => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::UnknownSource | Self::Refused(MergeRefused::Itself) => Kind::Invalid,
            Self::Stale => Kind::Stale,
            Self::Refused(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::OutOfReach => "patients.out_of_reach",
            Self::NotFound => "not_found",
            Self::UnknownSource => "unknown_reference",
            Self::Stale => "stale",
            Self::Refused(MergeRefused::Itself) => "invalid",
            Self::Refused(MergeRefused::Target(closed)) => closed.code(),
            Self::Refused(MergeRefused::Source(_)) => "patients.source_closed",
            Self::Refused(MergeRefused::TooMuch(_)) => "patients.merge_too_large",
            Self::Store(error) => error.code(),
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Self::UnknownSource => vec![Fault::at("/source_id", "unknown_reference")],
            Self::Refused(MergeRefused::Itself) => vec![Fault::at("/source_id", "patients.merge_into_itself")],
            Self::Refused(MergeRefused::Source(closed)) => vec![Fault::at("/source_id", closed.code())],
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Map<String, Value> {
        match self {
            Self::Refused(MergeRefused::Target(closed) | MergeRefused::Source(closed)) => closed.details(),
            Self::Refused(MergeRefused::TooMuch(fields)) => {
                Map::from_iter([("fields".to_owned(), fields.iter().copied().collect())])
            }
            _ => Map::new(),
        }
    }

    fn replay(&self) -> Option<&StoredReply> {
        self.store().and_then(Refusal::replay)
    }
}

impl FromStore for MergePatientsError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
