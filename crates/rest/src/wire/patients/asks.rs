//! What is asked of a patient's record: a new one, or a change.

use chrono::{NaiveDate, TimeDelta};
use kernel::{Clock, Fault, Patch, Session};
use patients::model::address::MOST_ADDRESSES;
use patients::model::contact::MOST_CONTACTS;
use patients::model::emergency_contact::MOST_EMERGENCY_CONTACTS;
use patients::model::health_plan::MOST_HEALTH_PLANS;
use patients::model::patient::{MOST_IDENTIFIERS, MOST_TAGS};
use patients::model::{
    Address, BirthDate, ContactList, Country, CustomFields, EmergencyContact, Gender, HealthPlan, Identifier, Notes,
    PatientDetails, PatientPatch, PersonName, Preferences, PreferencesPatch, Stage, Tag,
};
use patients::usecase::Duplicates;
use serde_json::{Value, json};

use super::inputs::TypedContact;
use super::values::{PatientStage, Sex};
use crate::fault::{Faults, Place};
use crate::from_json::{Ask, FromJson};
use crate::json::Json;
use crate::problem::Problem;
use crate::schema::{AnySchema, Schemas};
use crate::wire::shapes::{AtMost, Given};

/// A new patient or lead
#[derive(crate::FromJson)]
pub struct NewPatient {
    /// Legal name.
    name: PersonName,
    /// The name the person goes by.
    social_name: Option<PersonName>,
    /// Date of birth, from 1870 on and not in the future.
    birth_date: Option<BirthDate>,
    /// Administrative sex.
    sex: Option<Sex>,
    /// Gender in the person's own words.
    gender: Option<Gender>,
    /// The mother's name.
    mother_name: Option<PersonName>,
    /// `active` unless said otherwise; a `lead` needs a contact.
    stage: Option<PatientStage>,
    /// CPF, CNS, INS and others.
    #[json(default)]
    identifiers: Identifiers,
    /// Ways to reach the patient.
    #[json(default)]
    contacts: AtMost<TypedContact, MOST_CONTACTS>,
    /// Postal addresses.
    #[json(default)]
    addresses: AtMost<Address, MOST_ADDRESSES>,
    /// Health plans.
    #[json(default)]
    health_plans: AtMost<HealthPlan, MOST_HEALTH_PLANS>,
    /// Labels, equal regardless of case.
    #[json(default)]
    tags: Tags,
    /// How the patient wishes to be contacted.
    #[json(default)]
    preferences: PreferencesPatch,
    /// Whom to call.
    #[json(default)]
    emergency_contacts: AtMost<EmergencyContact, MOST_EMERGENCY_CONTACTS>,
    /// Remarks of the staff.
    notes: Option<Notes>,
    /// The company's own fields, at most 16 KiB.
    #[json(default)]
    custom: CustomFields,
    /// `true` registers a record that is certainly or probably there already, too.
    #[json(default)]
    allow_duplicate: bool,
}

/// A change of a patient, as a JSON merge patch: what is absent stays, `null` empties, lists are replaced
#[derive(crate::FromJson)]
pub struct PatientChanges {
    /// Legal name.
    name: Given<PersonName>,
    /// The name the person goes by.
    social_name: Patch<PersonName>,
    /// Date of birth, from 1870 on and not in the future.
    birth_date: Patch<BirthDate>,
    /// Administrative sex.
    sex: Patch<Sex>,
    /// Gender in the person's own words.
    gender: Patch<Gender>,
    /// The mother's name.
    mother_name: Patch<PersonName>,
    /// Where the patient stands with the company.
    stage: Given<PatientStage>,
    /// CPF, CNS, INS and others.
    identifiers: Patch<Identifiers>,
    /// Ways to reach the patient.
    contacts: Patch<AtMost<TypedContact, MOST_CONTACTS>>,
    /// Postal addresses.
    addresses: Patch<AtMost<Address, MOST_ADDRESSES>>,
    /// Health plans.
    health_plans: Patch<AtMost<HealthPlan, MOST_HEALTH_PLANS>>,
    /// Labels, equal regardless of case.
    tags: Patch<Tags>,
    /// How the patient wishes to be contacted, part by part.
    preferences: Patch<PreferencesPatch>,
    /// Whom to call.
    emergency_contacts: Patch<AtMost<EmergencyContact, MOST_EMERGENCY_CONTACTS>>,
    /// Remarks of the staff.
    notes: Patch<Notes>,
    /// The company's own fields; objects are merged, `null` removes a field.
    custom: Patch<CustomFields>,
}

