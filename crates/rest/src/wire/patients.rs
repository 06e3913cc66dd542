//! Patients on the wire: what is answered, and what is asked.

mod asks;
mod criteria;
mod export;
mod imports;
mod inputs;
mod links;
mod matching;
mod merges;
mod parts;
mod profile;
mod statistics;
mod tags;
#[cfg(test)]
mod tests;
mod timeline;
mod values;

use chrono::{DateTime, NaiveDate, Utc};
use patients::model::{BirthDate, Patient, PatientSummary, PersonName};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

pub use asks::{NewPatient, PatientChanges, Reading};
pub use criteria::{PatientCriteria, PatientOrder};
pub use export::{ExportFormat, Exported};
pub use imports::{ImportForm, ImportOutcome, ImportPage, ImportRowPage, ImportRowWire, ImportWire};
pub(crate) use imports::{fields as import_fields, start as start_import};
pub use links::{NewPatientLink, PatientLinkPage, PatientLinkWire};
pub use matching::{DuplicatePage, DuplicatePairWire, MatchGrade, PatientMatchWire, PatientMatchesWire};
pub use merges::{MergeAsk, MergeWire, UnmergedWire};
pub use parts::{
    ContactHours, ContactPreferences, PatientAddress, PatientContact, PatientEmergencyContact, PatientHealthPlan,
    PatientIdentifier,
};
pub use profile::PatientProfileWire;
pub use statistics::PatientStatisticsWire;
pub use tags::{NewTag, TagPage, TagWire};
pub use timeline::{TimelineEntryWire, TimelinePage};
pub use values::{
    ContactKind, IdentifierKind, IdentifierStanding, IdentifierStatus, LinkKind, PatientStage, SearchWords, Sex,
    TimelineAbout,
};

use crate::Wire;
use crate::pages;

/// A patient or lead
#[derive(Serialize, ToSchema)]
#[schema(as = Patient)]
pub struct PatientWire {
    /// Its id.
    id: Uuid,
    /// Legal name.
    name: String,
    /// The name the person goes by.
    social_name: Option<String>,
    /// Date of birth.
    birth_date: Option<NaiveDate>,
    /// Administrative sex.
    sex: Option<Sex>,
    /// Gender in the person's own words.
    gender: Option<String>,
    /// The mother's name.
    mother_name: Option<String>,
    /// Where the patient stands with the company.
    stage: PatientStage,
    /// CPF, CNS, INS and others.
    identifiers: Vec<PatientIdentifier>,
    /// Ways to reach the patient.
    contacts: Vec<PatientContact>,
    /// Postal addresses.
    addresses: Vec<PatientAddress>,
    /// Health plans.
    health_plans: Vec<PatientHealthPlan>,
    /// Labels; empty for callers on the patient's side.
    tags: Vec<String>,
    /// How the patient wishes to be contacted.
    preferences: ContactPreferences,
    /// Whom to call.
    emergency_contacts: Vec<PatientEmergencyContact>,
    /// Remarks of the staff; `null` for callers on the patient's side.
    notes: Option<String>,
    /// The company's own fields; empty for callers on the patient's side.
    #[schema(value_type = Object)]
    custom: Map<String, Value>,
    /// Rises by one with every change; the entity tag in quotes.
    version: i64,
    /// When it was registered.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// Since when it is archived: out of lists, closed to changes and bookings.
    archived_at: Option<DateTime<Utc>>,
    /// Of a merged record, the one that lives on for it.
    merged_into: Option<Uuid>,
}

