//! Merging a duplicate into the record that lives on, and undoing it (PT7). Both are all or nothing.

use chrono::{DateTime, Utc};
use kernel::Facts;
use kernel::ids::{MembershipId, MergeId, PatientId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::address::MOST_ADDRESSES;
use super::emergency_contact::MOST_EMERGENCY_CONTACTS;
use super::health_plan::MOST_HEALTH_PLANS;
use super::patient::{Closed, MOST_IDENTIFIERS, MOST_TAGS, Patient, PatientDetails};
use super::{
    Contact, ContactList, CustomFields, Identifier, IdentifierStanding, Notes, Preferences, Reference, Sex, Stage,
    TextError,
};

/// A merge: the source was a duplicate of the target, which lives on.
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// Its id.
    pub id: MergeId,
    /// What undoing it needs.
    pub snapshot: MergeSnapshot,
    /// When it was done.
    pub merged_at: DateTime<Utc>,
    /// Who did it; no member stands for a program.
    pub merged_by: Option<MembershipId>,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
    /// Who undid it.
    pub undone_by: Option<MembershipId>,
    /// 1, and 2 once it is undone.
    pub version: i64,
}

/// Both records as they were, the target as it became, and what named the source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergeSnapshot {
    /// The source before.
    pub source: Patient,
    /// The target before.
    pub target: Patient,
    /// The target after.
    pub united: Patient,
    /// What named the source, as it was before.
    pub references: Vec<Reference>,
}

/// The records after a merge, or after its undoing.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The duplicate.
    pub source: Patient,
    /// The record that lives on.
    pub target: Patient,
}

/// Why two records are not merged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MergeRefused {
    /// They are one.
    #[error("a record is no duplicate of itself")]
    Itself,
    /// The target is archived or merged.
    #[error("the target is closed")]
    Target(Closed),
    /// The source is archived or merged.
    #[error("the source is closed")]
    Source(Closed),
    /// These fields would hold more than a record can.
    #[error("more than one record holds")]
    TooMuch(Vec<&'static str>),
}

/// Why a merge cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The record that is in the way.
    pub patient: PatientId,
    /// What became of it since.
    pub since: Since,
}

/// What became of a record since it was merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// These fields were changed.
    Changed(Vec<String>),
    /// It is archived or merged.
    Closed(Closed),
}

impl Patient {
    /// Both records after the duplicate was merged into the other: what the target lacks it takes from the source, and what
    /// there can be several of is united. Where both have a value of which there is one, the target's stays and the
    /// snapshot keeps the source's ([`Merge::overruled`]); who died in either record is dead in both.
    pub fn unite(target: &Self, source: &Self, now: DateTime<Utc>) -> Result<Pair, MergeRefused> {
        if target.id == source.id {
            return Err(MergeRefused::Itself);
        }
        if let Some(closed) = target.closed() {
            return Err(MergeRefused::Target(closed));
        }
        if let Some(closed) = source.closed() {
            return Err(MergeRefused::Source(closed));
        }
        let details = united(target.details.clone(), source.details.clone()).map_err(MergeRefused::TooMuch)?;
        Ok(Pair { source: source.absorbed(target.id, now), target: target.with(details, now) })
    }

    /// The duplicate as it is read from now on: its identifiers count at the record that lives on.
    fn absorbed(&self, into: PatientId, now: DateTime<Utc>) -> Self {
        let mut details = self.details.clone();
        details.stage = Stage::Merged;
        let moved = |one: Identifier| one.with_standing(IdentifierStanding::Moved);
        details.identifiers = details.identifiers.into_iter().map(moved).collect();
        Self { merged_into: Some(into), ..self.with(details, now) }
    }

