//! Merges, and what other contexts keep about a patient.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use events::scheduling::AppointmentState;
use kernel::ids::{MembershipId, MergeId, PatientId};
use kernel::{Change, StoreError};

use crate::model::{AppointmentAhead, Merge, Reference};

/// Reads of merges.
#[async_trait]
pub trait MergeReads: Send + Sync {
    /// The merge, if it is there and the caller reaches the whole company.
    async fn merge_by_id(&self, id: MergeId) -> Result<Option<Merge>, StoreError>;
    /// The merge that made this record a merged one.
    async fn merge_of_source(&self, source: PatientId) -> Result<Option<Merge>, StoreError>;
}

/// Writes of merges; the caller has the locks of both patients' agendas.
#[async_trait]
pub trait MergeWrites: Send + Sync {
    /// Adds a merge, its snapshot sealed.
    async fn merge_add(&self, merge: &Merge) -> Result<(), StoreError>;
    /// Saves that a merge was undone if the stored version is one less; false when it is not.
    async fn merge_save(&self, merge: &Merge) -> Result<bool, StoreError>;
}

/// What other contexts keep about a patient (PT7): appointments and their busy rows, links, memberships, invitations. A merge,
/// its undoing and archiving are the listed exceptions to one aggregate family per transaction.
#[async_trait]
pub trait PatientReferences: Send + Sync {
    /// All that names one patient, with what becomes of it in the agenda and beside the links of the other, and those of the
    /// other's links whose days change. Except for a look, nobody else changes these rows until the transaction has ended, and
    /// nothing is missing if the caller has saved both records before: whoever lets a row name a patient holds the record.
    async fn references_list(&self, ask: &ListReferences) -> Result<Vec<Reference>, StoreError>;
    /// Moves references from one patient to another, one version on; those that are overbooked exclude nothing in the agenda
    /// of `to` from now on. [`StoreError::Contended`] where one of them is no longer there.
    async fn references_move(&self, ask: &MoveReferences<'_>) -> Result<(), StoreError>;
    /// Appointments of the patient and for the patient that have not ended and may still take place, by their start.
    async fn appointments_ahead(
        &self,
        patient: PatientId,
        now: DateTime<Utc>,
    ) -> Result<Vec<AppointmentAhead>, StoreError>;
    /// Calls these appointments off for the clinic and frees their time; the caller has the locks of their agendas.
    async fn appointments_cancel(&self, ask: &CancelAppointments<'_>) -> Result<Vec<CancelledAppointment>, StoreError>;
}

/// Which references to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListReferences {
    /// Whose.
    pub from: PatientId,
    /// Who may be named instead.
    pub to: PatientId,
    /// What for.
    pub purpose: Purpose,
}

/// What references are listed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be shown, as they would move with a merge; nothing is held.
    Look,
    /// To be moved.
    Move(Way),
}

/// Which references to move.
#[derive(Debug, Clone, Copy)]
pub struct MoveReferences<'a> {
    /// Which.
    pub references: &'a [Reference],
    /// From whom.
    pub from: PatientId,
    /// To whom.
    pub to: PatientId,
    /// When.
    pub at: DateTime<Utc>,
    /// Which way.
    pub way: Way,
}

/// Whether references move for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// With a merge: what overlaps becomes overbooked.
    Merge,
    /// Back again: what a merge overbooked excludes others as before.
    Undo,
}

/// Which appointments to call off.
#[derive(Debug, Clone, Copy)]
pub struct CancelAppointments<'a> {
    /// Which.
    pub appointments: &'a [AppointmentAhead],
    /// Who does it; no member stands for a program.
    pub by: Option<MembershipId>,
    /// When.
    pub at: DateTime<Utc>,
    /// The code that is kept as the reason.
    pub reason_code: &'static str,
}

/// An appointment that was called off.
#[derive(Debug, Clone)]
pub struct CancelledAppointment {
    /// What the journal records.
    pub change: Change,
    /// What its event tells.
    pub state: AppointmentState,
}
