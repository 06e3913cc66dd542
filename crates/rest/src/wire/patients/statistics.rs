//! Totals of patients on the wire.

use chrono::NaiveDate;
use patients::model::statistics::{AgeBand, Ranking, Statistics};
use serde::Serialize;
use utoipa::ToSchema;

use super::values::{PatientStage, Sex};
use crate::Wire;

/// Totals of patients
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PatientStatistics)]
pub struct PatientStatisticsWire {
    /// Today at the company: ages, the week and the months are reckoned from it.
    today: NaiveDate,
    /// The company's zone, as IANA names it.
    time_zone: String,
    /// How many patients; as many as the list has under the same filters.
    patients: u64,
    /// By stage, each stage once; merged records count only where the filter asks for them.
    stages: Vec<StagePatients>,
    /// By administrative sex, each once, `null` where it was not recorded.
    sexes: Vec<SexPatients>,
    /// By age in completed years, in bands of ten; the last is those whose date of birth was not recorded.
    ages: Vec<AgePatients>,
    /// By city of an address; who lives in two counts in both.
    cities: RankedPatients,
    /// By operator of a health plan, valid or expired; who has two counts in both.
    health_plans: RankedPatients,
    /// By tag; who has two counts in both. `null` for callers who do not see tags.
    tags: Option<RankedPatients>,
    /// By month of registration in the company's zone: the last twelve months, this one the last.
    new_per_month: Vec<MonthPatients>,
    /// Appointments of these patients that were kept or missed; `null` for callers who do not see them all.
    attendance: Option<AttendanceWire>,
    /// Birthdays of this week, Monday to Sunday.
    birthdays_this_week: BirthdayWeek,
}

/// Patients of a stage
#[derive(Debug, Serialize, ToSchema)]
pub struct StagePatients {
    /// Where they stand with the company.
    stage: PatientStage,
    /// How many.
    patients: u64,
}

/// Patients of a sex
#[derive(Debug, Serialize, ToSchema)]
pub struct SexPatients {
    /// Administrative sex; `null` where it was not recorded.
    sex: Option<Sex>,
    /// How many.
    patients: u64,
}

/// Patients of some ages
#[derive(Debug, Serialize, ToSchema)]
pub struct AgePatients {
    /// The least age of the band in completed years; `null` where the date of birth was not recorded.
    age_min: Option<u8>,
    /// The greatest age of the band; `null` for the oldest, and where the date of birth was not recorded.
    age_max: Option<u8>,
    /// How many.
    patients: u64,
}

/// Patients by a value of which they may have several
#[derive(Debug, Serialize, ToSchema)]
pub struct RankedPatients {
    /// The 200 values that most patients have, most first, each in its most frequent spelling.
    values: Vec<ValuePatients>,
    /// Patients without any value.
    without: u64,
    /// How many further values there are.
    left_out: u64,
}

/// Patients with a value
#[derive(Debug, Serialize, ToSchema)]
pub struct ValuePatients {
    /// The value.
    value: String,
    /// How many.
    patients: u64,
}

/// Patients registered in a month
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthPatients {
    /// `YYYY-MM`.
    #[schema(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$")]
    month: String,
    /// How many.
    patients: u64,
}

/// Appointments that were kept or missed
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attendance)]
pub struct AttendanceWire {
    /// Completed visits.
    completed: u64,
    /// No-shows, as marked by a person.
    no_shows: u64,
    /// No-shows among both, from 0 to 1; `null` where there was neither. Cancelled and open appointments are neither.
    #[schema(minimum = 0, maximum = 1)]
    no_show_rate: Option<f64>,
}

/// Birthdays of a week
#[derive(Debug, Serialize, ToSchema)]
pub struct BirthdayWeek {
    /// The Monday.
    from: NaiveDate,
    /// The Sunday.
    to: NaiveDate,
    /// How many patients have birthday in the week.
    patients: u64,
    /// By day, Monday first. Who was born on 29 February has birthday on 1 March of other years.
    days: Vec<DayPatients>,
}

/// Patients with birthday on a day
#[derive(Debug, Serialize, ToSchema)]
pub struct DayPatients {
    /// The day.
    date: NaiveDate,
    /// How many.
    patients: u64,
}