    fn with(&self, details: PatientDetails, now: DateTime<Utc>) -> Self {
        Self { details, version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

impl Merge {
    /// What is left after both records were given back what they held; refused where one of them was changed since, so that
    /// no work is lost.
    pub fn undo(&self, now: &Pair, at: DateTime<Utc>) -> Result<Pair, Vec<Obstacle>> {
        let MergeSnapshot { source, target, united, .. } = &self.snapshot;
        let mut obstacles = Vec::new();
        let mut found = |patient, since| obstacles.push(Obstacle { patient, since });
        match now.target.closed() {
            Some(closed) => found(target.id, Since::Closed(closed)),
            None if now.target.details != united.details => {
                found(target.id, Since::Changed(differing(&now.target, united)));
            }
            None => {}
        }
        // What it holds is nobody's work: a merged record is closed to all changes.
        if now.source.merged_into != Some(target.id) {
            found(source.id, Since::Changed(vec!["merged_into".to_owned()]));
        }
        if !obstacles.is_empty() {
            return Err(obstacles);
        }
        let given_back = Self::given_back(&now.source, source, at);
        Ok(Pair { source: given_back, target: now.target.with(target.details.clone(), at) })
    }

    fn given_back(now: &Patient, before: &Patient, at: DateTime<Utc>) -> Patient {
        Patient { merged_into: None, ..now.with(before.details.clone(), at) }
    }

    /// The same, undone.
    #[must_use]
    pub fn undone(self, at: DateTime<Utc>, by: Option<MembershipId>) -> Self {
        Self { undone_at: Some(at), undone_by: by, version: self.version + 1, ..self }
    }

    /// The references that moved with it.
    pub fn moved(&self) -> impl Iterator<Item = &Reference> {
        self.snapshot.references.iter().filter(|reference| !reference.stays)
    }

    /// The references that it changed: what moved, and links of the target that took days of the source's.
    pub fn touched(&self) -> impl Iterator<Item = &Reference> {
        self.snapshot.references.iter().filter(|reference| reference.is_touched())
    }

    /// The fields of which there is one, which both records had, and of which the source's value gave way.
    pub fn overruled(&self) -> Vec<&'static str> {
        let (source, united) = (&self.snapshot.source.details, &self.snapshot.united.details);
        let lost = |had: bool, is_same: bool| had && !is_same;
        let preferences = [
            lost(source.preferences.channel.is_some(), source.preferences.channel == united.preferences.channel),
            lost(source.preferences.hours.is_some(), source.preferences.hours == united.preferences.hours),
            lost(source.preferences.language.is_some(), source.preferences.language == united.preferences.language),
        ];
        let kept =
            |(field, value): (&String, &Value)| value.is_null() || united.custom.as_map().get(field) == Some(value);
        let has_sex = source.sex.is_some_and(|sex| sex != Sex::Unknown);
        let fields = [
            ("name", source.name != united.name),
            ("social_name", lost(source.social_name.is_some(), source.social_name == united.social_name)),
            ("birth_date", lost(source.birth_date.is_some(), source.birth_date == united.birth_date)),
            ("sex", lost(has_sex, source.sex == united.sex)),
            ("gender", lost(source.gender.is_some(), source.gender == united.gender)),
            ("mother_name", lost(source.mother_name.is_some(), source.mother_name == united.mother_name)),
            ("stage", source.stage != united.stage),
            ("preferences", preferences.contains(&true)),
            ("custom", !source.custom.as_map().iter().all(kept)),
        ];
        fields.into_iter().filter(|(_, is_overruled)| *is_overruled).map(|(field, _)| field).collect()
    }

    /// What the journal records of it; the records' own changes stand beside it.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .open("source_id", self.snapshot.source.id)
            .open("target_id", self.snapshot.target.id)
            .open("moved", self.moved().count())
            .open("undone_at", self.undone_at)
    }
}

/// The names of the fields in which two states of a record differ.
fn differing(one: &Patient, other: &Patient) -> Vec<String> {
    let fields = |patient: &Patient| -> Map<String, Value> {
        let facts = patient.facts();
        facts.open_fields().clone().into_iter().chain(facts.personal_fields().clone()).collect()
    };
    let (one, other) = (fields(one), fields(other));
    let mut names: Vec<String> = one.keys().chain(other.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| one.get(name) != other.get(name));
    names
}

/// The fields of both, or the names of those that would hold too much.
fn united(target: PatientDetails, source: PatientDetails) -> Result<PatientDetails, Vec<&'static str>> {
    let mut full = Vec::new();
    let mut taken = |field: &'static str, is_full: bool| {
        if is_full {
            full.push(field);
        }
    };
    let identifiers = identifiers(&target.identifiers, source.identifiers);
    taken("identifiers", identifiers.len() > MOST_IDENTIFIERS);
    let contacts = contacts(&target.contacts, &source.contacts);
    taken("contacts", contacts.is_none());
    let addresses = union(target.addresses, source.addresses);
    taken("addresses", addresses.len() > MOST_ADDRESSES);
    let health_plans = union(target.health_plans, source.health_plans);
    taken("health_plans", health_plans.len() > MOST_HEALTH_PLANS);
    let tags = union(target.tags, source.tags);
    taken("tags", tags.len() > MOST_TAGS);
    let emergency_contacts = union(target.emergency_contacts, source.emergency_contacts);
    taken("emergency_contacts", emergency_contacts.len() > MOST_EMERGENCY_CONTACTS);
    let notes = notes(target.notes, source.notes);
    taken("notes", notes.is_err());
    let custom = custom(&target.custom, &source.custom);
    taken("custom", custom.is_none());
    let (Some(contacts), Ok(notes), Some(custom), true) = (contacts, notes, custom, full.is_empty()) else {
        return Err(full);
    };
    Ok(PatientDetails {
        name: target.name,
        social_name: target.social_name.or(source.social_name),
        birth_date: target.birth_date.or(source.birth_date),
        sex: target.sex.filter(|sex| *sex != Sex::Unknown).or(source.sex).or(target.sex),
        gender: target.gender.or(source.gender),
        mother_name: target.mother_name.or(source.mother_name),
        stage: match (target.stage, source.stage) {
            (_, Stage::Deceased) => Stage::Deceased,
            (Stage::Lead, stage) | (stage, _) => stage,
        },
        identifiers,
        contacts,
        addresses,
        health_plans,
        tags,
        preferences: Preferences {
            channel: target.preferences.channel.or(source.preferences.channel),
            hours: target.preferences.hours.or(source.preferences.hours),
            language: target.preferences.language.or(source.preferences.language),
        },
        emergency_contacts,
        notes,
        custom,
    })
}

