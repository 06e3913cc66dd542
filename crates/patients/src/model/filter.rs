//! Which patients a list, a statistic or an export is about.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use kernel::Reach;
use kernel::text::normalize;
use thiserror::Error;

use super::address::Address;
use super::geography::Near;
use super::health_plan::HealthPlan;
use super::patient::PatientDetails;
use super::redacted::redacted_debug;
use super::search::{SearchTerms, card_key};
use super::sex::Sex;
use super::stage::Stage;
use super::text::{TextError, line};
use crate::permission::Sight;

/// The most tags that a filter names.
pub const MOST_FILTER_TAGS: usize = 30;
/// The greatest age that a filter names, in years.
pub const GREATEST_AGE: u8 = 150;
/// The longest name of a plan, city or neighbourhood, in characters.
pub const LONGEST_FILTER_NAME: usize = 200;

/// The name of a health plan, city or neighbourhood as it is compared: regardless of case, accents and punctuation.
#[derive(Clone, PartialEq, Eq)]
pub struct FacetKey(String);

/// A label as it is compared: regardless of case.
#[derive(Clone, PartialEq, Eq)]
pub struct TagKey(String);

/// What of a record a facet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FacetKind {
    /// A label.
    Tag,
    /// Operator of a health plan, or name of the product.
    Plan,
    /// Number of a health plan's card.
    Card,
    /// City of an address.
    City,
    /// Neighbourhood of an address.
    Neighbourhood,
}

/// A span of time, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

/// Ages in whole years, both ends included; one at least is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ages {
    least: Option<u8>,
    most: Option<u8>,
}

/// Days of birth, each end as far as it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Born {
    /// The last day.
    pub until: Option<NaiveDate>,
    /// The day before the first.
    pub after: Option<NaiveDate>,
}

/// A month of the year, 1 to 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BirthMonth(u8);

/// It ends before it begins, or at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an empty range")]
pub struct EmptyRange;

/// Whether archived records are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Archived {
    /// Those that are in use.
    #[default]
    No,
    /// Those that were archived, and only they.
    Only,
}

/// All of it has to hold. Merged records are left out unless the stage is asked for, archived ones unless they are.
#[derive(Clone, Default, PartialEq)]
pub struct PatientFilter {
    /// Any of these; none stands for all but merged.
    pub stages: Vec<Stage>,
    /// All of these labels.
    pub tags: Vec<TagKey>,
    /// Operator of a health plan, or name of the product.
    pub health_plan: Option<FacetKey>,
    /// City of an address.
    pub city: Option<FacetKey>,
    /// Neighbourhood of an address.
    pub neighbourhood: Option<FacetKey>,
    /// Day of birth.
    pub born: Option<Born>,
    /// Month of birth.
    pub birth_month: Option<BirthMonth>,
    /// Administrative sex.
    pub sex: Option<Sex>,
    /// An appointment that starts within and is neither cancelled nor entered in error.
    pub has_appointment: Option<Period>,
    /// There was a visit, and the last one began before this instant.
    pub last_visit_before: Option<DateTime<Utc>>,
    /// At least so many appointments were missed.
    pub no_show_min: Option<u16>,
    /// Registered within.
    pub created: Option<Period>,
    /// An address that lies within.
    pub near: Option<Near>,
    /// Whether archived records are meant.
    pub archived: Archived,
}

/// Which patients are meant: by what is typed, and by what is chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PatientSelection {
    /// The terms that have to occur; none finds all.
    pub search: Option<SearchTerms>,
    /// What else has to hold.
    pub filter: PatientFilter,
}

redacted_debug!(FacetKey, TagKey, PatientFilter);

impl FacetKey {
    /// Reads a name; fails when it is blank, too long or holds a control character.
    pub fn parse(raw: &str) -> Result<Self, TextError> {
        line(raw, LONGEST_FILTER_NAME).map(|name| Self::of(&name))
    }

    /// The key of a name in a record, at most [`LONGEST_FILTER_NAME`] characters. A name without letters and digits is its own.
    pub fn of(name: &str) -> Self {
        let key = normalize(name);
        let key = if key.is_empty() { name.trim().to_owned() } else { key };
        Self(key.chars().take(LONGEST_FILTER_NAME).collect())
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FacetKind {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Plan => "plan",
            Self::Card => "card",
            Self::City => "city",
            Self::Neighbourhood => "neighbourhood",
        }
    }
}

