//! The policy: which role may do what, and how far, as one table of data.

use kernel::ids::{MembershipId, PatientId, PractitionerId};
use kernel::{Grants, Reach};

use super::role::Role;

/// How far a permission of a role extends, before it is bound to a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// The whole company.
    Company,
    /// One's own agenda and the patients on it.
    Agenda,
    /// The patients linked to the membership.
    Linked,
    /// The membership's own record.
    Own,
}

/// What a membership binds the extents to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bindings {
    /// The membership itself, for `linked`.
    pub membership: MembershipId,
    /// The practitioner whose agenda is its own, for `agenda`.
    pub practitioner: Option<PractitionerId>,
    /// The patient that it is, for `self`.
    pub patient: Option<PatientId>,
}

/// The table's columns: the clinical professionals share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Admin,
    Supervisor,
    Clinical,
    Hairdresser,
    Nurse,
    Receptionist,
    Caregiver,
    Patient,
    Analyst,
    Driver,
}

const COLUMNS: [Column; 10] = [
    Column::Admin,
    Column::Supervisor,
    Column::Clinical,
    Column::Hairdresser,
    Column::Nurse,
    Column::Receptionist,
    Column::Caregiver,
    Column::Patient,
    Column::Analyst,
    Column::Driver,
];

type Cells = [Option<Extent>; 10];

const C: Option<Extent> = Some(Extent::Company);
const A: Option<Extent> = Some(Extent::Agenda);
const L: Option<Extent> = Some(Extent::Linked);
const S: Option<Extent> = Some(Extent::Own);
const O: Option<Extent> = None;

macro_rules! policy {
    ($($($permission:literal)+ => $cells:expr;)+) => {
        /// Every permission of the table, in its order.
        pub const PERMISSIONS: &[&str] = &[$($($permission),+),+];

        const TABLE: &[(&[&str], Cells)] = &[$((&[$($permission),+], $cells)),+];
    };
}

#[rustfmt::skip]
policy! {
    //  admin, supervisor, clinical, hairdresser, nurse, receptionist, caregiver, patient, analyst, driver
    "company:manage" "subscription:manage" "api_keys:manage" "integrations:manage" "users:manage" "settings:manage"
                                                            => [C, O, O, O, O, O, O, O, O, O];
    "users:read" "audit:read" "integrations:read"           => [C, C, O, O, O, O, O, O, O, O];
    "company:read" "settings:read"                          => [C, C, C, C, C, C, C, C, C, C];
    "patients:read"                                         => [C, C, C, A, C, C, L, S, O, O];
    "patients:write"                                        => [C, C, C, A, C, C, O, S, O, O];
    "patients:merge" "patients:export" "imports:manage"     => [C, C, O, O, O, O, O, O, O, O];
    "services:read" "practitioners:read" "availability:read"
                                                            => [C, C, C, C, C, C, C, C, C, O];
    "services:manage" "practitioners:manage" "resources:manage"
                                                            => [C, C, O, O, O, O, O, O, O, O];
    "availability:write"                                    => [C, C, A, A, O, C, O, O, O, O];
    "appointments:read"                                     => [C, C, C, A, C, C, L, S, O, O];
    "appointments:write"                                    => [C, C, C, A, C, C, L, S, O, O];
    "appointments:run"                                      => [C, C, C, A, C, C, O, O, O, O];
    "appointments:override"                                 => [C, C, A, O, O, C, O, O, O, O];
    "conversations:read" "conversations:write" "messages:send"
                                                            => [C, C, C, O, C, C, O, O, O, O];
    "templates:manage" "webhooks:manage"                    => [C, C, O, O, O, O, O, O, O, O];
    "billing:read"                                          => [C, C, O, O, O, C, O, S, C, O];
    "billing:write"                                         => [C, C, O, O, O, C, O, O, O, O];
    "reports:read"                                          => [C, C, O, O, O, O, O, O, C, O];
    "routes:read"                                           => [C, C, O, O, C, C, O, O, O, S];
    "routes:manage"                                         => [C, C, O, O, O, C, O, O, O, O];
}

/// How far a role's permission extends; `None` when the role does not have it.
pub fn extent(role: Role, permission: &str) -> Option<Extent> {
    let column = column(role);
    let (_, cells) = TABLE.iter().find(|(names, _)| names.contains(&permission))?;
    COLUMNS.iter().zip(cells).find(|(c, _)| **c == column).and_then(|(_, cell)| *cell)
}

/// The permissions of a role with their extents, in the table's order.
pub fn permissions_of(role: Role) -> impl Iterator<Item = (&'static str, Extent)> {
    PERMISSIONS.iter().filter_map(move |name| extent(role, name).map(|extent| (*name, extent)))
}

