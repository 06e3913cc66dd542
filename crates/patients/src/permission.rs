//! The actions on patients, as the policy table names them.

use kernel::Permission;

/// Reading patients.
#[derive(Debug, Clone, Copy)]
pub struct PatientsRead;

impl Permission for PatientsRead {
    const NAME: &'static str = "patients:read";
}

/// Registering and changing patients.
#[derive(Debug, Clone, Copy)]
pub struct PatientsWrite;

impl Permission for PatientsWrite {
    const NAME: &'static str = "patients:write";
}
