//! Which patients are meant: the parameters that lists, statistics and exports of patients share.

use chrono::{DateTime, Utc};
use kernel::{Fault, Permission, Permit};
use patients::Patients;
use patients::model::filter::{GREATEST_AGE, LONGEST_FILTER_NAME, MOST_FILTER_TAGS};
use patients::model::{
    Ages, Archived, BirthMonth, FacetKey, Near, NearError, PatientFilter, PatientSelection, Period, SearchTerms, Tag,
    TagKey, TextError,
};
use patients::ports::PatientSort;
use patients::usecase::read_today;
use serde::Serialize;
use utoipa::ToSchema;

use super::{PatientStage, Reading, SearchWords, Sex};
use crate::params::FromParam;
use crate::problem::Problem;
use crate::schema::{self, AnySchema};
use crate::{FromJson, FromQuery, FromText};

/// The order of patients; `-` turns it round. Who has no visit or appointment is last in either direction
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, FromJson, ToSchema)]
pub enum PatientOrder {
    /// By name.
    #[serde(rename = "name")]
    Name,
    /// By name, last first.
    #[serde(rename = "-name")]
    NameDescending,
    /// By registration.
    #[serde(rename = "created")]
    Created,
    /// By registration, newest first.
    #[serde(rename = "-created")]
    CreatedDescending,
    /// By the last visit.
    #[serde(rename = "last_visit")]
    LastVisit,
    /// By the last visit, latest first.
    #[serde(rename = "-last_visit")]
    LastVisitDescending,
    /// By the next appointment.
    #[serde(rename = "next_appointment")]
    NextAppointment,
    /// By the next appointment, farthest first.
    #[serde(rename = "-next_appointment")]
    NextAppointmentDescending,
    /// By distance from where `near` says.
    #[serde(rename = "distance")]
    Distance,
}

/// Which patients
#[derive(Debug, FromQuery)]
pub struct PatientCriteria {
    /// Any part of names, of CPF, CNS and other identifiers, of telephone numbers, e-mail addresses and card numbers;
    /// several words all have to match. Exact matches come first, then beginnings of words, then the rest.
    search: Option<SearchWords>,
    /// Any of these stages; without it all but `merged`.
    stage: Vec<PatientStage>,
    /// A label, regardless of case; repeated, all have to be there.
    tag: TagKeys,
    /// Operator of a health plan or name of the product, regardless of case and accents.
    health_plan: Option<FacetKey>,
    /// City of an address, regardless of case and accents.
    city: Option<FacetKey>,
    /// Neighbourhood of an address, regardless of case and accents.
    neighbourhood: Option<FacetKey>,
    /// Whole years, today at the company.
    age_min: Option<Years>,
    /// Whole years, today at the company.
    age_max: Option<Years>,
    /// Month of birth, January is 1.
    birth_month: Option<BirthMonth>,
    /// Administrative sex.
    sex: Option<Sex>,
    /// Two instants and a comma between: an appointment starts from the first until before the second, and is neither
    /// cancelled nor entered in error.
    has_appointment_between: Option<Period>,
    /// There was a visit, and the last one began before.
    last_visit_before: Option<DateTime<Utc>>,
    /// At least so many appointments were missed.
    no_show_min: Option<Count>,
    /// Two instants and a comma between: registered from the first until before the second.
    created_between: Option<Period>,
    /// Latitude, longitude and radius in kilometres with commas between: an address lies within, by great circle. Sorted by
    /// distance unless another order is asked for.
    near: Option<Near>,
    /// `true` shows archived patients alone, `false` as without it none.
    archived: Option<bool>,
}

/// Labels to filter by.
#[derive(Debug, Default)]
pub struct TagKeys(Vec<TagKey>);

/// An age in whole years.
#[derive(Debug, Clone, Copy)]
pub struct Years(u8);

/// One at least.
#[derive(Debug, Clone, Copy)]
pub struct Count(u16);

impl PatientCriteria {
    /// The parameters that were given, by name, for who records an act and not the values of it.
    pub fn names(&self) -> Vec<&'static str> {
        let given = [
            ("search", self.search.is_some()),
            ("stage", !self.stage.is_empty()),
            ("tag", !self.tag.0.is_empty()),
            ("health_plan", self.health_plan.is_some()),
            ("city", self.city.is_some()),
            ("neighbourhood", self.neighbourhood.is_some()),
            ("age_min", self.age_min.is_some()),
            ("age_max", self.age_max.is_some()),
            ("birth_month", self.birth_month.is_some()),
            ("sex", self.sex.is_some()),
            ("has_appointment_between", self.has_appointment_between.is_some()),
            ("last_visit_before", self.last_visit_before.is_some()),
            ("no_show_min", self.no_show_min.is_some()),
            ("created_between", self.created_between.is_some()),
            ("near", self.near.is_some()),
            ("archived", self.archived == Some(true)),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
    }

