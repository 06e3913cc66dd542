//! What happened to a patient, and the record with all that surrounds it. Each is read in one round trip.

use async_trait::async_trait;
use kernel::ids::PatientId;
use kernel::{Page, PageAsk, StoreError};
use uuid::Uuid;

use crate::model::{PatientProfile, TimelineAbout, TimelineEntry};
use crate::permission::Sight;

/// Which part of a patient's timeline.
#[derive(Debug, Clone)]
pub struct TimelineAsk {
    /// Whose.
    pub patient: PatientId,
    /// About these matters; none stands for all.
    pub about: Vec<TimelineAbout>,
    /// What the caller sees beyond the record.
    pub sight: Sight,
    /// The page, newest first; the key is the entry's id.
    pub page: PageAsk<Uuid>,
}

/// Reads across what belongs to a patient.
#[async_trait]
pub trait StoryReads: Send + Sync {
    /// A page of what happened to a patient, in one statement; nothing when the patient is not there or out of reach.
    async fn patient_timeline(&self, ask: &TimelineAsk) -> Result<Option<Page<TimelineEntry>>, StoreError>;
    /// The record with what surrounds it, in one statement; nothing when the patient is not there or out of reach.
    async fn patient_profile(&self, id: PatientId, sight: Sight) -> Result<Option<PatientProfile>, StoreError>;
}
