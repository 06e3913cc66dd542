//! Imports (PT8): what a file's columns mean, what its rows say, and what becomes of them. Pure throughout.

mod aliases;
mod appointment_row;
mod field;
mod mapping;
mod patient_row;
mod plan;
mod run;
mod words;

pub use appointment_row::{AppointmentInput, When, read_appointment};
pub use field::{Field, UnknownField};
pub use mapping::{Mapping, SAMPLE, proposed};
pub use patient_row::{NamedBy, PatientInput, fingerprint, read_patient};
pub use plan::{Plan, PlannedColumn, RowFault, default_order};
pub use run::{
    Import, ImportCounts, ImportKind, ImportOptions, ImportRefused, ImportRow, ImportStatus, Namespace, OriginalCells,
    RowOutcome, Written, hex,
};
pub use words::{appointment_status, sex_of, stage_of, yes_or_no};
