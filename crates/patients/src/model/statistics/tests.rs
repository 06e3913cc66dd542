use chrono::{DateTime, Datelike, NaiveDate, Utc};
use proptest::prelude::*;

use super::*;
use crate::model::samples::blank;
use crate::model::{Address, AddressParts, HealthPlan, HealthPlanParts, Tag};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn on(text: &str) -> Calendar {
    Calendar::at(at(&format!("{text}T12:00:00Z")), Tz::UTC)
}

fn tally(facet: &str, patients: i64) -> Tally {
    Tally { facet: facet.to_owned(), patients }
}

/// Completed years, as one counts birthdays.
fn age(born: NaiveDate, today: NaiveDate) -> i32 {
    today.year() - born.year() - i32::from((today.month(), today.day()) < (born.month(), born.day()))
}

fn has_age(band: AgeBand, age: i32) -> bool {
    match band {
        AgeBand::Between(from, to) => (i32::from(from)..=i32::from(to)).contains(&age),
        AgeBand::From(from) => age >= i32::from(from),
        AgeBand::Unknown => false,
    }
}

proptest! {
    /// Months and the days of few of them give each age exactly.
    #[test]
    fn pt4_ages_from_buckets_are_exact_to_the_day(
        born in prop::collection::vec(0_i64..40_000, 0..60),
        today in 0_i64..10_000,
    ) {
        let today = day("2000-01-01") + chrono::TimeDelta::days(today);
        let calendar = on(&today.to_string());
        let born: Vec<NaiveDate> = born.into_iter().map(|back| today - chrono::TimeDelta::days(back)).collect();
        let tallies: Vec<Tally> = born.iter().flat_map(|born| [
            tally(&born.format("born:%Y-%m").to_string(), 1),
            tally(&born.format("birth:%Y-%m-%d").to_string(), 1),
        ]).collect();
        for (band, patients) in Statistics::of(&tallies, calendar).ages {
            let expected = born.iter().filter(|born| has_age(band, age(**born, today))).count();
            prop_assert_eq!(patients, u64::try_from(expected).unwrap(), "{:?} on {}", band, today);
        }
    }

    /// Each of the last twelve months ends where the next begins, and days belong to the month that the wall shows.
    #[test]
    fn pt4_months_follow_each_other_in_every_zone(
        zone in prop::sample::select(vec![Tz::America__Sao_Paulo, Tz::Europe__Paris, Tz::Asia__Kathmandu, Tz::Pacific__Apia]),
        seconds in 0_i64..1_000_000_000,
    ) {
        let now = at("2001-01-01T00:00:00Z") + chrono::TimeDelta::seconds(seconds);
        let calendar = Calendar::at(now, zone);
        let months = calendar.months();
        prop_assert_eq!(months.len(), 12);
        for pair in months.windows(2) {
            prop_assert_eq!(pair[0].until, pair[1].since);
        }
        let last = months.last().unwrap();
        prop_assert!(last.since <= now && now < last.until);
        for month in months {
            let local = |instant: DateTime<Utc>| instant.with_timezone(&zone).date_naive();
            prop_assert_eq!(local(month.since), month.first);
            let before = local(month.since - chrono::TimeDelta::seconds(1));
            prop_assert!(before < month.first);
        }
    }
}

proptest! {
    /// Days in UTC and the remnants of those that months share count each registration once, in the month on the wall.
    #[test]
    fn pt4_registrations_count_in_the_month_on_the_wall(
        zone in prop::sample::select(vec![Tz::UTC, Tz::America__Sao_Paulo, Tz::Europe__Paris, Tz::Asia__Kathmandu]),
        registered in prop::collection::vec(0_i64..500 * 86_400, 0..40),
    ) {
        let now = at("2027-03-10T12:00:00Z");
        let calendar = Calendar::at(now, zone);
        let registered: Vec<DateTime<Utc>> = registered.into_iter().map(|back| now - chrono::TimeDelta::seconds(back)).collect();
        let mut tallies: Vec<Tally> = registered.iter().map(|at| tally(&at.format("since:%Y-%m-%d").to_string(), 1)).collect();
        for Remnant { month, since, until } in calendar.remnants() {
            let within = registered.iter().filter(|at| (since..until).contains(at)).count();
            tallies.push(tally(&month.format("month:%Y-%m").to_string(), i64::try_from(within).unwrap()));
        }
        for (month, patients) in Statistics::of(&tallies, calendar).new_per_month {
            let is_within = |at: &&DateTime<Utc>| at.with_timezone(&zone).date_naive().with_day(1).unwrap() == month;
            prop_assert_eq!(patients, u64::try_from(registered.iter().filter(is_within).count()).unwrap(), "{}", month);
        }
    }
}