impl PatientDetails {
    /// What a filter finds the record by, normalised, each once.
    pub fn facets(&self) -> Vec<(FacetKind, String)> {
        let name = |kind, name: &str| (kind, FacetKey::of(name).0);
        let mut facets: Vec<(FacetKind, String)> =
            self.tags.iter().map(|tag| (FacetKind::Tag, TagKey::of(tag).0)).collect();
        for plan in self.health_plans.iter().map(HealthPlan::parts) {
            facets.push(name(FacetKind::Plan, &plan.operator));
            facets.extend(plan.plan.iter().map(|plan| name(FacetKind::Plan, plan)));
            facets.extend(plan.card_number.iter().filter_map(|card| Some((FacetKind::Card, card_key(card)?))));
        }
        for address in self.addresses.iter().map(Address::parts) {
            facets.extend(address.city.iter().map(|city| name(FacetKind::City, city)));
            facets.extend(address.neighbourhood.iter().map(|place| name(FacetKind::Neighbourhood, place)));
        }
        facets.sort();
        facets.dedup();
        facets
    }
}

impl TagKey {
    /// The key of a label.
    pub fn of(label: &super::Tag) -> Self {
        Self(Self::folded(label.as_str()))
    }

    /// What keys begin with of labels that begin so; nothing of blank text.
    pub fn prefix(typed: &str) -> Option<String> {
        let words: Vec<&str> = typed.split_whitespace().collect();
        (!words.is_empty()).then(|| Self::folded(&words.join(" ")))
    }

    fn folded(text: &str) -> String {
        text.to_lowercase()
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Period {
    /// From an instant until before another.
    pub fn try_new(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Self, EmptyRange> {
        if from < to { Ok(Self { from, to }) } else { Err(EmptyRange) }
    }

    /// The first instant.
    pub fn from(&self) -> DateTime<Utc> {
        self.from
    }

    /// The first instant after.
    pub fn to(&self) -> DateTime<Utc> {
        self.to
    }
}

impl Ages {
    /// The ages between two, or up from or down to one; nothing when neither is given.
    pub fn try_new(least: Option<u8>, most: Option<u8>) -> Result<Option<Self>, EmptyRange> {
        match (least, most) {
            (None, None) => Ok(None),
            (Some(least), Some(most)) if least > most => Err(EmptyRange),
            _ => Ok(Some(Self { least, most })),
        }
    }

    /// The days of birth of whoever has one of these ages on a day.
    pub fn on(self, today: NaiveDate) -> Born {
        Born {
            until: self.least.map(|years| years_before(today, i32::from(years))),
            after: self.most.map(|years| years_before(today, i32::from(years) + 1)),
        }
    }
}

/// The same day some years ago; who was born on 29 February grows older on 1 March of other years.
fn years_before(today: NaiveDate, years: i32) -> NaiveDate {
    let year = today.year() - years;
    let same = today.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 2, 28));
    same.unwrap_or(NaiveDate::MIN)
}

impl BirthMonth {
    /// January is 1; `None` for what is no month.
    pub fn parse(month: u8) -> Option<Self> {
        (1..=12).contains(&month).then_some(Self(month))
    }

    /// 1 to 12.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl PatientFilter {
    /// True when merged records may be among what is asked for.
    pub fn includes_merged(&self) -> bool {
        self.stages.contains(&Stage::Merged)
    }

    /// True when the records in use are meant, and nothing else is asked.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The parameters that ask for what a caller of this reach over patients does not see; empty when it may ask so.
    pub fn hidden_from(&self, reach: Reach, sight: &Sight) -> Vec<&'static str> {
        let (tags, visits) = (!sees_tags(reach), !sees_visits(reach, sight));
        let asked = [
            ("tag", tags && !self.tags.is_empty()),
            ("has_appointment_between", visits && self.has_appointment.is_some()),
            ("last_visit_before", visits && self.last_visit_before.is_some()),
            ("no_show_min", visits && self.no_show_min.is_some()),
        ];
        asked.into_iter().filter(|(_, is_hidden)| *is_hidden).map(|(name, _)| name).collect()
    }
}

/// True when labels are shown to a caller of this reach over patients.
pub fn sees_tags(reach: Reach) -> bool {
    !reach.is_patient_side()
}

