//! Totals of patients (PT4), made of tallies of facets: what a patient counts under, such as `city:Vitória`.

mod calendar;
mod labels;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use chrono_tz::Tz;
use kernel::Reach;

pub use calendar::{Calendar, MonthSpan, Remnant};
use labels::Spellings;
pub use labels::facet_labels;

use super::filter::sees_visits;
use super::{Sex, Stage};
use crate::permission::Sight;

/// The most values of one label that statistics name; the rest is told by number.
pub const MOST_VALUES: usize = 200;

/// How many patients count under one facet.
///
/// | facet | one for |
/// |---|---|
/// | `stage:<stage>`, `sex:<sex>` | each patient; without a word where it was not recorded |
/// | `born:<YYYY-MM>` | each patient, by month of birth; without a month where it was not recorded |
/// | `birth:<YYYY-MM-DD>` | each patient born in a month in which an age band ends; others may be there too |
/// | `age:<n>` | in place of both, each patient, by how many of the bands' beginnings are reached; without a number where the date of birth was not recorded |
/// | `birthday:<MM-DD>` | each patient with a birthday of this week; others may be there too |
/// | `month:<YYYY-MM>` | each patient registered in one of the calendar's months, where no `since` is there for it |
/// | `since:<YYYY-MM-DD>` | each patient, by day of registration in UTC; those of days that two months share are ignored |
/// | `visit:completed`, `visit:no_show` | each such appointment of the patients |
/// | `city:<city>`, `plan:<operator>`, `tag:<tag>` | each of a patient's own; without a value for a patient without any |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// What it counts.
    pub facet: String,
    /// How many.
    pub patients: i64,
}

/// Totals of a set of patients on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// The day on which ages and weeks are reckoned: today at the company.
    pub today: NaiveDate,
    /// The company's zone, in which days and months begin.
    pub zone: Tz,
    /// How many patients.
    pub patients: u64,
    /// By stage, each stage once.
    pub stages: Vec<(Stage, u64)>,
    /// By sex, each once; `None` where it was not recorded.
    pub sexes: Vec<(Option<Sex>, u64)>,
    /// By completed years, in bands of ten; the last band is those whose date of birth was not recorded.
    pub ages: Vec<(AgeBand, u64)>,
    /// By city; who lives in two counts in both.
    pub cities: Ranking,
    /// By operator of the health plan, valid or expired; who has two counts in both.
    pub health_plans: Ranking,
    /// By tag; who has two counts in both. None where the caller does not see them.
    pub tags: Option<Ranking>,
    /// By month of registration: the last twelve months at the company, this one the last.
    pub new_per_month: Vec<(NaiveDate, u64)>,
    /// Appointments that were kept and that were not; none where the caller does not see them.
    pub attendance: Option<Attendance>,
    /// Birthdays by day, Monday to Sunday of this week; of who was born on 29 February on 1 March in other years.
    pub birthdays: Vec<(NaiveDate, u64)>,
}

/// A range of completed years, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgeBand {
    /// From so many years to so many.
    Between(u8, u8),
    /// So many years or more.
    From(u8),
    /// The date of birth was not recorded.
    Unknown,
}

/// Values by how many patients have them, most first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranking {
    /// At most [`MOST_VALUES`], each in its most frequent spelling.
    pub values: Vec<(String, u64)>,
    /// Patients without any value.
    pub without: u64,
    /// How many further values there are.
    pub left_out: u64,
}

/// Appointments that were due: kept or not. Cancelled, pending and corrected ones are neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attendance {
    /// Completed visits.
    pub completed: u64,
    /// Marked as no-shows by a person.
    pub no_shows: u64,
}

impl Attendance {
    fn with(mut self, visit: &str, appointments: i64) -> Self {
        match visit {
            "completed" => raise(&mut self.completed, appointments),
            "no_show" => raise(&mut self.no_shows, appointments),
            _ => {}
        }
        self
    }

    /// No-shows among appointments that were due, 0 to 1; none where none was due.
    pub fn no_show_rate(self) -> Option<f64> {
        let due = self.completed.saturating_add(self.no_shows);
        let exact = |count: u64| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
        (due > 0).then(|| exact(self.no_shows) / exact(due))
    }
}

impl AgeBand {
    /// All bands, youngest first, the unknown last.
    pub const ALL: [Self; 11] = [
        Self::Between(0, 9),
        Self::Between(10, 19),
        Self::Between(20, 29),
        Self::Between(30, 39),
        Self::Between(40, 49),
        Self::Between(50, 59),
        Self::Between(60, 69),
        Self::Between(70, 79),
        Self::Between(80, 89),
        Self::From(90),
        Self::Unknown,
    ];