/// An identifier of the source is old where the target goes by another of its kind.
fn identifiers(target: &[Identifier], source: Vec<Identifier>) -> Vec<Identifier> {
    let is_current = |one: &Identifier| one.standing() == IdentifierStanding::Current;
    let mut all = target.to_vec();
    for one in source {
        if target.iter().any(|other| (other.kind(), other.value()) == (one.kind(), one.value())) {
            continue;
        }
        let has_its_own = target.iter().any(|other| other.kind() == one.kind() && is_current(other));
        let standing = if has_its_own { IdentifierStanding::Old } else { one.standing() };
        all.push(one.with_standing(standing));
    }
    all
}

/// A contact that both have is the target's; the target's primary ones stay so.
fn contacts(target: &ContactList, source: &ContactList) -> Option<ContactList> {
    let mut all = target.as_slice().to_vec();
    for one in source.as_slice() {
        let mut of_kind = target.as_slice().iter().filter(|other| other.kind() == one.kind()).peekable();
        let has_kind = of_kind.peek().is_some();
        if of_kind.any(|other| other.match_keys() == one.match_keys()) {
            continue;
        }
        let plain = Contact::from_stored(one.kind(), one.value().to_owned(), one.raw().to_owned());
        all.push(if one.is_primary() && !has_kind { plain.into_primary() } else { plain });
    }
    ContactList::try_new(all).ok()
}

fn union<T: PartialEq>(target: Vec<T>, source: Vec<T>) -> Vec<T> {
    source.into_iter().fold(target, |mut all, one| {
        if !all.contains(&one) {
            all.push(one);
        }
        all
    })
}

/// Remarks of both, one after the other, which may be too long together.
fn notes(target: Option<Notes>, source: Option<Notes>) -> Result<Option<Notes>, TextError> {
    match (target, source) {
        (Some(ours), Some(theirs)) if ours != theirs => {
            Notes::parse(&format!("{}\n\n{}", ours.as_str(), theirs.as_str())).map(Some)
        }
        (ours, theirs) => Ok(ours.or(theirs)),
    }
}

/// The target's own fields, and those of the source that it lacks; none when they are too large together.
fn custom(target: &CustomFields, source: &CustomFields) -> Option<CustomFields> {
    let mut all = source.as_map().clone();
    all.extend(target.as_map().clone().into_iter().filter(|(_, value)| !value.is_null()));
    CustomFields::parse(Value::Object(all)).ok()
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
