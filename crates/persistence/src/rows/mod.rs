//! Rows: a sea-orm entity per table with its conversions from and to the domain.

pub mod external_reference;
pub mod identity;
pub mod import;
pub mod import_row;
pub mod patient;
pub mod patient_contact;
pub mod patient_duplicate;
pub mod patient_facet;
pub mod patient_identifier;
pub mod patient_link;
pub mod patient_match_due;
pub mod patient_match_key;
pub mod patient_merge;
pub mod patient_place;
pub mod scheduling;
pub mod tag;
