//! What of a record is compared with another.

use chrono::NaiveDate;
use kernel::text::normalize;

use super::names::Name;
use crate::model::redacted::redacted_debug;
use crate::model::{
    Address, BirthDate, Contact, ContactKind, Identifier, IdentifierKind, Patient, PatientDetails, PersonName, Sex,
};

/// The traits of one record, prepared for comparison.
#[derive(Clone, PartialEq, Eq)]
pub struct Traits {
    /// Legal and social name.
    pub(super) names: Vec<Name>,
    pub(super) birth_date: Option<NaiveDate>,
    pub(super) sex: Option<Sex>,
    pub(super) mother: Option<Name>,
    pub(super) identifiers: Vec<(IdentifierKind, String)>,
    pub(super) phones: Vec<String>,
    pub(super) emails: Vec<String>,
    pub(super) addresses: Vec<Place>,
}

/// An address, normalised.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) street: Option<String>,
    pub(super) number: Option<String>,
    pub(super) neighbourhood: Option<String>,
    pub(super) city: Option<String>,
    pub(super) postal_code: Option<String>,
}

/// The parts of a record that traits are made of.
#[derive(Clone, Copy)]
pub struct TraitSource<'a> {
    /// Legal name.
    pub name: &'a PersonName,
    /// The name the person goes by.
    pub social_name: Option<&'a PersonName>,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Administrative sex.
    pub sex: Option<Sex>,
    /// The mother's name.
    pub mother_name: Option<&'a PersonName>,
    /// All identifiers.
    pub identifiers: &'a [Identifier],
    /// All contacts.
    pub contacts: &'a [Contact],
    /// All addresses.
    pub addresses: &'a [Address],
}

redacted_debug!(Traits);

impl Traits {
    /// The traits of these parts of a record.
    pub fn of(source: &TraitSource<'_>) -> Self {
        let mut names: Vec<Name> = Vec::new();
        for name in std::iter::once(source.name).chain(source.social_name).filter_map(Name::of) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let of_kind = |kinds: &[ContactKind]| {
            let contacts = source.contacts.iter().filter(|contact| kinds.contains(&contact.kind()));
            contacts.filter_map(|contact| contact.match_keys().into_iter().next()).collect::<Vec<_>>()
        };
        Self {
            names,
            birth_date: source.birth_date,
            sex: source.sex.filter(|sex| matches!(sex, Sex::Female | Sex::Male)),
            mother: source.mother_name.and_then(Name::of),
            identifiers: source.identifiers.iter().map(|i| (i.kind(), i.value().to_lowercase())).collect(),
            phones: of_kind(&[ContactKind::Phone, ContactKind::Whatsapp]),
            emails: of_kind(&[ContactKind::Email]),
            addresses: source.addresses.iter().map(Place::of).collect(),
        }
    }

    /// The traits of what people wrote into a record.
    pub fn of_details(details: &PatientDetails) -> Self {
        Self::of(&TraitSource {
            name: &details.name,
            social_name: details.social_name.as_ref(),
            birth_date: details.birth_date.map(BirthDate::date),
            sex: details.sex,
            mother_name: details.mother_name.as_ref(),
            identifiers: &details.identifiers,
            contacts: details.contacts.as_slice(),
            addresses: &details.addresses,
        })
    }
}

impl From<&Patient> for Traits {
    fn from(patient: &Patient) -> Self {
        Self::of_details(&patient.details)
    }
}

impl Place {
    fn of(address: &Address) -> Self {
        let parts = address.parts();
        let folded = |part: &Option<String>| part.as_deref().map(normalize).filter(|text| !text.is_empty());
        let joined = |part: &Option<String>| folded(part).map(|text| text.replace(' ', ""));
        Self {
            street: folded(&parts.street),
            number: joined(&parts.number),
            neighbourhood: folded(&parts.neighbourhood),
            city: folded(&parts.city),
            postal_code: joined(&parts.postal_code),
        }
    }
}