impl From<Statistics> for PatientStatisticsWire {
    fn from(statistics: Statistics) -> Self {
        let month = |first: NaiveDate| first.format("%Y-%m").to_string();
        Self {
            today: statistics.today,
            time_zone: statistics.zone.name().to_owned(),
            patients: statistics.patients,
            stages: all(statistics.stages, |stage, patients| StagePatients { stage: PatientStage(stage), patients }),
            sexes: all(statistics.sexes, |sex, patients| SexPatients { sex: sex.map(Sex), patients }),
            ages: all(statistics.ages, age),
            cities: statistics.cities.into(),
            health_plans: statistics.health_plans.into(),
            tags: statistics.tags.map(Into::into),
            new_per_month: all(statistics.new_per_month, |first, patients| MonthPatients {
                month: month(first),
                patients,
            }),
            attendance: statistics.attendance.map(|counted| AttendanceWire {
                completed: counted.completed,
                no_shows: counted.no_shows,
                no_show_rate: counted.no_show_rate(),
            }),
            birthdays_this_week: BirthdayWeek::of(statistics.today, statistics.birthdays),
        }
    }
}

fn all<K, W>(counts: Vec<(K, u64)>, wire: impl Fn(K, u64) -> W) -> Vec<W> {
    counts.into_iter().map(|(key, patients)| wire(key, patients)).collect()
}

fn age(band: AgeBand, patients: u64) -> AgePatients {
    let (age_min, age_max) = match band {
        AgeBand::Between(from, to) => (Some(from), Some(to)),
        AgeBand::From(from) => (Some(from), None),
        AgeBand::Unknown => (None, None),
    };
    AgePatients { age_min, age_max, patients }
}

impl From<Ranking> for RankedPatients {
    fn from(ranking: Ranking) -> Self {
        let Ranking { values, without, left_out } = ranking;
        Self { values: all(values, |value, patients| ValuePatients { value, patients }), without, left_out }
    }
}

impl BirthdayWeek {
    fn of(today: NaiveDate, days: Vec<(NaiveDate, u64)>) -> Self {
        let day = |found: Option<&(NaiveDate, u64)>| found.map_or(today, |(day, _)| *day);
        Self {
            from: day(days.first()),
            to: day(days.last()),
            patients: days.iter().map(|(_, patients)| patients).sum(),
            days: all(days, |date, patients| DayPatients { date, patients }),
        }
    }
}

impl Wire for PatientStatisticsWire {
    fn sample() -> Self {
        use chrono_tz::Tz;
        use patients::model::statistics::{Calendar, Tally};
        let now = chrono::DateTime::from_timestamp(1_804_680_000, 0).unwrap_or_default();
        let counted = [
            ("stage:active", 2),
            ("sex:female", 1),
            ("sex:", 1),
            ("born:1990-05", 1),
            ("born:", 1),
            ("birthday:03-10", 1),
            ("month:2027-03", 2),
            ("city:Vitória", 2),
            ("plan:Unimed", 1),
            ("plan:", 1),
            ("tag:VIP", 1),
            ("tag:", 1),
            ("visit:completed", 9),
            ("visit:no_show", 1),
        ];
        let tallies = counted.map(|(facet, patients)| Tally { facet: facet.to_owned(), patients });
        Statistics::of(&tallies, Calendar::at(now, Tz::America__Sao_Paulo)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt4_the_shape_is_as_documented() {
        let sample = serde_json::to_value(PatientStatisticsWire::sample()).unwrap();
        assert_eq!(sample["today"], "2027-03-10");
        assert_eq!((&sample["patients"], &sample["stages"][1]["patients"]), (&2.into(), &2.into()));
        assert_eq!(sample["ages"][3], serde_json::json!({ "age_min": 30, "age_max": 39, "patients": 1 }));
        assert_eq!(sample["ages"][10], serde_json::json!({ "age_min": null, "age_max": null, "patients": 1 }));
        assert_eq!(sample["new_per_month"][11], serde_json::json!({ "month": "2027-03", "patients": 2 }));
        let expected = serde_json::json!({ "completed": 9, "no_shows": 1, "no_show_rate": 0.1 });
        assert_eq!(sample["attendance"], expected);
        let week = &sample["birthdays_this_week"];
        assert_eq!(
            (&week["from"], &week["to"], &week["patients"]),
            (&"2027-03-08".into(), &"2027-03-14".into(), &1.into())
        );
        assert_eq!(week["days"][2], serde_json::json!({ "date": "2027-03-10", "patients": 1 }));
    }
}