/// What must be known to read a record: the country that numbers are dialled in, and what day it is.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    country: Country,
    today: NaiveDate,
}

impl Reading {
    /// The reading for a caller's company; today is the date where on earth it is latest, so that no newborn is refused.
    pub fn of(session: &Session, clock: &dyn Clock) -> Result<Self, Problem> {
        let country = Country::parse(&session.principal().country);
        let country = country.map_err(|error| Problem::internal().because(&error))?;
        Ok(Self::new(country, (clock.now() + TimeDelta::hours(14)).date_naive()))
    }

    /// The reading in a country on a day.
    pub fn new(country: Country, today: NaiveDate) -> Self {
        Self { country, today }
    }

    /// The country that numbers are dialled in.
    pub fn country(self) -> Country {
        self.country
    }

    fn birth_date(self, read: Option<BirthDate>) -> Result<(), Vec<Fault>> {
        match read.map(|date| BirthDate::try_new(date.date(), self.today)) {
            Some(Err(error)) => Err(vec![Fault::at("/birth_date", error.code())]),
            _ => Ok(()),
        }
    }

    fn contacts(self, typed: &[TypedContact]) -> Result<ContactList, Vec<Fault>> {
        let at = |place: usize, code| vec![Fault::at(format!("/contacts/{place}/value"), code)];
        let mut contacts = Vec::with_capacity(typed.len());
        for (place, contact) in typed.iter().enumerate() {
            contacts.push(contact.dialled_in(self.country).map_err(|error| at(place, error.code()))?);
        }
        let under = |fault: Fault| Fault::at(format!("/contacts{}", fault.pointer), fault.code);
        ContactList::try_new(contacts).map_err(|faults| faults.into_iter().map(under).collect())
    }
}

/// Both, or the faults of both.
fn together<T>(date: Result<(), Vec<Fault>>, contacts: Result<T, Vec<Fault>>) -> Result<T, Problem> {
    match (date, contacts) {
        (Ok(()), Ok(contacts)) => Ok(contacts),
        (date, contacts) => Err(Problem::invalid(date.err().into_iter().chain(contacts.err()).flatten().collect())),
    }
}

impl NewPatient {
    /// Whether it may be a second record of one person.
    pub fn duplicates(&self) -> Duplicates {
        if self.allow_duplicate { Duplicates::Allowed } else { Duplicates::Refused }
    }

    /// The record; 422 when it cannot be read so.
    pub fn into_details(self, reading: Reading) -> Result<PatientDetails, Problem> {
        let contacts = together(reading.birth_date(self.birth_date), reading.contacts(&self.contacts.0))?;
        Ok(PatientDetails {
            name: self.name,
            social_name: self.social_name,
            birth_date: self.birth_date,
            sex: self.sex.map(|sex| sex.0),
            gender: self.gender,
            mother_name: self.mother_name,
            stage: self.stage.map_or(Stage::Active, |stage| stage.0),
            identifiers: self.identifiers.0,
            contacts,
            addresses: self.addresses.0,
            health_plans: self.health_plans.0,
            tags: self.tags.0,
            preferences: Preferences::default().patched(self.preferences),
            emergency_contacts: self.emergency_contacts.0,
            notes: self.notes,
            custom: self.custom,
        })
    }
}

