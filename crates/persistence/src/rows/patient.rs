//! A patient: the columns of its own table, and what is read with them.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::ids::PatientId;
use kernel::{Reach, StoreError};
use patients::model::matching::{Candidate, TraitSource, Traits};
use patients::model::statistics::facet_labels;
use patients::model::{
    Address, BirthDate, Contact, ContactKind, ContactList, CustomFields, EmergencyContact, Gender, HealthPlan,
    Identifier, Notes, Patient, PatientDetails, PatientSummary, PersonName, Preferences, Sex, Stage, Tag, sort_text,
};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Alias, Query};
use sea_orm::{Condition, ExprTrait, FromQueryResult};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{patient_contact, patient_identifier, patient_link};
use crate::reach::{Reachable, Reaching};

/// A row of `patient`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "patient")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub social_name: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub sex: Option<String>,
    pub gender: Option<String>,
    pub mother_name: Option<String>,
    pub stage: String,
    /// The primary telephone or `WhatsApp` number, for lists.
    pub phone: Option<String>,
    /// The primary e-mail address, for lists.
    pub email: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub addresses: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub health_plans: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub preferences: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub emergency_contacts: Json,
    pub notes: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub custom: Json,
    /// The beginning of the search text.
    pub sort_text: String,
    /// The search text behind a space.
    pub search_text: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
    pub merged_into: Option<Uuid>,
    /// What it counts under that people spell, for statistics.
    #[sea_orm(column_type = "JsonBinary")]
    pub labels: Json,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        reached(reaching, &Expr::col((Entity, Column::Id)))
    }
}

/// True of a patient's id that the caller reaches, for any table that names one.
pub fn reached(reaching: &Reaching, patient: &Expr) -> Condition {
    let mut query = Query::select();
    query.expr(Expr::val(1));
    match reaching.reach {
        Reach::Company => return Condition::all(),
        Reach::Nothing => return Condition::all().add(Expr::val(1).eq(0)),
        Reach::Own(own) => return Condition::all().add(patient.clone().eq(own.uuid())),
        Reach::Linked(membership) => {
            use patient_link::{Column, Entity};
            let today = reaching.now.date_naive();
            let until = Expr::col((Entity, Column::ValidTo));
            query
                .from(Entity)
                .and_where(Expr::col((Entity, Column::TenantId)).eq(reaching.tenant))
                .and_where(Expr::col((Entity, Column::MembershipId)).eq(membership.uuid()))
                .and_where(Expr::col((Entity, Column::PatientId)).eq(patient.clone()))
                .and_where(Expr::col((Entity, Column::ValidFrom)).lte(today))
                .cond_where(Condition::any().add(until.clone().is_null()).add(until.gt(today)));
        }
        Reach::Agenda(practitioner) => {
            let table = Alias::new("appointment");
            let column = |name: &'static str| Expr::col((Alias::new("appointment"), Alias::new(name)));
            query
                .from(table)
                .and_where(column("tenant_id").eq(reaching.tenant))
                .and_where(column("patient_id").eq(patient.clone()))
                .and_where(column("practitioner_id").eq(practitioner.uuid()))
                .and_where(column("starts_at").gte(reaching.agenda_since()))
                .and_where(column("status").is_not_in(["cancelled", "entered_in_error"]));
        }
    }
    Condition::all().add(Expr::exists(query.take()))
}

/// The columns of a list.
pub const SUMMARY: [Column; 12] = [
    Column::Id,
    Column::Name,
    Column::SocialName,
    Column::BirthDate,
    Column::Sex,
    Column::Stage,
    Column::Phone,
    Column::Email,
    Column::SortText,
    Column::Version,
    Column::CreatedAt,
    Column::UpdatedAt,
];

