//! Single values of a patient: how their texts are read and described.

use chrono::NaiveDate;
use patients::model::search::LONGEST_QUERY;
use patients::model::{self, BirthDate, CustomFields, Gender, Language, Notes, PersonName, Tag};
use serde::Serialize;
use utoipa::openapi::KnownFormat;
use utoipa::openapi::schema::Type;
use utoipa::{PartialSchema, ToSchema};

use crate::FromText;
use crate::fault::{Faults, Place};
use crate::from_json::FromJson;
use crate::json::Json;
use crate::schema::{self, AnySchema, Schemas};

/// The words of a domain type on the wire, alike in requests, queries and answers.
macro_rules! words {
    ($(#[doc = $doc:literal] $name:ident of $domain:ident;)+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub model::$domain);

        impl FromText for $name {
            fn from_text(text: &str) -> Result<Self, &'static str> {
                model::$domain::parse(text).map(Self).ok_or("unknown_value")
            }

            fn text_schema() -> AnySchema {
                schema::reference(stringify!($name))
            }

            fn text_schemas(schemas: &mut Schemas) {
                schemas.add(stringify!($name), Self::schema);
            }
        }

        impl PartialSchema for $name {
            fn schema() -> AnySchema {
                schema::choice($doc.trim(), &model::$domain::ALL.map(|value| value.as_str()))
            }
        }

        impl ToSchema for $name {}
    )+};
}

words! {
    /// Where the patient stands with the company; `merged` is set by merging alone
    PatientStage of Stage;
    /// Administrative sex
    Sex of Sex;
    /// The medium of a contact
    ContactKind of ContactKind;
    /// The scheme of an identifier
    IdentifierKind of IdentifierKind;
    /// What a linked member is to a patient
    LinkKind of LinkKind;
    /// Where a link stands today
    LinkStanding of LinkStanding;
    /// What a timeline tells of
    TimelineAbout of TimelineAbout;
    /// What happened to a patient
    TimelineKind of TimelineKind;
    /// How far an identifier has been checked; all but `recorded` are of INS
    IdentifierStatus of IdentifierStatus;
    /// Whether the patient goes by an identifier: `current`; `old`, of a record that was merged into this one; `moved`, of a merged record
    IdentifierStanding of IdentifierStanding;
}

/// Values that one text spells and that have a length.
macro_rules! lines {
    ($($value:ty, $longest:expr;)+) => {$(
        impl FromText for $value {
            fn from_text(text: &str) -> Result<Self, &'static str> {
                Self::parse(text).map_err(model::TextError::code)
            }

            fn text_schema() -> AnySchema {
                schema::text(1, $longest)
            }
        }
    )+};
}

lines! {
    PersonName, PersonName::LONGEST;
    Gender, Gender::LONGEST;
    Tag, Tag::LONGEST;
    Notes, Notes::LONGEST;
}

impl FromText for Language {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(model::PreferencesError::code)
    }

    fn text_schema() -> AnySchema {
        schema::pattern("^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")
    }
}

impl FromText for BirthDate {
    /// A date from 1870 on; that it is not in the future is for whoever knows what day it is.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text, NaiveDate::MAX).map_err(model::BirthDateError::code)
    }

    fn text_schema() -> AnySchema {
        schema::format(KnownFormat::Date)
    }
}

impl FromJson for CustomFields {
    fn from_json(json: Json, at: &Place<'_>, faults: &mut Faults) -> Option<Self> {
        match json {
            Json::Object(_) => match Self::parse(json.into_value()) {
                Ok(fields) => Some(fields),
                Err(error) => faults.refuse(at, error.code()),
            },
            Json::Null => faults.refuse(at, "not_nullable"),
            _ => faults.refuse(at, "wrong_type"),
        }
    }

    fn json_schema() -> AnySchema {
        schema::plain(Type::Object).into()
    }
}

/// What somebody types to find a patient: at most 200 characters.
#[derive(Debug, Clone)]
pub struct SearchWords(pub String);

impl FromText for SearchWords {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        if text.chars().count() > LONGEST_QUERY {
            return Err("too_long");
        }
        String::from_text(text).map(Self)
    }

    fn text_schema() -> AnySchema {
        schema::text(0, LONGEST_QUERY)
    }
}
