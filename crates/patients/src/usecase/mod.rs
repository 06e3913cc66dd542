//! What can be done with patients, one verb per file.

pub mod change_patient;
pub mod link_patient;
pub mod list_patients;
pub mod read_patient;
pub mod register_patient;

pub use change_patient::{ChangePatient, ChangePatientError, change_patient};
pub use link_patient::{LinkPatient, LinkPatientError, link_patient};
pub use list_patients::list_patients;
pub use read_patient::{ReadPatientError, read_patient};
pub use register_patient::{RegisterPatientError, register_patient};
