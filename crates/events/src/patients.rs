//! Events of the patient registry.

use kernel::ids::{MergeId, PatientId};
use kernel::{Entity, EventPayload};
use serde::Serialize;

/// A patient or lead was registered.
#[derive(Debug, Clone, Serialize)]
pub struct PatientRegistered {
    /// The patient.
    pub patient_id: PatientId,
    /// `lead`, `active`, …
    pub stage: &'static str,
}

impl EventPayload for PatientRegistered {
    const KIND: &'static str = "patients.patient_registered";
    fn aggregate(&self) -> Entity {
        Entity::of(self.patient_id)
    }
    fn version(&self) -> i64 {
        1
    }
}

/// A patient's record changed.
#[derive(Debug, Clone, Serialize)]
pub struct PatientUpdated {
    /// The patient.
    pub patient_id: PatientId,
    /// The record's version after the change.
    pub version: i64,
    /// Names of the changed fields.
    pub fields: Vec<String>,
}

impl EventPayload for PatientUpdated {
    const KIND: &'static str = "patients.patient_updated";
    fn aggregate(&self) -> Entity {
        Entity::of(self.patient_id)
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// A record is out of use.
#[derive(Debug, Clone, Serialize)]
pub struct PatientArchived {
    /// The patient.
    pub patient_id: PatientId,
    /// The record's version after it.
    pub version: i64,
}

impl EventPayload for PatientArchived {
    const KIND: &'static str = "patients.patient_archived";
    fn aggregate(&self) -> Entity {
        Entity::of(self.patient_id)
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// A record is back in use.
#[derive(Debug, Clone, Serialize)]
pub struct PatientRestored {
    /// The patient.
    pub patient_id: PatientId,
    /// The record's version after it.
    pub version: i64,
}

impl EventPayload for PatientRestored {
    const KIND: &'static str = "patients.patient_restored";
    fn aggregate(&self) -> Entity {
        Entity::of(self.patient_id)
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// What the events of a merge tell.
#[derive(Debug, Clone, Serialize)]
pub struct MergeState {
    /// The record that lives on.
    pub patient_id: PatientId,
    /// Its version after the event.
    pub version: i64,
    /// The merge.
    pub merge_id: MergeId,
    /// The duplicate.
    pub source_id: PatientId,
}

/// A duplicate was merged into the patient's record.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct PatientMerged(pub MergeState);

impl EventPayload for PatientMerged {
    const KIND: &'static str = "patients.patient_merged";
    fn aggregate(&self) -> Entity {
        Entity::of(self.0.patient_id)
    }
    fn version(&self) -> i64 {
        self.0.version
    }
}

/// A merge was undone.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct PatientMergeUndone(pub MergeState);

impl EventPayload for PatientMergeUndone {
    const KIND: &'static str = "patients.patient_merge_undone";
    fn aggregate(&self) -> Entity {
        Entity::of(self.0.patient_id)
    }
    fn version(&self) -> i64 {
        self.0.version
    }
}