/// A row of a list.
#[derive(Debug, FromQueryResult)]
pub struct Summary {
    pub id: Uuid,
    pub name: String,
    pub social_name: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub sex: Option<String>,
    pub stage: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub sort_text: String,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A whole record: the row, with identifiers and contacts as JSON.
#[derive(Debug, FromQueryResult)]
pub struct Record {
    #[sea_orm(nested)]
    pub patient: Model,
    pub identifiers: Json,
    pub contacts: Json,
}

/// What of a record is compared when duplicates are looked for (PT6).
#[derive(Debug, FromQueryResult)]
pub struct Compared {
    #[sea_orm(nested)]
    pub summary: Summary,
    pub mother_name: Option<String>,
    pub addresses: Json,
    pub identifiers: Json,
    pub contacts: Json,
}

/// A record's version.
#[derive(Debug, FromQueryResult)]
pub struct Versioned {
    pub id: Uuid,
    pub version: i64,
}

fn to_json<T: Serialize>(value: &T) -> Result<Json, StoreError> {
    serde_json::to_value(value).map_err(StoreError::broken)
}

/// Reads a stored part. The cause stays behind, because it would quote the value.
fn from_json<T: DeserializeOwned>(json: Json) -> Result<T, StoreError> {
    serde_json::from_value(json).ok().ok_or_else(unreadable)
}

fn unreadable() -> StoreError {
    StoreError::broken("a patient's row cannot be read")
}

fn sex(word: Option<String>) -> Result<Option<Sex>, StoreError> {
    word.map(|word| Sex::parse(&word).ok_or_else(unreadable)).transpose()
}

impl Model {
    /// The row of a patient.
    pub fn of(patient: &Patient, tenant: Uuid) -> Result<Self, StoreError> {
        let d = &patient.details;
        let text = patient.search_text();
        let primary = |kind| d.contacts.primary(kind).map(|contact| contact.value().to_owned());
        Ok(Self {
            tenant_id: tenant,
            id: patient.id.uuid(),
            name: d.name.as_str().to_owned(),
            social_name: d.social_name.as_ref().map(|name| name.as_str().to_owned()),
            birth_date: d.birth_date.map(BirthDate::date),
            sex: d.sex.map(|sex| sex.as_str().to_owned()),
            gender: d.gender.as_ref().map(|gender| gender.as_str().to_owned()),
            mother_name: d.mother_name.as_ref().map(|name| name.as_str().to_owned()),
            stage: d.stage.as_str().to_owned(),
            phone: primary(ContactKind::Phone).or_else(|| primary(ContactKind::Whatsapp)),
            email: primary(ContactKind::Email),
            addresses: to_json(&d.addresses)?,
            health_plans: to_json(&d.health_plans)?,
            tags: to_json(&d.tags)?,
            preferences: to_json(&d.preferences)?,
            emergency_contacts: to_json(&d.emergency_contacts)?,
            notes: d.notes.as_ref().map(|notes| notes.as_str().to_owned()),
            custom: to_json(&d.custom)?,
            sort_text: sort_text(&text),
            search_text: format!(" {text}"),
            version: patient.version,
            created_at: patient.created_at,
            updated_at: patient.updated_at,
            archived_at: patient.archived_at,
            merged_into: patient.merged_into.map(PatientId::uuid),
            labels: to_json(&facet_labels(d))?,
        })
    }
}

impl TryFrom<Record> for Patient {
    type Error = StoreError;

    fn try_from(record: Record) -> Result<Self, StoreError> {
        let Record { patient: row, identifiers, contacts } = record;
        let identifiers: Vec<patient_identifier::Part> = from_json(identifiers)?;
        let contacts: Vec<patient_contact::Part> = from_json(contacts)?;
        let identifiers: Option<Vec<Identifier>> = identifiers.into_iter().map(Into::into).collect();
        let contacts: Option<Vec<Contact>> = contacts.into_iter().map(Into::into).collect();
        let tags: Vec<String> = from_json(row.tags)?;
        let details = PatientDetails {
            name: PersonName::from_stored(row.name),
            social_name: row.social_name.map(PersonName::from_stored),
            birth_date: row.birth_date.map(BirthDate::from_stored),
            sex: sex(row.sex)?,
            gender: row.gender.map(Gender::from_stored),
            mother_name: row.mother_name.map(PersonName::from_stored),
            stage: Stage::parse(&row.stage).ok_or_else(unreadable)?,
            identifiers: identifiers.ok_or_else(unreadable)?,
            contacts: ContactList::from_stored(contacts.ok_or_else(unreadable)?),
            addresses: from_json::<Vec<Address>>(row.addresses)?,
            health_plans: from_json::<Vec<HealthPlan>>(row.health_plans)?,
            tags: tags.into_iter().map(Tag::from_stored).collect(),
            preferences: from_json::<Preferences>(row.preferences)?,
            emergency_contacts: from_json::<Vec<EmergencyContact>>(row.emergency_contacts)?,
            notes: row.notes.map(Notes::from_stored),
            custom: CustomFields::from_stored(from_json(row.custom)?),
        };
        Ok(Self {
            id: PatientId::from_uuid(row.id),
            details,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            archived_at: row.archived_at,
            merged_into: row.merged_into.map(PatientId::from_uuid),
        })
    }
}

impl TryFrom<Summary> for PatientSummary {
    type Error = StoreError;

    fn try_from(row: Summary) -> Result<Self, StoreError> {
        Ok(Self {
            id: PatientId::from_uuid(row.id),
            name: PersonName::from_stored(row.name),
            social_name: row.social_name.map(PersonName::from_stored),
            birth_date: row.birth_date.map(BirthDate::from_stored),
            sex: sex(row.sex)?,
            stage: Stage::parse(&row.stage).ok_or_else(unreadable)?,
            phone: row.phone,
            email: row.email,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl TryFrom<Compared> for Candidate {
    type Error = StoreError;

    fn try_from(row: Compared) -> Result<Self, StoreError> {
        let patient = PatientSummary::try_from(row.summary)?;
        let mother = row.mother_name.map(PersonName::from_stored);
        let identifiers: Vec<patient_identifier::Part> = from_json(row.identifiers)?;
        let identifiers: Option<Vec<Identifier>> = identifiers.into_iter().map(Into::into).collect();
        let contacts: Vec<patient_contact::Part> = from_json(row.contacts)?;
        let contacts: Option<Vec<Contact>> = contacts.into_iter().map(Into::into).collect();
        let traits = Traits::of(&TraitSource {
            name: &patient.name,
            social_name: patient.social_name.as_ref(),
            birth_date: patient.birth_date.map(BirthDate::date),
            sex: patient.sex,
            mother_name: mother.as_ref(),
            identifiers: &identifiers.ok_or_else(unreadable)?,
            contacts: &contacts.ok_or_else(unreadable)?,
            addresses: &from_json::<Vec<Address>>(row.addresses)?,
        });
        Ok(Self { patient, traits })
    }
}
