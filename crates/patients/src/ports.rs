//! What the registry needs from outside: a store that opens scoped transactions.

pub mod imports;
pub mod tables;

mod exports;
mod links;
mod matching;
mod merges;
mod statistics;
mod story;
mod tags;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::PatientId;
use kernel::{Page, PageAsk, StoreError, TenantScope, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{IdentifierKind, Patient, PatientSelection, PatientSummary};

pub use exports::ExportReads;
pub use links::{LINK_OVERLAP, LinkList, LinkReads, LinkWrites};
pub use matching::{
    DuplicateKey, DuplicateList, LARGEST_BLOCK, MOST_CANDIDATES, MatchDue, MatchQueue, MatchReads, MatchSubject,
    MatchWrites, TELLING_BLOCK,
};
pub use merges::{
    CancelAppointments, CancelledAppointment, ListReferences, MergeReads, MergeWrites, MoveReferences,
    PatientReferences, Purpose, Way,
};
pub use statistics::StatisticsReads;
pub use story::{StoryReads, TimelineAsk};
pub use tags::{TAG_ONCE, TagList, TagPlace, TagReads, TagWrites};

/// The unique identifiers of a company: the constraint's name on both databases.
pub const IDENTIFIER_UNIQUE: &str = "patient_identifier_unique";
/// A row that is named is not there, or another company's.
pub const FOREIGN_KEY: &str = "foreign_key";

/// Opens units of work on patients.
#[async_trait]
pub trait PatientsDb: Send + Sync {
    /// A read-write transaction.
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn PatientsTx>, StoreError>;
    /// The same, with the locks of these agendas, each named by its patient's, practitioner's or resource's id: a merge, its
    /// undoing and archiving start so.
    async fn begin_on(&self, scope: &TenantScope, agendas: &[Uuid]) -> Result<Box<dyn PatientsTx>, StoreError>;
    /// Reads only.
    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn PatientsView>, StoreError>;
}

/// Reads of the registry, within the caller's reach.
#[async_trait]
pub trait PatientReads: Send + Sync {
    /// The patient, if it is there and within reach.
    async fn patient_by_id(&self, id: PatientId) -> Result<Option<Patient>, StoreError>;
    /// A page of patients within reach.
    async fn patient_list(&self, ask: &PatientList) -> Result<Page<PatientSummary>, StoreError>;
    /// The patient within reach that has this identifier, of a kind that is unique in the company.
    async fn patient_with_identifier(&self, kind: IdentifierKind, value: &str)
    -> Result<Option<PatientId>, StoreError>;
}

/// Writes of the registry.
#[async_trait]
pub trait PatientWrites: Send + Sync {
    /// Adds a patient; [`IDENTIFIER_UNIQUE`] refuses an identifier that the company has already.
    async fn patient_add(&self, patient: &Patient) -> Result<(), StoreError>;
    /// Saves a changed patient if the stored version is `patient.version - 1`; false when it is not.
    async fn patient_save(&self, patient: &Patient) -> Result<bool, StoreError>;
}

/// A read-write transaction on patients.
pub trait PatientsTx:
    PatientReads
    + PatientWrites
    + LinkReads
    + LinkWrites
    + MatchReads
    + MatchWrites
    + MergeReads
    + MergeWrites
    + PatientReferences
    + TagReads
    + TagWrites
    + Transaction
{
}
impl<
    T: PatientReads
        + PatientWrites
        + LinkReads
        + LinkWrites
        + MatchReads
        + MatchWrites
        + MergeReads
        + MergeWrites
        + PatientReferences
        + TagReads
        + TagWrites
        + Transaction,
> PatientsTx for T
{
}

/// A read of patients.
pub trait PatientsView:
    PatientReads
    + ExportReads
    + LinkReads
    + MatchReads
    + MergeReads
    + PatientReferences
    + TagReads
    + StoryReads
    + StatisticsReads
{
}
impl<
    T: PatientReads
        + ExportReads
        + LinkReads
        + MatchReads
        + MergeReads
        + PatientReferences
        + TagReads
        + StoryReads
        + StatisticsReads,
> PatientsView for T
{
}

/// The order of a list; each is made total by the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PatientSort {
    /// By search text, that is by name.
    #[default]
    Name,
    /// By search text, last first.
    NameDescending,
    /// By registration.
    Created,
    /// By registration, newest first.
    CreatedDescending,
    /// By the start of the last visit; who never came is last.
    LastVisit,
    /// The same, latest first; who never came is last.
    LastVisitDescending,
    /// By the start of the next appointment; who has none is last.
    NextAppointment,
    /// The same, farthest first; who has none is last.
    NextAppointmentDescending,
    /// By distance from where the filter says; by name where it says none.
    Distance,
}

impl PatientSort {
    /// True for an order by visits or appointments.
    pub fn is_by_visits(self) -> bool {
        matches!(
            self,
            Self::LastVisit | Self::LastVisitDescending | Self::NextAppointment | Self::NextAppointmentDescending
        )
    }
}

/// The key of a row in a list, as the cursor keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PatientKey {
    /// Of a list by registration.
    Created {
        /// Registered at.
        at: DateTime<Utc>,
        /// The patient.
        id: PatientId,
    },
    /// Of a list by name; a search also keeps its stage of ranking (0 exact, 1 prefix of a word, 2 inside a word).
    Name {
        /// Stage of ranking.
        stage: u8,
        /// Search text.
        text: String,
        /// The patient.
        id: PatientId,
    },
    /// Of a list by distance.
    Distance {
        /// The bits of the squared chord to the nearest address.
        chord: u64,
        /// The patient.
        id: PatientId,
    },
    /// Of a list by visits.
    Visit {
        /// The visit's or appointment's start; none for who has none.
        visit: Option<DateTime<Utc>>,
        /// The patient.
        id: PatientId,
    },
}

/// What to list.
#[derive(Debug, Clone)]
pub struct PatientList {
    /// Which patients.
    pub selection: PatientSelection,
    /// The order; a search is ranked and ignores it.
    pub sort: PatientSort,
    /// The page.
    pub page: PageAsk<PatientKey>,
}
