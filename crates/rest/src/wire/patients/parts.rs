//! The parts of a patient's record as they are answered.

use chrono::{NaiveDate, NaiveTime};
use patients::model::{
    self, Address, AddressParts, EmergencyContact, EmergencyContactParts, HealthPlan, HealthPlanParts, Identifier,
    Preferences,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::values::{ContactKind, IdentifierKind, IdentifierStanding, IdentifierStatus};

/// An identifier of a patient
#[derive(Serialize, ToSchema)]
pub struct PatientIdentifier {
    /// Its scheme.
    kind: IdentifierKind,
    /// Canonical, without punctuation.
    value: String,
    /// How far it has been checked.
    status: IdentifierStatus,
    /// Whether the patient goes by it.
    standing: IdentifierStanding,
}

/// A way to reach a patient
#[derive(Serialize, ToSchema)]
pub struct PatientContact {
    /// Its medium.
    kind: ContactKind,
    /// Canonical: E.164 where one can be derived, e-mail with lower-case domain, account name.
    value: String,
    /// As it was typed.
    raw: String,
    /// True for the preferred one of its kind.
    primary: bool,
}

/// A postal address of a patient
#[derive(Serialize, ToSchema)]
pub struct PatientAddress {
    /// Street.
    street: Option<String>,
    /// House number as written.
    number: Option<String>,
    /// Flat, floor, building.
    complement: Option<String>,
    /// Neighbourhood.
    neighbourhood: Option<String>,
    /// City.
    city: Option<String>,
    /// State, department or other region.
    region: Option<String>,
    /// Postal code as written.
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    /// Degrees north.
    latitude: Option<f64>,
    /// Degrees east.
    longitude: Option<f64>,
}

/// A health plan of a patient
#[derive(Serialize, ToSchema)]
pub struct PatientHealthPlan {
    /// Who insures.
    operator: String,
    /// Name of the product.
    plan: Option<String>,
    /// Number on the card as written.
    card_number: Option<String>,
    /// Last day on which the card is valid.
    valid_until: Option<NaiveDate>,
}

/// Whom to call for a patient
#[derive(Serialize, ToSchema)]
pub struct PatientEmergencyContact {
    /// Name.
    name: String,
    /// Telephone as it is dialled.
    phone: String,
    /// What the person is to the patient.
    relationship: Option<String>,
}

/// How a patient wishes to be contacted
#[derive(Serialize, ToSchema)]
pub struct ContactPreferences {
    /// The medium.
    channel: Option<ContactKind>,
    /// The time of day, in the clinic's zone.
    hours: Option<ContactHours>,
    /// Language of messages, a BCP 47 tag.
    language: Option<String>,
}

/// A part of the day, half-open
#[derive(Serialize, ToSchema)]
pub struct ContactHours {
    /// The first minute, `HH:MM`.
    #[schema(example = "09:00")]
    from: String,
    /// The first minute after, `HH:MM`.
    #[schema(example = "12:30")]
    to: String,
}

impl From<&Identifier> for PatientIdentifier {
    fn from(identifier: &Identifier) -> Self {
        Self {
            kind: IdentifierKind(identifier.kind()),
            value: identifier.value().to_owned(),
            status: IdentifierStatus(identifier.status()),
            standing: IdentifierStanding(identifier.standing()),
        }
    }
}

impl From<&model::Contact> for PatientContact {
    fn from(contact: &model::Contact) -> Self {
        Self {
            kind: ContactKind(contact.kind()),
            value: contact.value().to_owned(),
            raw: contact.raw().to_owned(),
            primary: contact.is_primary(),
        }
    }
}

impl From<&Address> for PatientAddress {
    fn from(address: &Address) -> Self {
        let AddressParts {
            street,
            number,
            complement,
            neighbourhood,
            city,
            region,
            postal_code,
            country,
            latitude,
            longitude,
        } = address.parts().clone();
        Self { street, number, complement, neighbourhood, city, region, postal_code, country, latitude, longitude }
    }
}

impl From<&HealthPlan> for PatientHealthPlan {
    fn from(plan: &HealthPlan) -> Self {
        let HealthPlanParts { operator, plan, card_number, valid_until } = plan.parts().clone();
        Self { operator, plan, card_number, valid_until }
    }
}

impl From<&EmergencyContact> for PatientEmergencyContact {
    fn from(contact: &EmergencyContact) -> Self {
        let EmergencyContactParts { name, phone, relationship } = contact.parts().clone();
        Self { name, phone, relationship }
    }
}

impl From<&Preferences> for ContactPreferences {
    fn from(preferences: &Preferences) -> Self {
        let minute = |time: NaiveTime| time.format("%H:%M").to_string();
        Self {
            channel: preferences.channel.map(ContactKind),
            hours: preferences.hours.map(|hours| ContactHours { from: minute(hours.from()), to: minute(hours.to()) }),
            language: preferences.language.as_ref().map(|tag| tag.as_str().to_owned()),
        }
    }
}

impl PatientIdentifier {
    pub(super) fn sample() -> Self {
        Self {
            kind: IdentifierKind(model::IdentifierKind::Cpf),
            value: "09380826044".to_owned(),
            status: IdentifierStatus(model::IdentifierStatus::Recorded),
            standing: IdentifierStanding(model::IdentifierStanding::Current),
        }
    }
}

impl PatientContact {
    pub(super) fn sample() -> Self {
        Self {
            kind: ContactKind(model::ContactKind::Phone),
            value: "+5527998765432".to_owned(),
            raw: "(27) 99876-5432".to_owned(),
            primary: true,
        }
    }
}

impl PatientAddress {
    pub(super) fn sample() -> Self {
        Self {
            street: Some("Rua Sete de Setembro".to_owned()),
            number: Some("120".to_owned()),
            complement: None,
            neighbourhood: Some("Centro".to_owned()),
            city: Some("Vitória".to_owned()),
            region: Some("ES".to_owned()),
            postal_code: Some("29015-000".to_owned()),
            country: Some("BR".to_owned()),
            latitude: None,
            longitude: None,
        }
    }
}

impl PatientHealthPlan {
    pub(super) fn sample() -> Self {
        Self {
            operator: "Unimed Vitória".to_owned(),
            plan: None,
            card_number: Some("0 064 123456789 0".to_owned()),
            valid_until: NaiveDate::from_ymd_opt(2030, 12, 31),
        }
    }
}

impl PatientEmergencyContact {
    pub(super) fn sample() -> Self {
        Self {
            name: "Helena Souza".to_owned(),
            phone: "(27) 3333-4444".to_owned(),
            relationship: Some("mother".to_owned()),
        }
    }
}

impl ContactPreferences {
    pub(super) fn sample() -> Self {
        Self {
            channel: Some(ContactKind(model::ContactKind::Whatsapp)),
            hours: Some(ContactHours { from: "09:00".to_owned(), to: "12:30".to_owned() }),
            language: Some("pt-BR".to_owned()),
        }
    }
}
