//! Four weeks of appointments around a day, planned before anything is booked.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};

use super::dice::Dice;
use super::people::Person;
use super::staff::{PRACTICES, Practice, time};

/// How many days before and after today are filled.
const DAYS: u64 = 14;

/// What becomes of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Booked,
    Confirmed,
    Cancelled,
}

/// An appointment to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// The practitioner's place in the list of practices.
    pub(super) practice: usize,
    /// The patient's place in the list of people.
    pub(super) person: usize,
    pub(super) date: NaiveDate,
    pub(super) time: NaiveTime,
    pub(super) fate: Fate,
}

/// The plans in order of their day; nobody is in two places on one day.
pub(super) fn plans(people: &[Person], today: NaiveDate) -> Vec<Plan> {
    let mut dice = Dice::new(0xA9E_40DA);
    let first = today.checked_sub_days(Days::new(DAYS)).unwrap_or(today);
    let days = first.iter_days().take_while(|day| day.signed_duration_since(first).num_days() < 28);
    days.flat_map(|date| day(&mut dice, people, date, date < today)).collect()
}

fn day(dice: &mut Dice, people: &[Person], date: NaiveDate, is_past: bool) -> Vec<Plan> {
    let mut out = Vec::new();
    let mut busy = BTreeSet::new();
    for (practice, of) in PRACTICES.iter().enumerate() {
        for time in starts(of, date) {
            if !dice.percent(26) {
                continue;
            }
            let Some(person) = somebody(dice, people, of, &busy) else { continue };
            busy.insert(person);
            out.push(Plan { practice, person, date, time, fate: fate(dice, is_past) });
        }
    }
    out
}

/// The grid of a day: the service's duration and buffer as the step, so that neighbours never touch.
fn starts(of: &Practice, date: NaiveDate) -> Vec<NaiveTime> {
    let length = of.usual_offer().and_then(|offer| u32::try_from(offer.minutes).ok()).unwrap_or(60);
    let after = of.usual_offer().and_then(|offer| u32::try_from(offer.buffer_after).ok()).unwrap_or(0);
    // Listing and booking use the grid of the slot interval, which is the duration; every second place leaves the
    // buffer free, every place does where there is none.
    let step = usize::from(after > 0) + 1;
    let windows = if of.hours.days().contains(&date.weekday()) { of.hours.windows() } else { &[] };
    let grid = |(from, to): &(u32, u32)| {
        let (from, to) = (*from, *to);
        (0..)
            .map(move |place| from + place * length)
            .take_while(move |start| start + length + after <= to)
            .step_by(step)
    };
    windows.iter().flat_map(grid).map(time).collect()
}

/// A patient of the town who is not yet busy that day.
fn somebody(dice: &mut Dice, people: &[Person], of: &Practice, busy: &BTreeSet<usize>) -> Option<usize> {
    let start = usize::try_from(dice.below(u32::try_from(people.len()).unwrap_or(0))).unwrap_or(0);
    let round = people.iter().enumerate().cycle().skip(start).take(people.len());
    round.filter(|(place, person)| person.town == of.town && !busy.contains(place)).map(|(place, _)| place).next()
}

fn fate(dice: &mut Dice, is_past: bool) -> Fate {
    let (confirmed, cancelled) = if is_past { (86, 10) } else { (40, 5) };
    match dice.below(100) {
        throw if throw < confirmed => Fate::Confirmed,
        throw if throw < confirmed + cancelled => Fate::Cancelled,
        _ => Fate::Booked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::people::people;

    fn monday() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()
    }

    #[test]
    fn the_same_day_brings_the_same_plans() {
        let people = people(300);
        assert_eq!(plans(&people, monday()), plans(&people, monday()));
    }

    #[test]
    fn nobody_is_in_two_places() {
        let people = people(300);
        let plans = plans(&people, monday());
        assert!((300..700).contains(&plans.len()), "{}", plans.len());
        let at: BTreeSet<_> = plans.iter().map(|plan| (plan.practice, plan.date, plan.time)).collect();
        let with: BTreeSet<_> = plans.iter().map(|plan| (plan.person, plan.date)).collect();
        assert_eq!((at.len(), with.len()), (plans.len(), plans.len()));
    }

    #[test]
    fn the_plans_lie_in_four_weeks_around_the_day() {
        let plans = plans(&people(300), monday());
        let (first, last) = (plans.first().unwrap().date, plans.last().unwrap().date);
        assert!(first >= monday() - Days::new(14) && last < monday() + Days::new(14));
        assert!(plans.iter().any(|plan| plan.date < monday()) && plans.iter().any(|plan| plan.date >= monday()));
        assert!(plans.iter().all(|plan| plan.date.weekday() != chrono::Weekday::Sun));
    }

    #[test]
    fn every_fate_occurs() {
        let plans = plans(&people(300), monday());
        for fate in [Fate::Booked, Fate::Confirmed, Fate::Cancelled] {
            assert!(plans.iter().any(|plan| plan.fate == fate), "{fate:?}");
        }
    }
}
