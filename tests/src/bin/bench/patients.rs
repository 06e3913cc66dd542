//! Invented patients, the same ones in every run.

use ::tests::measure::Random;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use kernel::text::normalize;
use uuid::Uuid;

const GIVEN: [&str; 40] = [
    "Adélia",
    "André",
    "Anaïs",
    "Benício",
    "Björn",
    "Cássia",
    "Célio",
    "Dália",
    "Édson",
    "Élise",
    "Fátima",
    "François",
    "Gisèle",
    "Heloísa",
    "Hugo",
    "Inês",
    "Iúri",
    "Jandira",
    "João",
    "José",
    "Léa",
    "Luís",
    "Márcia",
    "Mônica",
    "Nara",
    "Noël",
    "Núria",
    "Olívia",
    "Paulo",
    "Quitéria",
    "Raí",
    "Renata",
    "Sofía",
    "Sônia",
    "Tânia",
    "Théo",
    "Úrsula",
    "Vera",
    "Yasmin",
    "Zoë",
];
const SYLLABLES: [&str; 48] = [
    "al", "bar", "bel", "bra", "cal", "cha", "cor", "cos", "da", "del", "do", "fer", "fi", "ga", "gue", "la", "le",
    "lho", "li", "lo", "mar", "me", "mo", "na", "nei", "no", "pe", "pin", "pra", "que", "ra", "rei", "ri", "ro", "rou",
    "sa", "sel", "si", "so", "ta", "te", "ti", "to", "va", "vei", "vi", "xa", "zi",
];

/// The word that the search looks for: in about one of a thousand names, at the start of a word or inside it.
pub const SEARCHED: &str = "rousel";

/// A person who does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Patient {
    /// Of version 7, in order of registration.
    pub id: Uuid,
    /// Given and family name.
    pub name: String,
    /// The name as the server stores it for searching.
    pub search_text: String,
    /// Between 1940 and 2020.
    pub birth_date: NaiveDate,
    /// In 2026.
    pub created_at: DateTime<Utc>,
}

/// The patients of one company, endlessly.
pub fn of_company(number: u64) -> impl Iterator<Item = Patient> {
    let mut random = Random::new(number.wrapping_add(0x5a1d));
    (0_u32..).map(move |place| patient(&mut random, place))
}

fn patient(random: &mut Random, place: u32) -> Patient {
    let given = random.pick(&GIVEN).copied().unwrap_or_default();
    let family: String = (0..2 + random.below(3)).filter_map(|_| random.pick(&SYLLABLES)).copied().collect();
    let (first, rest) = family.split_at(family.chars().next().map_or(0, char::len_utf8));
    let name = format!("{given} {}{rest}", first.to_uppercase());
    let days = u64::try_from(random.below(29_000)).unwrap_or_default();
    let birth_date = NaiveDate::from_ymd_opt(1940, 1, 1).and_then(|day| day.checked_add_days(Days::new(days)));
    // 2026-01-01T00:00:00Z, then one every 200 ms
    let created_at = DateTime::from_timestamp(1_767_225_600, 0).unwrap_or_default()
        + TimeDelta::milliseconds(i64::from(place) * 200);
    Patient {
        id: id_at(created_at, random),
        search_text: normalize(&name),
        name,
        birth_date: birth_date.unwrap_or_default(),
        created_at,
    }
}

/// An id of version 7 that was given at this instant.
pub fn id_at(at: DateTime<Utc>, random: &mut Random) -> Uuid {
    let millis = at.timestamp_millis().unsigned_abs();
    let bits = (u128::from(millis) << 80) | (u128::from(random.bits()) << 16) | u128::from(random.bits() >> 48);
    let id = uuid::Builder::from_u128(bits).with_version(uuid::Version::SortRand).with_variant(uuid::Variant::RFC4122);
    id.into_uuid()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_company_has_the_same_patients_in_every_run_and_no_other_has_them() {
        let ours: Vec<Patient> = of_company(0).take(3_000).collect();
        assert!(of_company(0).take(3_000).eq(ours.iter().cloned()));
        let ids: HashSet<Uuid> = ours.into_iter().chain(of_company(1).take(3_000)).map(|patient| patient.id).collect();
        assert_eq!(ids.len(), 6_000);
    }

    #[test]
    fn the_searched_word_is_rare_but_there() {
        let hits = of_company(0).take(100_000).filter(|patient| patient.search_text.contains(SEARCHED)).count();
        assert!((20..500).contains(&hits), "{hits}");
    }
}
