//! Rows: a sea-orm entity per table with its conversions from and to the domain.

pub mod identity;
pub mod patient;
pub mod patient_contact;
pub mod patient_identifier;
pub mod patient_link;
pub mod scheduling;
