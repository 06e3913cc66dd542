//! What the registry needs from outside: a store that opens scoped transactions.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::PatientId;
use kernel::{Page, PageAsk, StoreError, TenantScope, Transaction};
use serde::{Deserialize, Serialize};

use crate::model::{IdentifierKind, Patient, PatientLink, PatientSummary, SearchTerms};

/// The unique identifiers of a company: the constraint's name on both databases.
pub const IDENTIFIER_UNIQUE: &str = "patient_identifier_unique";
/// A row that is named is not there, or another company's.
pub const FOREIGN_KEY: &str = "foreign_key";

/// Opens units of work on patients.
#[async_trait]
pub trait PatientsDb: Send + Sync {
    /// A read-write transaction.
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn PatientsTx>, StoreError>;
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
    /// Adds a link; [`FOREIGN_KEY`] refuses a member or patient that is not the company's.
    async fn patient_link_add(&self, link: &PatientLink) -> Result<(), StoreError>;
}

/// A read-write transaction on patients.
pub trait PatientsTx: PatientReads + PatientWrites + Transaction {}
impl<T: PatientReads + PatientWrites + Transaction> PatientsTx for T {}

/// A read of patients.
pub trait PatientsView: PatientReads {}
impl<T: PatientReads> PatientsView for T {}

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
}

/// What to list.
#[derive(Debug, Clone)]
pub struct PatientList {
    /// The terms that have to occur; none lists all.
    pub search: Option<SearchTerms>,
    /// The order; a search is ranked and ignores it.
    pub sort: PatientSort,
    /// The page.
    pub page: PageAsk<PatientKey>,
}
