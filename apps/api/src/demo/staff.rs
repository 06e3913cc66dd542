//! Who works in the demo company, what they offer and when.

use chrono::{NaiveTime, Weekday};
use kernel::Currency;

use super::people::Town;

/// An account of the company, one per role; it signs in as `<role>@aurora.example`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) role: &'static str,
    pub(super) name: &'static str,
}

/// A service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    pub(super) name: &'static str,
    pub(super) minutes: i64,
    pub(super) buffer_after: i64,
    pub(super) cents: i64,
    pub(super) currency: Currency,
    pub(super) capacity: i64,
    pub(super) modality: &'static str,
}

/// Somebody whose agenda can be booked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Practice {
    pub(super) name: &'static str,
    /// The member of the company that this is, by role.
    pub(super) role: Option<&'static str>,
    pub(super) profession: &'static str,
    pub(super) registration: Option<[&'static str; 3]>,
    pub(super) town: Town,
    /// The services given, by name; the first is what the demo books.
    pub(super) offers: &'static [&'static str],
    pub(super) hours: Hours,
}

/// A week's opening.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hours {
    FullDays,
    Mornings,
    Afternoons,
    Salon,
}

/// Minutes since midnight, from and to.
type Window = (u32, u32);

const WEEKDAYS: &[Weekday] = &[Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];
const SALON_DAYS: &[Weekday] = &[Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat];

pub(super) const MEMBERS: &[Member] = &[
    Member { role: "admin", name: "Helena Prado" },
    Member { role: "supervisor", name: "Otávio Sampaio" },
    Member { role: "doctor", name: "Rafael Monteiro" },
    Member { role: "nurse", name: "Cecília Barros" },
    Member { role: "receptionist", name: "Bianca Rocha" },
    Member { role: "physiotherapist", name: "Daniel Teixeira" },
    Member { role: "nutritionist", name: "Lívia Campos" },
    Member { role: "hairdresser", name: "Tatiane Duarte" },
    Member { role: "psychologist", name: "Sérgio Machado" },
    Member { role: "speech_therapist", name: "Natália Pinto" },
    Member { role: "acupuncturist", name: "Igor Yamamoto" },
    Member { role: "clinical_psychopedagogist", name: "Márcia Nogueira" },
    Member { role: "caregiver", name: "Joana Freitas" },
    Member { role: "patient", name: "Paciente da Aurora" },
    Member { role: "analyst", name: "Renato Vieira" },
    Member { role: "driver", name: "Fábio Correia" },
];

const fn offer(name: &'static str, minutes: i64, buffer_after: i64, cents: i64) -> Offer {
    Offer { name, minutes, buffer_after, cents, currency: Currency::BRL, capacity: 1, modality: "in_person" }
}

pub(super) const OFFERS: &[Offer] = &[
    offer("Consulta médica", 30, 0, 35_000),
    Offer { modality: "telehealth", ..offer("Teleconsulta", 20, 0, 22_000) },
    offer("Fisioterapia", 50, 10, 16_000),
    Offer { capacity: 4, ..offer("Pilates em grupo", 60, 0, 7_000) },
    offer("Consulta nutricional", 45, 0, 21_000),
    offer("Corte e penteado", 45, 15, 9_000),
    offer("Psicoterapia", 50, 10, 20_000),
    offer("Fonoaudiologia", 40, 5, 17_000),
    offer("Acupuntura", 45, 15, 18_000),
    offer("Avaliação psicopedagógica", 60, 0, 23_000),
    Offer { currency: Currency::EUR, ..offer("Consultation", 30, 0, 3_000) },
    Offer { currency: Currency::EUR, ..offer("Kinésithérapie", 30, 5, 2_400) },
];

