//! Links of caregivers and guardians.

use async_trait::async_trait;
use chrono::NaiveDate;
use kernel::ids::{MembershipId, PatientId, PatientLinkId};
use kernel::{Page, PageAsk, StoreError};

use crate::model::{LinkKind, PatientLink, PersonName, ShownLink, Stage};

/// The same member linked twice to the same patient, as the same, for the same day: the constraint's name.
pub const LINK_OVERLAP: &str = "patient_link_no_overlap";

/// Which links of a patient.
#[derive(Debug, Clone)]
pub struct LinkList {
    /// Whose.
    pub patient: PatientId,
    /// Of these kinds; none stands for all.
    pub kinds: Vec<LinkKind>,
    /// Valid on this day.
    pub valid_on: Option<NaiveDate>,
    /// The page, in the order of their entry.
    pub page: PageAsk<PatientLinkId>,
}

/// Reads of links.
#[async_trait]
pub trait LinkReads: Send + Sync {
    /// A page of a patient's links, those that have ended too; nothing when the patient is not there or out of reach.
    async fn patient_links(&self, ask: &LinkList) -> Result<Option<Page<ShownLink>>, StoreError>;
    /// The link that this one would repeat: of the same member, patient and kind, with a day in common.
    async fn patient_link_like(&self, link: &PatientLink) -> Result<Option<PatientLinkId>, StoreError>;
}

/// Writes of links.
#[async_trait]
pub trait LinkWrites: Send + Sync {
    /// The stage of a patient within reach, which no merge changes until this transaction has ended.
    async fn patient_stage_held(&self, id: PatientId) -> Result<Option<Stage>, StoreError>;
    /// The name of a member of the company.
    async fn member_name(&self, id: MembershipId) -> Result<Option<PersonName>, StoreError>;
    /// Adds a link; [`LINK_OVERLAP`] refuses one that is there already, [`super::FOREIGN_KEY`] a member or patient that is not
    /// the company's.
    async fn patient_link_add(&self, link: &PatientLink) -> Result<(), StoreError>;
    /// A patient's link, which nobody else changes until this transaction has ended.
    async fn patient_link_locked(
        &self,
        patient: PatientId,
        id: PatientLinkId,
    ) -> Result<Option<PatientLink>, StoreError>;
    /// Saves the days of a link.
    async fn patient_link_save(&self, link: &PatientLink) -> Result<(), StoreError>;
}
