//! Who gives services.

use std::collections::BTreeSet;

use kernel::ids::{ClinicId, MembershipId, PractitionerId, ServiceId};
use thiserror::Error;

use super::service::Service;
use super::words::{Label, PersonName, TextError};

/// A professional registration, such as CRM 12345 of SP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    council: Label,
    number: Label,
    region: Label,
}

/// A part of a registration that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field}: {source}")]
pub struct RegistrationError {
    /// `council`, `number` or `region`.
    pub field: &'static str,
    /// What is wrong with it.
    pub source: TextError,
}

/// What is known of a practitioner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PractitionerProfile {
    /// The person's name.
    pub name: PersonName,
    /// The profession, as the company calls it.
    pub profession: Label,
    /// Registrations with professional councils.
    pub registrations: Vec<Registration>,
    /// The services given; nothing for all of the company's.
    pub service_ids: Option<BTreeSet<ServiceId>>,
    /// The clinics worked in; nothing for all of the company's.
    pub clinic_ids: Option<BTreeSet<ClinicId>>,
    /// The membership of the person, if they sign in.
    pub membership_id: Option<MembershipId>,
    /// Whether they can be booked.
    pub active: bool,
}

/// A practitioner with their identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practitioner {
    id: PractitionerId,
    profile: PractitionerProfile,
    version: i64,
}

impl Registration {
    /// Reads the three parts: one line each, of at most 40 characters.
    pub fn parse(council: &str, number: &str, region: &str) -> Result<Self, RegistrationError> {
        Ok(Self {
            council: part("council", council)?,
            number: part("number", number)?,
            region: part("region", region)?,
        })
    }

    /// The council, such as `CRM`.
    pub const fn council(&self) -> &Label {
        &self.council
    }

    /// The number there.
    pub const fn number(&self) -> &Label {
        &self.number
    }

    /// The region, such as `SP`.
    pub const fn region(&self) -> &Label {
        &self.region
    }
}

impl Practitioner {
    /// A practitioner with this profile.
    pub const fn new(id: PractitionerId, profile: PractitionerProfile, version: i64) -> Self {
        Self { id, profile, version }
    }

    /// Their identity.
    pub const fn id(&self) -> PractitionerId {
        self.id
    }

    /// What is known of them.
    pub const fn profile(&self) -> &PractitionerProfile {
        &self.profile
    }

    /// The profile's version, from 1.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// Whether they give this service: it is on their list and their profession may.
    pub fn offers(&self, service: &Service) -> bool {
        let professions = service.terms().required_professions();
        self.profile.service_ids.as_ref().is_none_or(|ids| ids.contains(&service.id()))
            && (professions.is_empty() || professions.contains(&self.profile.profession))
    }

    /// Whether they work in this clinic.
    pub fn works_in(&self, clinic_id: ClinicId) -> bool {
        self.profile.clinic_ids.as_ref().is_none_or(|ids| ids.contains(&clinic_id))
    }
}

fn part(field: &'static str, text: &str) -> Result<Label, RegistrationError> {
    let read = Label::parse(text)
        .and_then(|label| if label.as_str().chars().nth(40).is_some() { Err(TextError::TooLong) } else { Ok(label) });
    read.map_err(|source| RegistrationError { field, source })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::service::{ServiceAsk, ServiceTerms};

    fn profile() -> PractitionerProfile {
        PractitionerProfile {
            name: PersonName::parse("Ana Souza").unwrap(),
            profession: Label::parse("physician").unwrap(),
            registrations: Vec::new(),
            service_ids: None,
            clinic_ids: None,
            membership_id: None,
            active: true,
        }
    }

    fn practitioner(profile: PractitionerProfile) -> Practitioner {
        Practitioner::new(PractitionerId::from_uuid(Uuid::from_u128(1)), profile, 1)
    }

    fn service(number: u128, profession: Option<&str>) -> Service {
        let required_professions = profession.into_iter().map(|text| Label::parse(text).unwrap()).collect();
        let ask =
            ServiceAsk { name: "Consulta".into(), duration_minutes: 30, required_professions, ..ServiceAsk::default() };
        Service::new(ServiceId::from_uuid(Uuid::from_u128(number)), ServiceTerms::parse(ask).unwrap(), 1)
    }

    #[test]
    fn without_lists_everything_is_offered_everywhere() {
        let anyone = practitioner(profile());
        assert!(anyone.offers(&service(1, None)) && anyone.offers(&service(2, Some("physician"))));
        assert!(!anyone.offers(&service(3, Some("nurse"))));
        assert!(anyone.works_in(ClinicId::from_uuid(Uuid::from_u128(1))));
    }

    #[test]
    fn lists_bind() {
        let clinic = ClinicId::from_uuid(Uuid::from_u128(1));
        let service_ids = Some(BTreeSet::from([service(1, None).id()]));
        let clinic_ids = Some(BTreeSet::from([clinic]));
        let choosy = practitioner(PractitionerProfile { service_ids, clinic_ids, ..profile() });
        assert!(choosy.offers(&service(1, None)) && !choosy.offers(&service(2, None)));
        assert!(choosy.works_in(clinic) && !choosy.works_in(ClinicId::from_uuid(Uuid::from_u128(2))));
    }

    #[test]
    fn a_registration_has_three_parts() {
        assert_eq!(Registration::parse("CRM", " 12345 ", "SP").unwrap().number().as_str(), "12345");
        let wrong = Registration::parse("CRM", "", "SP").unwrap_err();
        assert_eq!((wrong.field, wrong.source), ("number", TextError::Empty));
        assert_eq!(Registration::parse(&"C".repeat(41), "1", "SP").unwrap_err().source, TextError::TooLong);
    }
}
