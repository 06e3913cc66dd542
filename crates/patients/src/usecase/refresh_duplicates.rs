//! Keeping the list of duplicates fresh: the worker's part of matching.

use std::collections::{BTreeMap, BTreeSet};

use kernel::ids::{PatientId, TenantId};
use kernel::{Origin, Permit, StoreError};

use crate::Patients;
use crate::model::matching::{Candidate, FoundPair, Likeness, MatchKey, best_matches};
use crate::permission::PatientsRead;
use crate::ports::{MatchDue, MatchSubject, PatientsView};

/// How many changes are dealt with at once.
const BATCH: u16 = 50;

/// What became of the changes that were due longest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// How many changes were dealt with.
    pub done: usize,
    /// Records that cannot be read or compared: they stay out of matching until they change again.
    pub left_out: Vec<PatientId>,
}

/// What was found, by the versions of the records that it was found from.
struct Found {
    versions: BTreeMap<PatientId, i64>,
    pairs: Vec<FoundPair>,
    /// Pairs that are kept and match no more.
    gone: Vec<(PatientId, PatientId)>,
}

/// Finds anew the duplicates of the records that changed longest ago; nothing is done when there are none or all records are
/// being changed right now.
///
/// Pairs follow from the records, so that nobody's act is written here and nothing of it enters the journal. Doing it again, or
/// in two workers at once, comes to the same: a record that changes meanwhile is due again, and its pairs are left to that.
/// What fails, also on contention, stays due; where the fault is a record's and not the store's, the others are dealt with
/// without it. Each record is compared by a statement of its own, bounded whatever the size of its blocks. A pair is found from
/// either side, and not from both where their blocks are large: so it stays until its records do not match any more.
pub async fn refresh_duplicates(env: &Patients, tenant: TenantId) -> Result<Refreshed, StoreError> {
    let permit = Permit::<PatientsRead>::system(tenant, "duplicates", Origin::default());
    let due = env.db.view(permit.scope()).await?.match_due(BATCH).await?;
    if due.is_empty() {
        return Ok(Refreshed::default());
    }
    match refresh(env, &permit, &due).await {
        Err(StoreError::Broken(_)) => one_by_one(env, &permit, &due).await,
        done => Ok(Refreshed { done: done?, left_out: Vec::new() }),
    }
}

async fn one_by_one(env: &Patients, permit: &Permit<PatientsRead>, due: &[MatchDue]) -> Result<Refreshed, StoreError> {
    let mut refreshed = Refreshed::default();
    let mut left: Vec<MatchDue> = Vec::new();
    for one in due {
        match refresh(env, permit, &[*one]).await {
            Err(StoreError::Broken(_)) => left.push(*one),
            done => refreshed.done += done?,
        }
    }
    let tx = env.db.begin(permit.scope()).await?;
    tx.match_done(&left).await?;
    tx.finish().await?;
    refreshed.done += left.len();
    refreshed.left_out = left.into_iter().map(|due| due.patient).collect();
    Ok(refreshed)
}

async fn refresh(env: &Patients, permit: &Permit<PatientsRead>, due: &[MatchDue]) -> Result<usize, StoreError> {
    let mut ids: Vec<PatientId> = due.iter().map(|due| due.patient).collect();
    ids.sort_unstable();
    ids.dedup();
    let view = env.db.view(permit.scope()).await?;
    let subjects = view.match_subjects(&ids).await?;
    renew_keys(env, permit, &subjects).await?;
    let found = find(&*view, &ids, &subjects).await?;
    write(env, permit, due, &ids, &found).await
}

/// Makes the keys of records that have none yet, or those of an earlier version of this program.
async fn renew_keys(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    subjects: &[MatchSubject],
) -> Result<(), StoreError> {
    let differing: Vec<(PatientId, Vec<MatchKey>)> = subjects
        .iter()
        .map(|subject| (subject.record.patient.id, sorted(subject.record.traits.keys()), &subject.keys))
        .filter(|(_, keys, stored)| *keys != sorted((*stored).clone()))
        .map(|(id, keys, _)| (id, keys))
        .collect();
    if differing.is_empty() {
        return Ok(());
    }
    let tx = env.db.begin(permit.scope()).await?;
    let ids: Vec<PatientId> = differing.iter().map(|(id, _)| *id).collect();
    let versions = tx.match_versions(&ids).await?;
    for (id, keys) in &differing {
        let seen = subjects.iter().find(|subject| subject.record.patient.id == *id);
        if seen.is_some_and(|seen| versions.contains(&(*id, seen.record.patient.version))) {
            tx.match_keys_replace(*id, keys).await?;
        }
    }
    tx.finish().await
}

