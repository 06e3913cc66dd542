//! The parts of a patient's record as they are asked: an object each, read into a domain value with all its faults.

use chrono::{NaiveDate, NaiveTime};
use kernel::{Fault, Patch};
use patients::model::{
    self, Address, AddressParts, Country, EmergencyContact, EmergencyContactParts, HealthPlan, HealthPlanParts,
    Identifier, PreferencesPatch,
};
use utoipa::openapi::schema::Type;

use super::values::{ContactKind, IdentifierKind, IdentifierStanding, IdentifierStatus};
use crate::fault::{Faults, Place};
use crate::from_json::FromJson;
use crate::json::Json;
use crate::schema::{self, AnySchema, Schemas};

/// An identifier of a patient
#[derive(crate::FromJson)]
pub struct IdentifierInput {
    /// Its scheme.
    kind: IdentifierKind,
    /// The value, with or without punctuation.
    value: String,
    /// How far it has been checked; of INS alone.
    status: Option<IdentifierStatus>,
    /// `current`, which it is without this, or `old`.
    standing: Option<IdentifierStanding>,
}

/// A way to reach a patient
#[derive(crate::FromJson)]
pub struct ContactInput {
    /// Its medium.
    kind: ContactKind,
    /// As people type it; telephone numbers are read by the company's country.
    value: String,
    /// True for the preferred one of its kind; otherwise the first of the kind is.
    #[json(default)]
    primary: bool,
}

/// A postal address; at least one part must be there
#[derive(crate::FromJson)]
pub struct AddressInput {
    /// Street, at most 200 characters.
    street: Option<String>,
    /// House number as written, at most 20 characters.
    number: Option<String>,
    /// Flat, floor, building, at most 100 characters.
    complement: Option<String>,
    /// Neighbourhood, at most 100 characters.
    neighbourhood: Option<String>,
    /// City, at most 100 characters.
    city: Option<String>,
    /// State, department or other region, at most 100 characters.
    region: Option<String>,
    /// Postal code as written, at most 16 characters.
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    /// Degrees north; only together with the longitude.
    latitude: Option<Degrees<90>>,
    /// Degrees east; only together with the latitude.
    longitude: Option<Degrees<180>>,
}

/// A health plan
#[derive(crate::FromJson)]
pub struct HealthPlanInput {
    /// Who insures, 1 to 200 characters.
    operator: String,
    /// Name of the product, at most 200 characters.
    plan: Option<String>,
    /// Number on the card as written, at most 50 characters.
    card_number: Option<String>,
    /// Last day on which the card is valid.
    valid_until: Option<NaiveDate>,
}

/// Whom to call
#[derive(crate::FromJson)]
pub struct EmergencyContactInput {
    /// Name, 1 to 200 characters.
    name: String,
    /// Telephone as it is dialled, 1 to 40 characters.
    phone: String,
    /// What the person is to the patient, at most 60 characters.
    relationship: Option<String>,
}

/// How a patient wishes to be contacted; parts that are not named stay as they are
#[derive(crate::FromJson)]
pub struct PreferencesInput {
    /// The medium.
    channel: Patch<ContactKind>,
    /// The time of day, in the clinic's zone; set as a whole.
    hours: Patch<model::ContactHours>,
    /// Language of messages, a BCP 47 tag.
    language: Patch<model::Language>,
}

/// A part of the day, half-open, within one day
#[derive(Clone, Copy, crate::FromJson)]
pub struct ContactHoursInput {
    /// The first minute.
    from: NaiveTime,
    /// The first minute after.
    to: NaiveTime,
}

/// An angle from −`MOST` to `MOST` degrees.
#[derive(Clone, Copy)]
pub struct Degrees<const MOST: u8>(f64);

impl<const MOST: u8> FromJson for Degrees<MOST> {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        let Json::Number(number) = json else { return faults.refuse(at, "wrong_type") };
        match number.as_f64().filter(|degrees| degrees.abs() <= f64::from(MOST)) {
            Some(degrees) => Some(Self(degrees)),
            None => faults.refuse(at, "out_of_range"),
        }
    }

    fn json_schema() -> AnySchema {
        let mut number = schema::plain(Type::Number);
        number.minimum = Some(utoipa::Number::from(-f64::from(MOST)));
        number.maximum = Some(utoipa::Number::from(f64::from(MOST)));
        number.into()
    }
}