/// What a membership of this role may do. An extent that needs a practitioner or patient which the membership does not
/// name reaches nothing.
pub fn grants(role: Role, bindings: &Bindings) -> Grants {
    Grants::new(permissions_of(role).map(|(name, extent)| (name, extent.bound_to(bindings))))
}

impl Extent {
    /// `company`, `agenda`, `linked` or `self`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Agenda => "agenda",
            Self::Linked => "linked",
            Self::Own => "self",
        }
    }

    fn bound_to(self, bindings: &Bindings) -> Reach {
        match self {
            Self::Company => Reach::Company,
            Self::Agenda => bindings.practitioner.map_or(Reach::Nothing, Reach::Agenda),
            Self::Linked => Reach::Linked(bindings.membership),
            Self::Own => bindings.patient.map_or(Reach::Nothing, Reach::Own),
        }
    }
}

const fn column(role: Role) -> Column {
    match role {
        Role::Admin => Column::Admin,
        Role::Supervisor => Column::Supervisor,
        Role::Doctor
        | Role::Physiotherapist
        | Role::Nutritionist
        | Role::Psychologist
        | Role::SpeechTherapist
        | Role::Acupuncturist
        | Role::ClinicalPsychopedagogist => Column::Clinical,
        Role::Hairdresser => Column::Hairdresser,
        Role::Nurse => Column::Nurse,
        Role::Receptionist => Column::Receptionist,
        Role::Caregiver => Column::Caregiver,
        Role::Patient => Column::Patient,
        Role::Analyst => Column::Analyst,
        Role::Driver => Column::Driver,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use uuid::Uuid;

    use super::*;

    fn bindings() -> Bindings {
        Bindings {
            membership: MembershipId::from_uuid(Uuid::from_u128(1)),
            practitioner: Some(PractitionerId::from_uuid(Uuid::from_u128(2))),
            patient: Some(PatientId::from_uuid(Uuid::from_u128(3))),
        }
    }

    /// A line per permission, a column per role (four letters of its name), four letters of the extent in each cell.
    fn printed() -> String {
        let mut out = format!("{:<22}", "");
        for role in Role::ALL {
            write!(out, " {:.4}", role.name()).unwrap();
        }
        for permission in PERMISSIONS {
            write!(out, "\n{permission:<22}").unwrap();
            for role in Role::ALL {
                let cell = extent(role, permission).map_or("·", Extent::name);
                write!(out, " {cell:<4.4}").unwrap();
            }
        }
        out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_matrix_is_as_reviewed() {
        let reviewed = include_str!("../../tests/policy.txt");
        let now = printed();
        let (reviewed, now): (Vec<_>, Vec<_>) = (reviewed.lines().collect(), now.lines().collect());
        let first = (0..reviewed.len().max(now.len())).find(|line| reviewed.get(*line) != now.get(*line));
        let difference = first.map(|line| (line + 1, reviewed.get(line), now.get(line)));
        assert_eq!(difference, None, "(line, reviewed, now); the whole matrix is now:\n{}", now.join("\n"));
    }

    #[test]
    fn a_permission_stands_in_one_row_only() {
        assert_eq!(PERMISSIONS.iter().collect::<BTreeSet<_>>().len(), PERMISSIONS.len());
        assert!(TABLE.iter().all(|(_, cells)| cells.first() == Some(&C)), "an admin may everything");
    }

    #[test]
    fn extents_are_bound_to_the_membership() {
        let of = |role, permission| grants(role, &bindings()).reach(permission);
        assert_eq!(of(Role::Receptionist, "patients:read"), Some(Reach::Company));
        assert_eq!(of(Role::Hairdresser, "patients:read"), bindings().practitioner.map(Reach::Agenda));
        assert_eq!(of(Role::Caregiver, "patients:read"), Some(Reach::Linked(bindings().membership)));
        assert_eq!(of(Role::Patient, "patients:write"), bindings().patient.map(Reach::Own));
        assert_eq!(of(Role::Caregiver, "patients:write"), None);
        assert_eq!(of(Role::Doctor, "company:manage"), None);
    }

    #[test]
    fn a_membership_without_practitioner_or_patient_reaches_nothing() {
        let bare = Bindings { practitioner: None, patient: None, ..bindings() };
        assert_eq!(grants(Role::Hairdresser, &bare).reach("patients:read"), Some(Reach::Nothing));
        assert_eq!(grants(Role::Patient, &bare).reach("appointments:read"), Some(Reach::Nothing));
        assert_eq!(grants(Role::Doctor, &bare).reach("availability:write"), Some(Reach::Nothing));
    }
}