impl PatientChanges {
    /// The change; 422 when it cannot be read so.
    pub fn into_patch(self, reading: Reading) -> Result<PatientPatch, Problem> {
        let born = if let Patch::Set(date) = self.birth_date { Some(date) } else { None };
        let contacts = match self.contacts {
            Patch::Keep => Ok(Patch::Keep),
            Patch::Clear => Ok(Patch::Clear),
            Patch::Set(typed) => reading.contacts(&typed.0).map(Patch::Set),
        };
        let contacts = together(reading.birth_date(born), contacts)?;
        Ok(PatientPatch {
            name: self.name.0,
            social_name: self.social_name,
            birth_date: self.birth_date,
            sex: self.sex.map(|sex| sex.0),
            gender: self.gender,
            mother_name: self.mother_name,
            stage: self.stage.0.map(|stage| stage.0),
            identifiers: self.identifiers.map(|list| list.0),
            contacts,
            addresses: self.addresses.map(|list| list.0),
            health_plans: self.health_plans.map(|list| list.0),
            tags: self.tags.map(|list| list.0),
            preferences: self.preferences,
            emergency_contacts: self.emergency_contacts.map(|list| list.0),
            notes: self.notes,
            custom: self.custom,
        })
    }
}

/// Lists in which no value may come twice.
macro_rules! distinct {
    ($($(#[doc = $doc:literal])+ $name:ident of $value:ty, $most:expr, $same:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Default)]
        pub struct $name(Vec<$value>);

        impl FromJson for $name {
            fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
                let AtMost(values) = AtMost::<$value, { $most }>::from_json(json, at, faults)?;
                let same: fn(&$value, &$value) -> bool = $same;
                let (mut seen, mut repeated) = (Vec::with_capacity(values.len()), false);
                for (place, value) in values.into_iter().enumerate() {
                    if seen.iter().any(|other| same(other, &value)) {
                        let _: Option<()> = faults.refuse(&Place::Index(at, place), "duplicate");
                        repeated = true;
                    }
                    seen.push(value);
                }
                (!repeated).then_some(Self(seen))
            }

            fn json_schema() -> AnySchema {
                AtMost::<$value, { $most }>::json_schema()
            }

            fn json_schemas(schemas: &mut Schemas) {
                AtMost::<$value, { $most }>::json_schemas(schemas);
            }
        }
    )+};
}

distinct! {
    /// The identifiers of a record, each kind and value once.
    Identifiers of Identifier, MOST_IDENTIFIERS, |a, b| a.kind() == b.kind() && a.value() == b.value();
    /// The labels of a record, each once.
    Tags of Tag, MOST_TAGS, |a, b| a == b;
}

impl Ask for NewPatient {
    fn sample() -> Value {
        json!({
            "name": "Ana Souza",
            "birth_date": "1986-04-12",
            "sex": "female",
            "mother_name": "Helena Souza",
            "identifiers": [{"kind": "cpf", "value": "093.808.260-44"}],
            "contacts": [
                {"kind": "phone", "value": "(27) 99876-5432", "primary": true},
                {"kind": "email", "value": "ana.souza@example.com"}
            ],
            "addresses": [{"street": "Rua Sete de Setembro", "number": "120", "city": "Vitória", "country": "BR"}],
            "health_plans": [{"operator": "Unimed Vitória", "card_number": "0 064 123456789 0"}],
            "tags": ["vip"],
            "preferences": {"channel": "whatsapp", "hours": {"from": "09:00", "to": "12:30"}, "language": "pt-BR"},
            "emergency_contacts": [{"name": "Helena Souza", "phone": "(27) 3333-4444", "relationship": "mother"}],
            "notes": "Prefers mornings.",
            "custom": {"shoe_size": 38}
        })
    }
}

impl Ask for PatientChanges {
    fn sample() -> Value {
        json!({"social_name": "Aninha", "notes": null, "preferences": {"channel": "whatsapp"}})
    }
}
