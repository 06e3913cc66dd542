//! The actions on patients, as the policy table names them.

use kernel::{Grants, Permission, Reach};

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

/// Finding, merging and keeping apart the records of one person.
#[derive(Debug, Clone, Copy)]
pub struct PatientsMerge;

impl Permission for PatientsMerge {
    const NAME: &'static str = "patients:merge";
}

/// Importing patients and appointments.
#[derive(Debug, Clone, Copy)]
pub struct ImportsManage;

impl Permission for ImportsManage {
    const NAME: &'static str = "imports:manage";
}

/// Taking records out of the registry.
#[derive(Debug, Clone, Copy)]
pub struct PatientsExport;

impl Permission for PatientsExport {
    const NAME: &'static str = "patients:export";
}

/// Managing the company's settings, its catalogue of tags among them.
#[derive(Debug, Clone, Copy)]
pub struct SettingsManage;

impl Permission for SettingsManage {
    const NAME: &'static str = "settings:manage";
}

/// The permission of the appointments' own context to call them off.
const CANCELS: &str = "appointments:write";

/// True when a caller with these grants may call off any appointment of the company.
pub fn cancels_any_appointment(grants: &Grants) -> bool {
    grants.reach(CANCELS).is_some_and(Reach::is_company)
}

/// What a caller sees of a patient beyond the record: each part by the permission of its own context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// How far `appointments:read` reaches; nothing without it.
    pub appointments: Option<Reach>,
    /// How far `users:read` reaches, without which members have no names; nothing without it.
    pub members: Option<Reach>,
}

impl Sight {
    /// What a caller with these grants may read.
    pub fn of(grants: &Grants) -> Self {
        Self { appointments: grants.reach("appointments:read"), members: grants.reach("users:read") }
    }

    /// True when the appointments of the whole company may be read.
    pub fn shows_all_appointments(&self) -> bool {
        self.appointments.is_some_and(Reach::is_company)
    }

    /// True when the members of the company may be named.
    pub fn names_members(&self) -> bool {
        self.members.is_some_and(Reach::is_company)
    }
}
