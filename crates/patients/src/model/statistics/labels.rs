//! Cities, health plans and tags: values that people spell, of which a patient may have several.

use std::collections::BTreeMap;

use super::{MOST_VALUES, Ranking};
use crate::model::{FacetKey, PatientDetails, Tag, TagKey};

/// The facets of what people spell: each city, operator of a health plan and tag of a patient once, however often and in
/// whichever spelling it is in the record; without a value where there is none.
pub fn facet_labels(details: &PatientDetails) -> Vec<String> {
    let cities = details.addresses.iter().filter_map(|address| address.parts().city.as_deref());
    let plans = details.health_plans.iter().map(|plan| plan.parts().operator.as_str());
    let tags = details.tags.iter().map(Tag::as_str);
    let mut all = distinct("city", cities, place_key);
    all.extend(distinct("plan", plans, place_key));
    all.extend(distinct("tag", tags, tag_key));
    all
}

fn distinct<'a>(kind: &str, values: impl Iterator<Item = &'a str>, key: fn(&str) -> String) -> Vec<String> {
    let mut once: BTreeMap<String, &str> = BTreeMap::new();
    for value in values {
        once.entry(key(value)).or_insert(value);
    }
    if once.is_empty() {
        return vec![format!("{kind}:")];
    }
    once.into_values().map(|value| format!("{kind}:{value}")).collect()
}

/// Spellings with the same key are one city or operator, as in the filter of a list.
fn place_key(value: &str) -> String {
    FacetKey::of(value).as_str().to_owned()
}

fn tag_key(value: &str) -> String {
    TagKey::of(&Tag::from_stored(value.to_owned())).as_str().to_owned()
}

/// Counts of values in their spellings.
pub(super) struct Spellings {
    key: fn(&str) -> String,
    values: BTreeMap<String, BTreeMap<String, i64>>,
}

impl Spellings {
    /// Of cities and operators.
    pub(super) fn places() -> Self {
        Self { key: place_key, values: BTreeMap::new() }
    }

    /// Of tags, which are equal regardless of case alone.
    pub(super) fn tags() -> Self {
        Self { key: tag_key, values: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, value: &str, patients: i64) {
        let spellings = self.values.entry((self.key)(value)).or_default();
        *spellings.entry(value.to_owned()).or_default() += patients;
    }

    /// Each value in its most frequent spelling, most patients first; equals in the order of their keys.
    pub(super) fn ranked(mut self) -> Ranking {
        let without = self.values.remove("").map_or(0, |spellings| spellings.into_values().sum());
        let mut ranked: Vec<(String, i64)> = self.values.into_values().filter_map(most_frequent).collect();
        ranked.sort_by_key(|(_, patients)| std::cmp::Reverse(*patients));
        let left_out = ranked.len().saturating_sub(MOST_VALUES);
        ranked.truncate(MOST_VALUES);
        Ranking {
            values: ranked.into_iter().map(|(value, patients)| (value, patients.unsigned_abs())).collect(),
            without: u64::try_from(without).unwrap_or(0),
            left_out: u64::try_from(left_out).unwrap_or(u64::MAX),
        }
    }
}

fn most_frequent(spellings: BTreeMap<String, i64>) -> Option<(String, i64)> {
    let patients: i64 = spellings.values().sum();
    let often = spellings.into_iter().rev().max_by_key(|(_, patients)| *patients);
    often.filter(|_| patients > 0).map(|(spelling, _)| (spelling, patients))
}
