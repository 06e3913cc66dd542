//! Events of the patient registry.

use kernel::ids::PatientId;
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
