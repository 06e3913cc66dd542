//! The sixteen roles.

/// What a member does in a company; the policy table says what each role may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs the company.
    Admin,
    /// Watches over the daily work.
    Supervisor,
    /// A physician.
    Doctor,
    /// A nurse.
    Nurse,
    /// The front desk.
    Receptionist,
    /// A physiotherapist.
    Physiotherapist,
    /// A nutritionist.
    Nutritionist,
    /// A hairdresser.
    Hairdresser,
    /// A psychologist.
    Psychologist,
    /// A speech therapist.
    SpeechTherapist,
    /// An acupuncturist.
    Acupuncturist,
    /// A clinical psychopedagogist.
    ClinicalPsychopedagogist,
    /// Someone who cares for linked patients.
    Caregiver,
    /// A patient with an account.
    Patient,
    /// Someone who reads reports.
    Analyst,
    /// Someone who drives for home collection.
    Driver,
}

impl Role {
    /// All roles, in the order of the enum.
    pub const ALL: [Self; 16] = [
        Self::Admin,
        Self::Supervisor,
        Self::Doctor,
        Self::Nurse,
        Self::Receptionist,
        Self::Physiotherapist,
        Self::Nutritionist,
        Self::Hairdresser,
        Self::Psychologist,
        Self::SpeechTherapist,
        Self::Acupuncturist,
        Self::ClinicalPsychopedagogist,
        Self::Caregiver,
        Self::Patient,
        Self::Analyst,
        Self::Driver,
    ];

    /// The role's name in snake case, as stored and as answered.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Supervisor => "supervisor",
            Self::Doctor => "doctor",
            Self::Nurse => "nurse",
            Self::Receptionist => "receptionist",
            Self::Physiotherapist => "physiotherapist",
            Self::Nutritionist => "nutritionist",
            Self::Hairdresser => "hairdresser",
            Self::Psychologist => "psychologist",
            Self::SpeechTherapist => "speech_therapist",
            Self::Acupuncturist => "acupuncturist",
            Self::ClinicalPsychopedagogist => "clinical_psychopedagogist",
            Self::Caregiver => "caregiver",
            Self::Patient => "patient",
            Self::Analyst => "analyst",
            Self::Driver => "driver",
        }
    }

    /// The role of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The role behind a name of an older system; `usuario` is what the importer says it is.
    pub fn from_import(name: &str, usuario: Self) -> Option<Self> {
        match name {
            "secretary" | "staff" => Some(Self::Receptionist),
            "clinical_psypedagogist" => Some(Self::ClinicalPsychopedagogist),
            "analista" => Some(Self::Analyst),
            "usuario" => Some(usuario),
            other => Self::parse(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn sixteen_roles_have_sixteen_names() {
        let names: BTreeSet<_> = Role::ALL.iter().map(|role| role.name()).collect();
        assert_eq!(names.len(), 16);
        assert!(Role::ALL.iter().all(|role| Role::parse(role.name()) == Some(*role)));
        assert_eq!(Role::parse("Admin"), None);
    }

    #[test]
    fn older_names_are_understood_on_import_only() {
        assert_eq!(Role::from_import("secretary", Role::Patient), Some(Role::Receptionist));
        assert_eq!(Role::from_import("usuario", Role::Patient), Some(Role::Patient));
        assert_eq!(Role::from_import("clinical_psypedagogist", Role::Patient), Some(Role::ClinicalPsychopedagogist));
        assert_eq!(Role::from_import("driver", Role::Patient), Some(Role::Driver));
        assert_eq!(Role::parse("secretary"), None);
    }
}