/// Notes the faults of a part under the part's own place.
fn noted<T>(read: Result<T, Vec<Fault>>, at: &Place<'_>, faults: &mut Faults) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(found) => {
            for fault in found {
                let _: Option<()> = faults.add(format!("{}{}", at.pointer(), fault.pointer), fault.code);
            }
            None
        }
    }
}

/// Domain values that are read as an object, and then as a whole.
macro_rules! objects {
    ($($value:ty, $input:ident, $read:expr;)+) => {$(
        impl FromJson for $value {
            fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
                let input = $input::from_json(json, at, faults)?;
                let read: fn($input) -> Result<$value, Vec<Fault>> = $read;
                noted(read(input), at, faults)
            }

            fn json_schema() -> AnySchema {
                $input::json_schema()
            }

            fn json_schemas(schemas: &mut Schemas) {
                $input::json_schemas(schemas);
            }
        }
    )+};
}

objects! {
    Identifier, IdentifierInput, identifier;
    TypedContact, ContactInput, contact;
    Address, AddressInput, address;
    HealthPlan, HealthPlanInput, health_plan;
    EmergencyContact, EmergencyContactInput, emergency_contact;
    model::ContactHours, ContactHoursInput, contact_hours;
    PreferencesPatch, PreferencesInput, |input| Ok(preferences(input));
}

/// A contact that can be read in any country, before it is known in which.
pub struct TypedContact(ContactInput);

impl TypedContact {
    /// The contact, telephone numbers read as they are dialled in this country.
    pub fn dialled_in(&self, country: Country) -> Result<model::Contact, model::ContactError> {
        let contact = model::Contact::parse(self.0.kind.0, &self.0.value, country)?;
        Ok(if self.0.primary { contact.into_primary() } else { contact })
    }
}

/// What is wrong with a contact does not depend on the country, so all of it is found at once.
fn contact(input: ContactInput) -> Result<TypedContact, Vec<Fault>> {
    let contact = TypedContact(input);
    match contact.dialled_in(Country::BRAZIL) {
        Ok(_) => Ok(contact),
        Err(error) => Err(vec![Fault::at("/value", error.code())]),
    }
}

fn identifier(input: IdentifierInput) -> Result<Identifier, Vec<Fault>> {
    let IdentifierInput { kind, value, status, standing } = input;
    let read = Identifier::parse(kind.0, &value);
    let read = read.map_err(|error| vec![Fault::at("/value", error.code())])?;
    let read = match standing.map(|standing| standing.0) {
        None => read,
        // Only a merge says so.
        Some(model::IdentifierStanding::Moved) => return Err(vec![Fault::at("/standing", "unknown_value")]),
        Some(standing) => read.with_standing(standing),
    };
    match status {
        None => Ok(read),
        Some(status) => read.with_status(status.0).map_err(|error| vec![Fault::at("/status", error.code())]),
    }
}

fn address(input: AddressInput) -> Result<Address, Vec<Fault>> {
    Address::parse(AddressParts {
        street: input.street,
        number: input.number,
        complement: input.complement,
        neighbourhood: input.neighbourhood,
        city: input.city,
        region: input.region,
        postal_code: input.postal_code,
        country: input.country,
        latitude: input.latitude.map(|degrees| degrees.0),
        longitude: input.longitude.map(|degrees| degrees.0),
    })
}

fn health_plan(input: HealthPlanInput) -> Result<HealthPlan, Vec<Fault>> {
    let HealthPlanInput { operator, plan, card_number, valid_until } = input;
    HealthPlan::parse(HealthPlanParts { operator, plan, card_number, valid_until })
}

fn emergency_contact(input: EmergencyContactInput) -> Result<EmergencyContact, Vec<Fault>> {
    let EmergencyContactInput { name, phone, relationship } = input;
    EmergencyContact::parse(&EmergencyContactParts { name, phone, relationship })
}

fn contact_hours(input: ContactHoursInput) -> Result<model::ContactHours, Vec<Fault>> {
    model::ContactHours::try_new(input.from, input.to).map_err(|error| vec![Fault::at("/to", error.code())])
}

fn preferences(input: PreferencesInput) -> PreferencesPatch {
    PreferencesPatch { channel: input.channel.map(|kind| kind.0), hours: input.hours, language: input.language }
}