    /// The band of who has reached so many beginnings of bands, but for the first.
    pub fn reached(beginnings: usize) -> Option<Self> {
        Self::ALL.get(beginnings).copied().filter(|band| *band != Self::Unknown)
    }
}

impl Statistics {
    /// The totals that tallies give; a facet may come in several tallies. Facets of other days are ignored.
    pub fn of(tallies: &[Tally], calendar: Calendar) -> Self {
        let mut counted = Self::empty(calendar);
        let mut spellings = [Spellings::places(), Spellings::places(), Spellings::tags()];
        for Tally { facet, patients } in tallies {
            let Some((kind, value)) = facet.split_once(':') else { continue };
            match kind {
                "city" => spellings[0].add(value, *patients),
                "plan" => spellings[1].add(value, *patients),
                "tag" => spellings[2].add(value, *patients),
                _ => counted.add(kind, value, *patients, calendar),
            }
        }
        let [cities, plans, tags] = spellings.map(Spellings::ranked);
        counted.patients = counted.stages.iter().map(|(_, patients)| patients).sum();
        Self { cities, health_plans: plans, tags: Some(tags), ..counted }
    }

    /// As a caller of this reach and sight sees them: tags are for the staff, attendance for who sees the appointments.
    #[must_use]
    pub fn seen_from(self, reach: Reach, sight: &Sight) -> Self {
        Self {
            tags: self.tags.filter(|_| !reach.is_patient_side()),
            attendance: self.attendance.filter(|_| sees_visits(reach, sight)),
            ..self
        }
    }

    fn empty(calendar: Calendar) -> Self {
        let sexes = Sex::ALL.into_iter().map(Some).chain([None]);
        Self {
            today: calendar.today(),
            zone: calendar.zone(),
            patients: 0,
            stages: Stage::ALL.map(|stage| (stage, 0)).to_vec(),
            sexes: sexes.map(|sex| (sex, 0)).collect(),
            ages: AgeBand::ALL.map(|band| (band, 0)).to_vec(),
            cities: Ranking::default(),
            health_plans: Ranking::default(),
            tags: None,
            new_per_month: calendar.months().iter().map(|month| (month.first, 0)).collect(),
            attendance: Some(Attendance::default()),
            birthdays: calendar.week().map(|day| (day, 0)).to_vec(),
        }
    }

    fn add(&mut self, kind: &str, value: &str, patients: i64, calendar: Calendar) {
        match kind {
            "stage" => bump(&mut self.stages, patients, |stage| stage.as_str() == value),
            "sex" => bump(&mut self.sexes, patients, |sex| sex.map_or("", Sex::as_str) == value),
            "age" => {
                let band = value.parse().ok().map_or(Some(AgeBand::Unknown), AgeBand::reached);
                bump(&mut self.ages, patients, |one| Some(one) == band);
            }
            "born" if value.is_empty() => bump(&mut self.ages, patients, |band| band == AgeBand::Unknown),
            "born" => self.add_age(month(value).filter(|month| !calendar.ends_a_band_in(*month)), patients, calendar),
            "birth" => self.add_age(day(value).filter(|day| calendar.ends_a_band_in(*day)), patients, calendar),
            "birthday" => bump(&mut self.birthdays, patients, |day| calendar.has_birthday(day, value)),
            "month" => bump(&mut self.new_per_month, patients, |first| Some(first) == month(value)),
            "since" => {
                let month = day(value).and_then(|day| calendar.month_of(day));
                bump(&mut self.new_per_month, patients, |first| Some(first) == month);
            }
            "visit" => self.attendance = self.attendance.map(|counted| counted.with(value, patients)),
            _ => {}
        }
    }

    fn add_age(&mut self, born: Option<NaiveDate>, patients: i64, calendar: Calendar) {
        if let Some(born) = born {
            bump(&mut self.ages, patients, |band| band == calendar.band_of(born));
        }
    }
}

/// The first day of `YYYY-MM`.
fn month(text: &str) -> Option<NaiveDate> {
    day(&format!("{text}-01"))
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

fn bump<K: Copy>(counts: &mut [(K, u64)], patients: i64, is_it: impl Fn(K) -> bool) {
    for (_, count) in counts.iter_mut().filter(|(key, _)| is_it(*key)) {
        raise(count, patients);
    }
}

fn raise(count: &mut u64, by: i64) {
    *count = count.saturating_add_signed(by);
}
