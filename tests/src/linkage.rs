//! Linking the records of a file with each other, as the product links those of a company: the same blocks with the same
//! bounds, the same comparison, the same grades; only the table of keys is a map in memory.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use kernel::ids::PatientId;
use patients::model::matching::{Candidate, Grade, MatchKey, TraitSource, Traits, best_matches};
use patients::model::{
    Address, AddressParts, Contact, ContactKind, Country, Identifier, IdentifierKind, PatientSummary, PersonName, Stage,
};
use patients::ports::{LARGEST_BLOCK, MOST_CANDIDATES};
use uuid::Uuid;

/// A record of a file; what cannot be read is absent.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Whose it is, by the file's own truth.
    pub person: String,
    /// First names and family name.
    pub name: String,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// The mother's name.
    pub mother_name: Option<String>,
    /// Kind and value of its identifiers.
    pub identifiers: Vec<(IdentifierKind, String)>,
    /// A telephone number.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// Where the person lives.
    pub address: AddressParts,
}

/// How well pairs of at least one grade agree with the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// The lowest grade.
    pub grade: Grade,
    /// Pairs of that grade or better that are one person's.
    pub right: usize,
    /// Those that are not.
    pub wrong: usize,
    /// Pairs of one person in the file.
    pub links: usize,
}

/// What linking a file came to.
#[derive(Debug, Clone)]
pub struct Linked {
    /// By grade, the best first.
    pub tallies: Vec<Tally>,
    /// Pairs that share no block.
    pub unblocked: usize,
    /// Pairs of one person that were not found, by place in the file.
    pub missed: Vec<(usize, usize)>,
    /// Pairs of two persons that were graded, with their grade.
    pub mistaken: Vec<(usize, usize, Grade)>,
}

impl Tally {
    /// The share of its pairs that are right; 1 when there are none.
    pub fn precision(self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// The share of the links that it found; 1 when there are none.
    pub fn recall(self) -> f64 {
        share(self.right, self.links)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 { 1.0 } else { number(part) / number(whole) }
}

impl Linked {
    /// The tally of the pairs of this grade or better.
    pub fn at(&self, grade: Grade) -> Option<Tally> {
        self.tallies.iter().copied().find(|tally| tally.grade == grade)
    }
}

/// Links the records of a file, whose telephone numbers are dialled in a country.
pub fn link(records: &[Record], country: Country) -> Linked {
    let all: Vec<Candidate> =
        records.iter().enumerate().map(|(place, record)| candidate(place, record, country)).collect();
    let keys: Vec<Vec<MatchKey>> = all.iter().map(|candidate| candidate.traits.keys()).collect();
    let mut blocks: BTreeMap<MatchKey, Vec<usize>> = BTreeMap::new();
    for (place, own) in keys.iter().enumerate() {
        for key in own {
            blocks.entry(*key).or_default().push(place);
        }
    }
    let mut graded: BTreeMap<(usize, usize), Grade> = BTreeMap::new();
    for (place, own) in keys.iter().enumerate() {
        let near = candidates(place, own, &blocks).into_iter().filter_map(|other| all.get(other).cloned());
        let Some(subject) = all.get(place) else { continue };
        for found in best_matches(&subject.traits, near.collect()) {
            let other = usize::try_from(found.patient.id.uuid().as_u128()).unwrap_or_default();
            graded.insert((place.min(other), place.max(other)), found.likeness.grade());
        }
    }
    judged(records, &keys, &graded)
}

/// The records that share the rarest blocks, as the store's statement chooses them.
fn candidates(place: usize, own: &[MatchKey], blocks: &BTreeMap<MatchKey, Vec<usize>>) -> Vec<usize> {
    let bound = |bound: u32| usize::try_from(bound).unwrap_or(usize::MAX);
    let mut rarity: BTreeMap<usize, f64> = BTreeMap::new();
    for block in own.iter().filter_map(|key| blocks.get(key)) {
        let youngest: Vec<usize> = block.iter().rev().take(bound(LARGEST_BLOCK)).copied().collect();
        for other in &youngest {
            *rarity.entry(*other).or_default() += share(1, youngest.len());
        }
    }
    rarity.remove(&place);
    let mut ranked: Vec<(usize, f64)> = rarity.into_iter().collect();
    ranked.sort_by(|(a, one), (b, other)| other.total_cmp(one).then(b.cmp(a)));
    ranked.into_iter().take(bound(MOST_CANDIDATES)).map(|(other, _)| other).collect()
}

fn judged(records: &[Record], keys: &[Vec<MatchKey>], graded: &BTreeMap<(usize, usize), Grade>) -> Linked {
    let mut persons: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        persons.entry(&record.person).or_default().push(place);
    }
    let pairs = persons.values().flat_map(|own| {
        own.iter().enumerate().flat_map(move |(n, one)| own.iter().skip(n + 1).map(move |other| (*one, *other)))
    });
    let links: BTreeSet<(usize, usize)> = pairs.collect();
    let tally = |grade: Grade| {
        let of_grade = || graded.iter().filter(move |(_, earned)| **earned >= grade);
        let right = of_grade().filter(|(pair, _)| links.contains(pair)).count();
        Tally { grade, right, wrong: of_grade().count() - right, links: links.len() }
    };
    let shares = |(one, other): &(usize, usize)| match (keys.get(*one), keys.get(*other)) {
        (Some(one), Some(other)) => one.iter().any(|key| other.contains(key)),
        _ => false,
    };
    let wrong = graded.iter().filter(|(pair, _)| !links.contains(pair));
    Linked {
        tallies: Grade::ALL.into_iter().rev().map(tally).collect(),
        unblocked: links.iter().filter(|pair| !shares(pair)).count(),
        missed: links.iter().filter(|pair| !graded.contains_key(pair)).copied().collect(),
        mistaken: wrong.map(|((one, other), grade)| (*one, *other, *grade)).collect(),
    }
}

fn candidate(place: usize, record: &Record, country: Country) -> Candidate {
    // A record without a name has none to compare, as a name without letters has.
    let name = PersonName::parse(&record.name).unwrap_or_else(|_| PersonName::from_stored("?".to_owned()));
    let mother = record.mother_name.as_deref().and_then(|name| PersonName::parse(name).ok());
    let read = record.identifiers.iter().filter_map(|(kind, value)| Identifier::parse(*kind, value).ok());
    let contact = |kind, value: &Option<String>| Contact::parse(kind, value.as_deref()?, country).ok();
    let contacts =
        contact(ContactKind::Phone, &record.phone).into_iter().chain(contact(ContactKind::Email, &record.email));
    let traits = Traits::of(&TraitSource {
        name: &name,
        social_name: None,
        birth_date: record.birth_date,
        sex: None,
        mother_name: mother.as_ref(),
        identifiers: &read.collect::<Vec<_>>(),
        contacts: &contacts.collect::<Vec<_>>(),
        addresses: &Address::parse(record.address.clone()).into_iter().collect::<Vec<_>>(),
    });
    let id = PatientId::from_uuid(Uuid::from_u128(u128::try_from(place).unwrap_or_default()));
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let patient = PatientSummary {
        id,
        name,
        social_name: None,
        birth_date: None,
        sex: None,
        stage: Stage::Active,
        phone: None,
        email: None,
        version: 1,
        created_at: at,
        updated_at: at,
    };
    Candidate { patient, traits }
}