/// A patient in a list
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PatientSummary)]
pub struct PatientSummaryWire {
    /// Its id.
    id: Uuid,
    /// Legal name.
    name: String,
    /// The name the person goes by.
    social_name: Option<String>,
    /// Date of birth.
    birth_date: Option<NaiveDate>,
    /// Administrative sex.
    sex: Option<Sex>,
    /// Where the patient stands with the company.
    stage: PatientStage,
    /// The primary telephone or WhatsApp number, E.164 where one can be derived.
    phone: Option<String>,
    /// The primary e-mail address.
    email: Option<String>,
    /// The record's version.
    version: i64,
    /// When it was registered.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

pages! {
    /// A page of patients
    PatientPage of PatientSummaryWire;
}

fn written(name: &PersonName) -> String {
    name.as_str().to_owned()
}

impl From<&Patient> for PatientWire {
    fn from(patient: &Patient) -> Self {
        let d = &patient.details;
        Self {
            id: patient.id.uuid(),
            name: written(&d.name),
            social_name: d.social_name.as_ref().map(written),
            birth_date: d.birth_date.map(BirthDate::date),
            sex: d.sex.map(Sex),
            gender: d.gender.as_ref().map(|gender| gender.as_str().to_owned()),
            mother_name: d.mother_name.as_ref().map(written),
            stage: PatientStage(d.stage),
            identifiers: d.identifiers.iter().map(Into::into).collect(),
            contacts: d.contacts.as_slice().iter().map(Into::into).collect(),
            addresses: d.addresses.iter().map(Into::into).collect(),
            health_plans: d.health_plans.iter().map(Into::into).collect(),
            tags: d.tags.iter().map(|tag| tag.as_str().to_owned()).collect(),
            preferences: (&d.preferences).into(),
            emergency_contacts: d.emergency_contacts.iter().map(Into::into).collect(),
            notes: d.notes.as_ref().map(|notes| notes.as_str().to_owned()),
            custom: d.custom.as_map().clone(),
            version: patient.version,
            created_at: patient.created_at,
            updated_at: patient.updated_at,
            archived_at: patient.archived_at,
            merged_into: patient.merged_into.map(kernel::ids::PatientId::uuid),
        }
    }
}

impl From<PatientSummary> for PatientSummaryWire {
    fn from(patient: PatientSummary) -> Self {
        Self {
            id: patient.id.uuid(),
            name: written(&patient.name),
            social_name: patient.social_name.as_ref().map(written),
            birth_date: patient.birth_date.map(BirthDate::date),
            sex: patient.sex.map(Sex),
            stage: PatientStage(patient.stage),
            phone: patient.phone,
            email: patient.email,
            version: patient.version,
            created_at: patient.created_at,
            updated_at: patient.updated_at,
        }
    }
}

/// The patient of the examples.
const SAMPLE_ID: Uuid = Uuid::from_u128(0x0193_5b2e_7c00_7a10_8000_0000_0000_0001);

impl Wire for PatientWire {
    fn sample() -> Self {
        let summary = PatientSummaryWire::sample();
        Self {
            id: summary.id,
            name: summary.name,
            social_name: None,
            birth_date: summary.birth_date,
            sex: summary.sex,
            gender: None,
            mother_name: Some("Helena Souza".to_owned()),
            stage: summary.stage,
            identifiers: vec![PatientIdentifier::sample()],
            contacts: vec![PatientContact::sample()],
            addresses: vec![PatientAddress::sample()],
            health_plans: vec![PatientHealthPlan::sample()],
            tags: vec!["vip".to_owned()],
            preferences: ContactPreferences::sample(),
            emergency_contacts: vec![PatientEmergencyContact::sample()],
            notes: Some("Prefers mornings.".to_owned()),
            custom: Map::from_iter([("shoe_size".to_owned(), json!(38))]),
            version: summary.version,
            created_at: summary.created_at,
            updated_at: summary.updated_at,
            archived_at: None,
            merged_into: None,
        }
    }
}

impl Wire for PatientSummaryWire {
    fn sample() -> Self {
        let at = DateTime::from_timestamp(1_804_000_000, 0).unwrap_or_default();
        Self {
            id: SAMPLE_ID,
            name: "Ana Souza".to_owned(),
            social_name: None,
            birth_date: NaiveDate::from_ymd_opt(1986, 4, 12),
            sex: Some(Sex(patients::model::Sex::Female)),
            stage: PatientStage(patients::model::Stage::Active),
            phone: Some("+5527998765432".to_owned()),
            email: Some("ana.souza@example.com".to_owned()),
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}
