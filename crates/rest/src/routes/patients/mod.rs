//! Operations of the patients context, a file each.

pub mod create_patient;
pub mod list_patients;
pub mod read_patient;
pub mod update_patient;