    /// What is asked for; all faults at once. Ages are those of the day that it is at the company, as in its totals.
    pub async fn selection<P: Permission>(
        self,
        reading: Reading,
        patients: &Patients,
        permit: &Permit<P>,
    ) -> Result<PatientSelection, Problem> {
        let mut faults = Vec::new();
        let search = match self.search.map(|words| SearchTerms::parse_in(&words.0, reading.country())) {
            Some(Err(_)) => {
                faults.push(Fault::at("search", "too_many_words"));
                None
            }
            terms => terms.and_then(Result::ok).filter(|terms| !terms.is_empty()),
        };
        let ages = Ages::try_new(self.age_min.map(|years| years.0), self.age_max.map(|years| years.0));
        if ages.is_err() {
            faults.push(Fault::at("age_max", "out_of_range"));
        }
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        let born = match ages.ok().flatten() {
            Some(ages) => Some(ages.on(read_today(patients, permit).await?)),
            None => None,
        };
        let filter = PatientFilter {
            stages: self.stage.into_iter().map(|stage| stage.0).collect(),
            tags: self.tag.0,
            health_plan: self.health_plan,
            city: self.city,
            neighbourhood: self.neighbourhood,
            born,
            birth_month: self.birth_month,
            sex: self.sex.map(|sex| sex.0),
            has_appointment: self.has_appointment_between,
            last_visit_before: self.last_visit_before,
            no_show_min: self.no_show_min.map(|count| count.0),
            created: self.created_between,
            near: self.near,
            archived: if self.archived == Some(true) { Archived::Only } else { Archived::No },
        };
        Ok(PatientSelection { search, filter })
    }
}

impl PatientOrder {
    /// The order that is asked for: by distance where a place is and no other is said, else by name.
    pub fn sort(asked: Option<Self>, filter: &PatientFilter) -> Result<PatientSort, Problem> {
        Ok(match asked {
            None if filter.near.is_some() => PatientSort::Distance,
            None | Some(Self::Name) => PatientSort::Name,
            Some(Self::NameDescending) => PatientSort::NameDescending,
            Some(Self::Created) => PatientSort::Created,
            Some(Self::CreatedDescending) => PatientSort::CreatedDescending,
            Some(Self::LastVisit) => PatientSort::LastVisit,
            Some(Self::LastVisitDescending) => PatientSort::LastVisitDescending,
            Some(Self::NextAppointment) => PatientSort::NextAppointment,
            Some(Self::NextAppointmentDescending) => PatientSort::NextAppointmentDescending,
            Some(Self::Distance) if filter.near.is_none() => return Err(Problem::invalid_at("near", "required")),
            Some(Self::Distance) => PatientSort::Distance,
        })
    }
}

impl FromParam for TagKeys {
    /// Each parameter is one label, whatever it holds.
    fn from_param(texts: &[String]) -> Result<Self, &'static str> {
        if texts.len() > MOST_FILTER_TAGS {
            return Err("too_many");
        }
        let key = |text: &String| Tag::parse(text).map(|tag| TagKey::of(&tag)).map_err(TextError::code);
        texts.iter().map(key).collect::<Result<_, _>>().map(Self)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }

    fn param_schema() -> AnySchema {
        schema::text(1, Tag::LONGEST)
    }
}

impl FromText for FacetKey {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(TextError::code)
    }

    fn text_schema() -> AnySchema {
        schema::text(1, LONGEST_FILTER_NAME)
    }
}

impl FromText for Near {
    fn from_text(text: &str) -> Result<Self, &'static str> {
        Self::parse(text).map_err(NearError::code)
    }

    fn text_schema() -> AnySchema {
        schema::pattern(r"^[+-]?\d{1,3}(\.\d{1,15})?,[+-]?\d{1,3}(\.\d{1,15})?,\d{1,5}(\.\d{1,9})?$")
    }
}

impl FromText for Period {
    /// `from,to`, half-open.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        let (from, to) = text.split_once(',').ok_or("invalid_period")?;
        Self::try_new(FromText::from_text(from)?, FromText::from_text(to)?).or(Err("ends_before_start"))
    }

    fn text_schema() -> AnySchema {
        schema::text(20, 80)
    }
}

/// Whole numbers in a range, as single parameters.
macro_rules! whole_numbers {
    ($($name:ident of $kind:ty, $least:expr, $most:expr, $make:expr;)+) => {$(
        impl FromParam for $name {
            fn from_param(texts: &[String]) -> Result<Self, &'static str> {
                let number = i64::from_param(texts)?;
                let number = <$kind>::try_from(number).ok().filter(|number| ($least..=$most).contains(number));
                number.and_then($make).ok_or("out_of_range")
            }

            fn param_schema() -> AnySchema {
                schema::whole(i64::from($least), i64::from($most))
            }
        }
    )+};
}

whole_numbers! {
    Years of u8, 0_u8, GREATEST_AGE, |years| Some(Years(years));
    Count of u16, 1_u16, u16::MAX, |count| Some(Count(count));
    BirthMonth of u8, 1_u8, 12_u8, BirthMonth::parse;
}