#[test]
fn pt4_who_was_born_on_29_february_ages_on_1_march_of_other_years() {
    let born = day("2008-02-29");
    assert_eq!(on("2018-02-28").band_of(born), AgeBand::Between(0, 9));
    assert_eq!(on("2018-03-01").band_of(born), AgeBand::Between(10, 19));
    assert_eq!(on("2028-02-29").band_of(born), AgeBand::Between(20, 29));
    assert_eq!(on("2028-02-28").band_of(born), AgeBand::Between(10, 19));
}

#[test]
fn pt4_the_week_is_that_of_the_company() {
    // Monday at nine in the evening in São Paulo is Tuesday in UTC; a Sunday evening there is still the week before.
    let zone = Tz::America__Sao_Paulo;
    let week = Calendar::at(at("2027-03-09T00:30:00Z"), zone).week();
    assert_eq!((week[0], week[6]), (day("2027-03-08"), day("2027-03-14")));
    assert_eq!(Calendar::at(at("2027-03-08T02:30:00Z"), zone).week()[0], day("2027-03-01"));
}

#[test]
fn pt4_birthdays_of_the_week_across_a_year_and_of_29_february() {
    let born = |dates: &[&str]| dates.iter().map(|date| tally(&format!("birthday:{date}"), 1)).collect::<Vec<_>>();
    let counts = |calendar: Calendar, tallies: &[Tally]| {
        Statistics::of(tallies, calendar).birthdays.into_iter().map(|(_, patients)| patients).collect::<Vec<_>>()
    };
    let new_year = on("2026-12-30");
    assert_eq!(new_year.birthdays().first().map(String::as_str), Some("12-28"));
    assert_eq!(counts(new_year, &born(&["12-27", "12-28", "01-03", "01-04"])), [1, 0, 0, 0, 0, 0, 1]);
    let march = on("2027-03-03");
    assert_eq!(counts(march, &born(&["02-28", "02-29", "03-01"])), [2, 0, 0, 0, 0, 0, 0]);
    let leap = on("2028-03-01");
    assert_eq!(counts(leap, &born(&["02-28", "02-29", "03-01"])), [1, 1, 1, 0, 0, 0, 0]);
}

#[test]
fn pt4_a_month_begins_when_it_does_on_the_wall() {
    let months = Calendar::at(at("2027-03-10T12:00:00Z"), Tz::America__Sao_Paulo).months();
    assert_eq!(months[0].first, day("2026-04-01"));
    assert_eq!((months[11].since, months[11].until), (at("2027-03-01T03:00:00Z"), at("2027-04-01T03:00:00Z")));
}

#[test]
fn pt4_spellings_of_a_city_are_one_and_the_most_frequent_one_is_shown() {
    let tallies = [
        tally("city:Vitória", 5),
        tally("city:VITORIA", 2),
        tally("city:Serra", 7),
        tally("city:", 3),
        tally("tag:", 9),
    ];
    let statistics = Statistics::of(&tallies, on("2027-03-10"));
    assert_eq!(statistics.cities.values, [("Serra".to_owned(), 7), ("Vitória".to_owned(), 7)]);
    assert_eq!((statistics.cities.without, statistics.cities.left_out), (3, 0));
    assert_eq!(statistics.tags.unwrap().without, 9);
}

#[test]
fn pt4_rare_values_are_left_out_and_told_by_number() {
    let tallies: Vec<Tally> = (1..=205).map(|n| tally(&format!("tag:t{n}"), n)).collect();
    let tags = Statistics::of(&tallies, on("2027-03-10")).tags.unwrap();
    assert_eq!((tags.values.len(), tags.left_out), (MOST_VALUES, 5));
    assert_eq!(tags.values[0], ("t205".to_owned(), 205));
}

#[test]
fn pt4_the_no_show_rate_is_of_appointments_that_were_due() {
    let tallies =
        [tally("visit:completed", 9), tally("visit:no_show", 2), tally("visit:no_show", 1), tally("visit:x", 5)];
    let attendance = Statistics::of(&tallies, on("2027-03-10")).attendance.unwrap();
    assert_eq!((attendance.no_shows, attendance.no_show_rate()), (3, Some(0.25)));
    assert_eq!(Attendance::default().no_show_rate(), None);
}

#[test]
fn pt4_a_patient_counts_once_under_each_city_plan_and_tag() {
    let address =
        |city: &str| Address::parse(AddressParts { city: Some(city.to_owned()), ..AddressParts::default() }).unwrap();
    let plan = HealthPlanParts { operator: "Unimed".to_owned(), ..HealthPlanParts::default() };
    let mut details = blank("Ana");
    assert_eq!(facet_labels(&details), ["city:", "plan:", "tag:"]);
    details.addresses = ["Vitória", "vitoria", "Serra"].map(address).to_vec();
    details.health_plans = vec![HealthPlan::parse(plan).unwrap(); 2];
    details.tags = vec![Tag::parse("VIP").unwrap(), Tag::parse("C++").unwrap()];
    assert_eq!(facet_labels(&details), ["city:Serra", "city:Vitória", "plan:Unimed", "tag:C++", "tag:VIP"]);
}
