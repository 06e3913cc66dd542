//! What the tests of several concepts begin with.

use chrono::{DateTime, Utc};

use super::{ContactList, CustomFields, PatientDetails, PersonName, Preferences, Stage};

/// The instant at which tests act.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// An active patient of whom nothing but the name is known.
pub fn blank(name: &str) -> PatientDetails {
    PatientDetails {
        name: PersonName::parse(name).unwrap(),
        social_name: None,
        birth_date: None,
        sex: None,
        gender: None,
        mother_name: None,
        stage: Stage::Active,
        identifiers: Vec::new(),
        contacts: ContactList::default(),
        addresses: Vec::new(),
        health_plans: Vec::new(),
        tags: Vec::new(),
        preferences: Preferences::default(),
        emergency_contacts: Vec::new(),
        notes: None,
        custom: CustomFields::default(),
    }
}
