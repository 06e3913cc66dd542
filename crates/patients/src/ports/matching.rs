//! What finding duplicates needs of the store (PT6).

use async_trait::async_trait;
use kernel::ids::{PatientId, TenantId};
use kernel::{Page, PageAsk, StoreError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::matching::{Candidate, DuplicatePair, FoundPair, Grade, MatchKey};

/// The most records that are looked at in one block, the youngest first: a block larger than that tells little.
pub const LARGEST_BLOCK: u32 = 400;
/// Who shares nothing with a record but one block is looked at where the block has at most so many records.
pub const TELLING_BLOCK: u32 = 30;
/// The most records that are searched for with one: those that share the rarest blocks. What was found stays compared.
pub const MOST_CANDIDATES: u32 = 100;

/// Finds the companies in which something is to be matched.
#[async_trait]
pub trait MatchQueue: Send + Sync {
    /// Companies with records whose duplicates are to be found anew, behind one in the order of ids, at most so many.
    async fn companies_to_match(&self, after: Option<TenantId>, most: u16) -> Result<Vec<TenantId>, StoreError>;
}

/// Reads of matching, within the caller's reach; archived and merged records take no part in it.
#[async_trait]
pub trait MatchReads: Send + Sync {
    /// The records that share two keys, or one of a block of at most [`TELLING_BLOCK`], but for one of them, in one statement; at
    /// most [`MOST_CANDIDATES`].
    async fn match_candidates(
        &self,
        keys: &[MatchKey],
        except: Option<PatientId>,
    ) -> Result<Vec<Candidate>, StoreError>;
    /// A page of pairs, the best first, neither record of which was archived or merged.
    async fn duplicate_list(&self, ask: &DuplicateList) -> Result<Page<DuplicatePair>, StoreError>;
    /// The oldest changes whose records were not matched since, at most so many.
    async fn match_due(&self, most: u16) -> Result<Vec<MatchDue>, StoreError>;
    /// What is compared of the records of these ids that take part.
    async fn match_records(&self, ids: &[PatientId]) -> Result<Vec<Candidate>, StoreError>;
    /// The pairs that are kept of these records, the smaller id first.
    async fn duplicates_of(&self, ids: &[PatientId]) -> Result<Vec<(PatientId, PatientId)>, StoreError>;
    /// The records of these ids that take part, with their keys.
    async fn match_subjects(&self, ids: &[PatientId]) -> Result<Vec<MatchSubject>, StoreError>;
}

/// Writes of matching; all that they write follows from the records.
#[async_trait]
pub trait MatchWrites: Send + Sync {
    /// Replaces the keys of a record.
    async fn match_keys_replace(&self, patient: PatientId, keys: &[MatchKey]) -> Result<(), StoreError>;
    /// The versions that these records have, locked until the end; one that somebody is changing is not among them.
    async fn match_versions(&self, ids: &[PatientId]) -> Result<Vec<(PatientId, i64)>, StoreError>;
    /// Removes some pairs, the smaller id first, and adds others or writes them anew.
    async fn duplicates_save(&self, gone: &[(PatientId, PatientId)], pairs: &[FoundPair]) -> Result<(), StoreError>;
    /// Forgets changes that were dealt with.
    async fn match_done(&self, done: &[MatchDue]) -> Result<(), StoreError>;
}

/// A change of a record whose duplicates are to be found anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatchDue {
    /// The change.
    pub id: Uuid,
    /// The record.
    pub patient: PatientId,
}

/// A record whose duplicates are to be found.
#[derive(Debug, Clone)]
pub struct MatchSubject {
    /// The record.
    pub record: Candidate,
    /// The keys that are stored for it.
    pub keys: Vec<MatchKey>,
}

/// The key of a pair in a list, as the cursor keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateKey {
    /// Its score.
    pub score: i32,
    /// The record with the smaller id.
    pub first: PatientId,
    /// The other.
    pub second: PatientId,
}

/// Which pairs to list.
#[derive(Debug, Clone)]
pub struct DuplicateList {
    /// Only these grades; none means all.
    pub grades: Vec<Grade>,
    /// The page.
    pub page: PageAsk<DuplicateKey>,
}