pub(super) const PRACTICES: &[Practice] = &[
    Practice {
        name: "Rafael Monteiro",
        role: Some("doctor"),
        profession: "doctor",
        registration: Some(["CRM", "123456", "SP"]),
        town: Town::SaoPaulo,
        offers: &["Consulta médica", "Teleconsulta"],
        hours: Hours::FullDays,
    },
    Practice {
        name: "Daniel Teixeira",
        role: Some("physiotherapist"),
        profession: "physiotherapist",
        registration: Some(["CREFITO", "98765", "SP"]),
        town: Town::SaoPaulo,
        offers: &["Fisioterapia", "Pilates em grupo"],
        hours: Hours::FullDays,
    },
    Practice {
        name: "Lívia Campos",
        role: Some("nutritionist"),
        profession: "nutritionist",
        registration: Some(["CRN", "45678", "SP"]),
        town: Town::SaoPaulo,
        offers: &["Consulta nutricional"],
        hours: Hours::Mornings,
    },
    Practice {
        name: "Tatiane Duarte",
        role: Some("hairdresser"),
        profession: "hairdresser",
        registration: None,
        town: Town::SaoPaulo,
        offers: &["Corte e penteado"],
        hours: Hours::Salon,
    },
    Practice {
        name: "Sérgio Machado",
        role: Some("psychologist"),
        profession: "psychologist",
        registration: Some(["CRP", "13579", "SP"]),
        town: Town::SaoPaulo,
        offers: &["Psicoterapia"],
        hours: Hours::Afternoons,
    },
    Practice {
        name: "Natália Pinto",
        role: Some("speech_therapist"),
        profession: "speech_therapist",
        registration: Some(["CRFa", "24680", "SP"]),
        town: Town::SaoPaulo,
        offers: &["Fonoaudiologia"],
        hours: Hours::Mornings,
    },
    Practice {
        name: "Igor Yamamoto",
        role: Some("acupuncturist"),
        profession: "acupuncturist",
        registration: None,
        town: Town::SaoPaulo,
        offers: &["Acupuntura"],
        hours: Hours::Afternoons,
    },
    Practice {
        name: "Márcia Nogueira",
        role: Some("clinical_psychopedagogist"),
        profession: "clinical_psychopedagogist",
        registration: None,
        town: Town::SaoPaulo,
        offers: &["Avaliação psicopedagógica"],
        hours: Hours::Mornings,
    },
    Practice {
        name: "Claire Lemaître",
        role: None,
        profession: "doctor",
        registration: None,
        town: Town::Paris,
        offers: &["Consultation"],
        hours: Hours::FullDays,
    },
    Practice {
        name: "Antoine Mercier",
        role: None,
        profession: "physiotherapist",
        registration: None,
        town: Town::Paris,
        offers: &["Kinésithérapie"],
        hours: Hours::Mornings,
    },
];

impl Offer {
    /// The service of this name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        OFFERS.iter().find(|offer| offer.name == name)
    }
}

impl Practice {
    /// What the demo books with them.
    pub(super) fn usual_offer(&self) -> Option<&'static Offer> {
        self.offers.first().and_then(|name| Offer::named(name))
    }
}

impl Hours {
    /// The days worked.
    pub(super) fn days(self) -> &'static [Weekday] {
        match self {
            Self::Salon => SALON_DAYS,
            _ => WEEKDAYS,
        }
    }

    /// The windows of each of those days, in minutes since midnight.
    pub(super) fn windows(self) -> &'static [Window] {
        match self {
            Self::FullDays => &[(8 * 60, 12 * 60), (13 * 60, 17 * 60)],
            Self::Mornings => &[(8 * 60, 13 * 60)],
            Self::Afternoons => &[(13 * 60, 19 * 60)],
            Self::Salon => &[(9 * 60, 12 * 60), (13 * 60, 18 * 60)],
        }
    }
}

/// A time of day from minutes since midnight.
pub(super) fn time(minutes: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_practitioner_offers_services_that_exist() {
        for practice in PRACTICES {
            assert!(practice.offers.iter().all(|name| Offer::named(name).is_some()), "{}", practice.name);
            assert!(practice.usual_offer().is_some_and(|offer| offer.capacity == 1), "{}", practice.name);
        }
    }

    #[test]
    fn a_practitioner_who_is_a_member_has_the_members_name() {
        for (practice, role) in PRACTICES.iter().filter_map(|practice| Some((practice, practice.role?))) {
            let member = MEMBERS.iter().find(|member| member.role == role).unwrap();
            assert_eq!(member.name, practice.name);
        }
    }
}