/// True when a caller reads the appointments of all patients it reaches; who has an agenda, those on it.
pub fn sees_visits(reach: Reach, sight: &Sight) -> bool {
    sight.appointments.is_some_and(|appointments| appointments.is_company() || appointments == reach)
}

#[cfg(test)]
mod tests {
    use kernel::ids::{MembershipId, PatientId, PractitionerId};
    use uuid::Uuid;

    use super::*;
    use crate::model::Tag;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    /// Whole years, as one counts birthdays.
    fn age(born: NaiveDate, today: NaiveDate) -> i32 {
        today.year() - born.year() - i32::from((today.month(), today.day()) < (born.month(), born.day()))
    }

    #[test]
    fn pt3_ages_are_whole_years_also_for_who_was_born_on_29_february() {
        let ages = Ages::try_new(Some(18), Some(20)).unwrap().unwrap();
        for today in [day(2027, 2, 28), day(2028, 2, 28), day(2028, 2, 29), day(2027, 3, 1), day(2027, 12, 31)] {
            let (until, after) = (ages.on(today).until.unwrap(), ages.on(today).after.unwrap());
            for born in day(2004, 1, 1).iter_days().take(366 * 8) {
                let expected = (18..=20).contains(&age(born, today));
                assert_eq!(born <= until && born > after, expected, "born {born}, today {today}");
            }
        }
    }

    #[test]
    fn pt3_a_range_of_ages_may_be_open_but_not_empty() {
        assert_eq!(Ages::try_new(None, None), Ok(None));
        assert_eq!(Ages::try_new(Some(3), Some(2)), Err(EmptyRange));
        let old = Ages::try_new(Some(60), None).unwrap().unwrap();
        assert_eq!(old.on(day(2027, 3, 1)), Born { until: Some(day(1967, 3, 1)), after: None });
    }

    #[test]
    fn pt3_a_period_is_half_open_and_not_empty() {
        let at = |hour| day(2027, 3, 1).and_hms_opt(hour, 0, 0).unwrap().and_utc();
        assert_eq!(Period::try_new(at(1), at(1)), Err(EmptyRange));
        let period = Period::try_new(at(1), at(2)).unwrap();
        assert_eq!((period.from(), period.to()), (at(1), at(2)));
    }

    #[test]
    fn pt3_names_are_compared_regardless_of_accents_and_labels_of_case() {
        assert_eq!(FacetKey::parse(" SÃO  José-dos Campos").unwrap(), FacetKey::of("sao jose dos campos"));
        assert_eq!(FacetKey::parse("—").unwrap().as_str(), "—");
        assert_eq!(FacetKey::parse(" "), Err(TextError::Empty));
        let tag = |raw| TagKey::of(&Tag::parse(raw).unwrap());
        assert_eq!(tag("VIP"), tag("vip"));
        assert_ne!(tag("C++"), tag("C"));
    }

    #[test]
    fn pt3_a_hidden_field_cannot_be_asked_for() {
        let id = Uuid::from_u128(1);
        let (own, linked) = (Reach::Own(PatientId::from_uuid(id)), Reach::Linked(MembershipId::from_uuid(id)));
        let agenda = Reach::Agenda(PractitionerId::from_uuid(id));
        let by_tag = PatientFilter { tags: vec![TagKey::of(&Tag::parse("vip").unwrap())], ..PatientFilter::default() };
        let by_visit = PatientFilter { no_show_min: Some(1), ..PatientFilter::default() };
        let hidden = |filter: &PatientFilter, patients, appointments| {
            filter.hidden_from(patients, &Sight { appointments, members: None }).join(",")
        };
        for patient_side in [own, linked, Reach::Nothing] {
            assert_eq!(hidden(&by_tag, patient_side, Some(patient_side)), "tag");
            assert_eq!(hidden(&by_visit, patient_side, Some(patient_side)), "");
        }
        for staff in [Reach::Company, agenda] {
            assert_eq!(hidden(&by_tag, staff, None), "");
            assert_eq!(hidden(&by_visit, staff, Some(staff)), "");
            assert_eq!(hidden(&by_visit, staff, None), "no_show_min");
        }
        assert_eq!(hidden(&by_visit, Reach::Company, Some(agenda)), "no_show_min");
    }
}
