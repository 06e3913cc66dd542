//! What matching answers with: candidates for a draft, and pairs of records on file.

use kernel::ids::PatientId;

use super::score::Likeness;
use super::traits::Traits;
use crate::model::PatientSummary;

/// The most matches that are answered, or kept, of one record.
pub const MOST_MATCHES: usize = 20;

/// A record on file that shares a block with another.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The record.
    pub patient: PatientSummary,
    /// What of it is compared.
    pub traits: Traits,
}

/// A record on file that may be a draft's person.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The record.
    pub patient: PatientSummary,
    /// How much it is like the draft.
    pub likeness: Likeness,
}

/// Two records on file that may be one person's, the one registered earlier first.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicatePair {
    /// The two records.
    pub patients: [PatientSummary; 2],
    /// How much they are alike.
    pub likeness: Likeness,
}

/// A pair that was found, to be kept: the smaller id first, which is the one registered earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPair {
    first: PatientId,
    second: PatientId,
    likeness: Likeness,
}

impl FoundPair {
    /// A pair of two records, in whichever order.
    pub fn new(one: PatientId, other: PatientId, likeness: Likeness) -> Self {
        Self { first: one.min(other), second: one.max(other), likeness }
    }

    /// The record with the smaller id.
    pub fn first(&self) -> PatientId {
        self.first
    }

    /// The other.
    pub fn second(&self) -> PatientId {
        self.second
    }

    /// How much they are alike.
    pub fn likeness(&self) -> &Likeness {
        &self.likeness
    }
}

/// The candidates that are at least possible, the best first, at most [`MOST_MATCHES`].
pub fn best_matches(traits: &Traits, candidates: Vec<Candidate>) -> Vec<Match> {
    let graded = |candidate: Candidate| {
        let likeness = Likeness::of(traits, &candidate.traits)?;
        Some(Match { patient: candidate.patient, likeness })
    };
    let mut matches: Vec<Match> = candidates.into_iter().filter_map(graded).collect();
    matches.sort_by_key(|found| {
        std::cmp::Reverse((found.likeness.grade(), found.likeness.score(), std::cmp::Reverse(found.patient.id)))
    });
    matches.truncate(MOST_MATCHES);
    matches
}