fn sorted(mut keys: Vec<MatchKey>) -> Vec<MatchKey> {
    keys.sort_unstable();
    keys
}

async fn find(view: &dyn PatientsView, ids: &[PatientId], subjects: &[MatchSubject]) -> Result<Found, StoreError> {
    let stored = view.duplicates_of(ids).await?;
    let partners: BTreeSet<PatientId> = stored.iter().flat_map(|(first, second)| [*first, *second]).collect();
    let partners = view.match_records(&partners.into_iter().collect::<Vec<_>>()).await?;
    let known: BTreeMap<PatientId, &Candidate> = partners.iter().map(|record| (record.patient.id, record)).collect();
    let mut versions: BTreeMap<PatientId, i64> =
        known.iter().map(|(id, record)| (*id, record.patient.version)).collect();
    let mut pairs = BTreeMap::new();
    for MatchSubject { record, .. } in subjects {
        let (id, traits) = (record.patient.id, &record.traits);
        versions.insert(id, record.patient.version);
        let is_own = |pair: &&(PatientId, PatientId)| pair.0 == id || pair.1 == id;
        for (first, second) in stored.iter().filter(is_own) {
            let other = known.get(if *first == id { second } else { first });
            if let Some(likeness) = other.and_then(|other| Likeness::of(traits, &other.traits)) {
                pairs.insert((*first, *second), FoundPair::new(*first, *second, likeness));
            }
        }
        for found in best_matches(traits, view.match_candidates(&traits.keys(), Some(id)).await?) {
            versions.entry(found.patient.id).or_insert(found.patient.version);
            let pair = FoundPair::new(id, found.patient.id, found.likeness);
            pairs.insert((pair.first(), pair.second()), pair);
        }
    }
    // A record that takes no part any more loses its pairs when it is its turn.
    let is_compared = |id: &PatientId| versions.contains_key(id);
    let is_out = |id: &PatientId| ids.contains(id) && !is_compared(id);
    let is_gone = |pair: &(PatientId, PatientId)| {
        let (first, second) = pair;
        !pairs.contains_key(pair) && (is_out(first) || is_out(second) || is_compared(first) && is_compared(second))
    };
    let gone = stored.into_iter().filter(is_gone).collect();
    Ok(Found { versions, gone, pairs: pairs.into_values().collect() })
}

/// Writes what was found of records that are, with all those they were compared with, still as they were; the others stay due.
async fn write(
    env: &Patients,
    permit: &Permit<PatientsRead>,
    due: &[MatchDue],
    ids: &[PatientId],
    found: &Found,
) -> Result<usize, StoreError> {
    let tx = env.db.begin(permit.scope()).await?;
    let mut all: Vec<PatientId> = found.versions.keys().copied().chain(ids.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    let current: BTreeMap<PatientId, i64> = tx.match_versions(&all).await?.into_iter().collect();
    let is_current = |id: &PatientId| {
        let version = found.versions.get(id);
        version.is_none() || current.contains_key(id) && current.get(id) == version
    };
    let pairs = || found.pairs.iter().map(|pair| (pair.first(), pair.second())).chain(found.gone.iter().copied());
    let is_settled = |id: &PatientId| {
        let mut own = pairs().filter(|(first, second)| first == id || second == id);
        is_current(id) && own.all(|(first, second)| is_current(&first) && is_current(&second))
    };
    let of: Vec<PatientId> = ids.iter().copied().filter(is_settled).collect();
    let is_kept = |first: PatientId, second: PatientId| of.contains(&first) || of.contains(&second);
    let kept: Vec<FoundPair> =
        found.pairs.iter().filter(|pair| is_kept(pair.first(), pair.second())).cloned().collect();
    let gone: Vec<(PatientId, PatientId)> =
        found.gone.iter().copied().filter(|(first, second)| is_kept(*first, *second)).collect();
    let done: Vec<MatchDue> = due.iter().copied().filter(|due| of.contains(&due.patient)).collect();
    tx.duplicates_save(&gone, &kept).await?;
    tx.match_done(&done).await?;
    tx.finish().await?;
    Ok(done.len())
}
