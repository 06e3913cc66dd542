//! Whom to call for a patient.

use kernel::Fault;
use serde::{Deserialize, Serialize};

use super::redacted::redacted_debug;
use super::text::{TextError, line, optional_line};

/// The most emergency contacts of one patient.
pub const MOST_EMERGENCY_CONTACTS: usize = 5;

/// The parts of an emergency contact.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyContactParts {
    /// Name, 1 to 200 characters.
    pub name: String,
    /// Telephone as it is dialled, 1 to 40 characters.
    pub phone: String,
    /// What the person is to the patient, at most 60 characters.
    pub relationship: Option<String>,
}

/// An emergency contact whose parts are sound; stored as JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmergencyContact(EmergencyContactParts);

redacted_debug!(EmergencyContactParts, EmergencyContact);

impl EmergencyContact {
    /// Checks all parts; faults point into the contact.
    pub fn parse(parts: &EmergencyContactParts) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let name = noted(line(&parts.name, 200), "/name", &mut faults);
        let phone = noted(line(&parts.phone, 40), "/phone", &mut faults);
        let relationship = noted(optional_line(parts.relationship.as_deref(), 60), "/relationship", &mut faults);
        if faults.is_empty() { Ok(Self(EmergencyContactParts { name, phone, relationship })) } else { Err(faults) }
    }

    /// The parts.
    pub fn parts(&self) -> &EmergencyContactParts {
        &self.0
    }
}

fn noted<T: Default>(read: Result<T, TextError>, pointer: &str, faults: &mut Vec<Fault>) -> T {
    read.unwrap_or_else(|error| {
        faults.push(Fault::at(pointer, error.code()));
        T::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_named_at_once() {
        let faults = EmergencyContact::parse(&EmergencyContactParts::default()).unwrap_err();
        assert_eq!(faults.iter().map(|f| f.pointer.as_str()).collect::<Vec<_>>(), ["/name", "/phone"]);
    }
}
