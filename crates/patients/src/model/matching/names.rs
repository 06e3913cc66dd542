//! The comparison of two names, word by word.
//!
//! Words are paired whatever their place, the most alike first and neighbours before others, so that the two sides may be
//! exchanged, a name may be written family first, and middle names may be left out. The first word (the first two of three and
//! more) is the given name, the last one the family name.

use super::sound::{block, is_written_either_way, spelling};
use super::weights::Finding;
use crate::model::PersonName;
use crate::model::search::PARTICLES;

/// From this Jaro-Winkler similarity on, two words are one word with typing errors.
const CLOSE: f64 = 0.88;
/// From here on, two whole names without their spaces are one name with typing errors.
const CLOSE_AS_WHOLE: f64 = 0.94;
/// Words that name the generation and not the family.
const GENERATIONS: [(&str, Generation); 6] = [
    ("filho", Generation::Son),
    ("junior", Generation::Son),
    ("jr", Generation::Son),
    ("fils", Generation::Son),
    ("neto", Generation::Grandson),
    ("sobrinho", Generation::Nephew),
];

/// After whom somebody is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    Son,
    Grandson,
    Nephew,
}

/// A name, prepared for comparison.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Name {
    words: Vec<Word>,
    generation: Option<Generation>,
}

#[derive(Clone, PartialEq, Eq)]
struct Word {
    text: String,
    spelling: String,
}

/// How much two words, or the parts of two names, are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alike {
    /// They differ.
    Not,
    /// One is the initial of the other.
    Initial,
    /// They have something in common.
    Partly,
    /// They differ by little.
    Close,
    /// They are heard alike, or two neighbouring letters changed places: for a family an error of writing, for a given name
    /// maybe a sister's (Elaine, Eliane).
    Spelt,
    /// They are equal, or known to be one name in two spellings.
    Equal,
}

/// What the comparison of two names found; `None` where one of them has no such part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Agreement {
    pub(super) given: Option<Alike>,
    pub(super) family: Option<Alike>,
    /// True when the given names are equal letter by letter.
    pub(super) is_verbatim: bool,
    /// True when one is a son or grandson by name and the other is not.
    pub(super) differs_in_generation: bool,
}

/// Which word of the other name each word belongs to, and how much they are alike.
struct Pairing<'a> {
    ours: &'a [Word],
    theirs: &'a [Word],
    pairs: Vec<(usize, usize, Alike)>,
}

impl Name {
    /// A name without particles; `None` when nothing is left of it.
    pub(super) fn of(name: &PersonName) -> Option<Self> {
        let text = kernel::text::normalize(name.as_str());
        let mut texts: Vec<&str> = text.split(' ').filter(|word| !PARTICLES.contains(word)).collect();
        if texts.is_empty() {
            texts = text.split(' ').collect();
        }
        let last = texts.last().and_then(|last| GENERATIONS.iter().find(|(word, _)| word == last));
        let generation = last.filter(|_| texts.len() > 2).map(|(_, generation)| *generation);
        if generation.is_some() {
            texts.pop();
        }
        let words: Vec<Word> = texts.into_iter().filter(|text| !text.is_empty()).map(Word::of).collect();
        (!words.is_empty()).then_some(Self { words, generation })
    }

    /// The block codes of the first and the last word, which are the same for a single one.
    pub(super) fn blocks(&self) -> (String, String) {
        let code = |word: Option<&Word>| word.map(|word| block(&word.spelling)).unwrap_or_default();
        (code(self.words.first()), code(self.words.last()))
    }

    /// True for a name of one word.
    pub(super) fn is_single(&self) -> bool {
        self.words.len() == 1
    }

    /// Compares two names.
    pub(super) fn agreement(&self, other: &Self) -> Agreement {
        let pairing = Pairing::of(&self.words, &other.words);
        let (mut given, mut family) = (pairing.given(), pairing.family());
        if self.whole_is_close(other) {
            // A space in the wrong place, or missing.
            (given, family) = (given.max(Some(Alike::Close)), family.max(Some(Alike::Close)));
        }
        Agreement {
            given,
            family,
            is_verbatim: self.words.first().map(|word| &word.text) == other.words.first().map(|word| &word.text),
            differs_in_generation: self.generation != other.generation,
        }
    }

    fn whole_is_close(&self, other: &Self) -> bool {
        let whole = |name: &Self| name.words.iter().map(|word| word.text.as_str()).collect::<String>();
        self.words.len() != other.words.len()
            && self.words.len().min(other.words.len()) > 1
            && similarity(&whole(self), &whole(other)) >= CLOSE_AS_WHOLE
    }
}

impl Word {
    fn of(text: &str) -> Self {
        Self { text: text.to_owned(), spelling: spelling(text) }
    }

    fn alike(&self, other: &Self) -> Alike {
        if self.text == other.text || is_written_either_way(&self.text, &other.text) {
            return Alike::Equal;
        }
        if self.spelling == other.spelling {
            return Alike::Spelt;
        }
        let is_initial =
            |short: &Self, long: &Self| short.text.chars().count() == 1 && long.text.starts_with(&short.text);
        if is_initial(self, other) || is_initial(other, self) {
            Alike::Initial
        } else if is_mistyped(&self.text, &other.text) {
            Alike::Spelt
        } else if similarity(&self.text, &other.text) >= CLOSE {
            Alike::Close
        } else {
            Alike::Not
        }
    }
}

impl<'a> Pairing<'a> {
    /// The order of pairs of one likeness depends on nothing that an exchange of the sides would change.
    fn of(ours: &'a [Word], theirs: &'a [Word]) -> Self {
        let mut all: Vec<(Alike, usize, usize, usize)> = Vec::with_capacity(ours.len() * theirs.len());
        for (i, our) in ours.iter().enumerate() {
            for (j, their) in theirs.iter().enumerate() {
                all.push((our.alike(their), i.abs_diff(j), i, j));
            }
        }
        all.retain(|(alike, ..)| *alike != Alike::Not);
        all.sort_by_key(|(alike, apart, i, j)| (std::cmp::Reverse(*alike), *apart, i + j, *i));
        let mut pairs: Vec<(usize, usize, Alike)> = Vec::with_capacity(ours.len());
        for (alike, _, i, j) in all {
            if !pairs.iter().any(|(our, their, _)| *our == i || *their == j) {
                pairs.push((i, j, alike));
            }
        }
        Self { ours, theirs, pairs }
    }

    fn ours_at(&self, place: usize) -> Option<(usize, Alike)> {
        self.pairs.iter().find(|(our, ..)| *our == place).map(|(_, their, alike)| (*their, *alike))
    }

    fn theirs_at(&self, place: usize) -> Option<(usize, Alike)> {
        self.pairs.iter().find(|(_, their, _)| *their == place).map(|(our, _, alike)| (*our, *alike))
    }

    fn last(words: &[Word]) -> usize {
        words.len().saturating_sub(1)
    }

    /// True when both names are the other way round: first with last and last with first.
    fn is_turned(&self) -> bool {
        let (our_last, their_last) = (Self::last(self.ours), Self::last(self.theirs));
        our_last > 0
            && their_last > 0
            && self.ours_at(0).is_some_and(|(their, _)| their == their_last)
            && self.theirs_at(0).is_some_and(|(our, _)| our == our_last)
    }

    fn given(&self) -> Option<Alike> {
        if self.is_turned() {
            let parts = [self.ours_at(0), self.theirs_at(0)];
            return parts.into_iter().flatten().map(|(_, alike)| alike).min();
        }
        let (ours, theirs) = (given_places(self.ours), given_places(self.theirs));
        let (first, second) = (self.ours_at(0), self.theirs_at(0));
        // A name of one word that is the other's family name has no given name.
        let is_family = |single: &[Word], partner: Option<(usize, Alike)>, words: &[Word]| {
            single.len() == 1 && words.len() > 1 && partner.is_some_and(|(place, _)| place == Self::last(words))
        };
        if is_family(self.ours, first, self.theirs) || is_family(self.theirs, second, self.ours) {
            return None;
        }
        let ours_lack = (0..ours).any(|place| self.ours_at(place).is_none());
        let theirs_lack = (0..theirs).any(|place| self.theirs_at(place).is_none());
        if ours_lack && theirs_lack {
            return Some(Alike::Not);
        }
        let among = |pair: &&(usize, usize, Alike)| pair.0 < ours && pair.1 < theirs;
        let worst = self.pairs.iter().filter(among).map(|(.., alike)| *alike).min();
        match (first, second) {
            (Some((0, _)), _) => worst,
            (None, None) => Some(Alike::Not),
            _ => Some(worst.map_or(Alike::Partly, |worst| worst.min(Alike::Partly))),
        }
    }

    /// True when a family name that is not the last is common to both.
    fn shares_middle(&self) -> bool {
        let (ours, theirs) = (given_places(self.ours), given_places(self.theirs));
        self.pairs.iter().any(|(our, their, alike)| *our >= ours && *their >= theirs && *alike >= Alike::Close)
    }

    fn family(&self) -> Option<Alike> {
        let (our_last, their_last) = (Self::last(self.ours), Self::last(self.theirs));
        if self.is_turned() {
            let parts = [self.ours_at(0), self.theirs_at(0)];
            return parts.into_iter().flatten().map(|(_, alike)| alike).min();
        }
        let (ours, theirs) = (self.ours_at(our_last), self.theirs_at(their_last));
        if our_last == 0 || their_last == 0 {
            // One has a single word: its family name, where it is the other's last, and else a given name alone.
            let shared = ours.filter(|(their, _)| our_last == 0 && their_last > 0 && *their == their_last);
            let shared = shared.or(theirs.filter(|(our, _)| their_last == 0 && our_last > 0 && *our == our_last));
            return shared.map(|(_, alike)| alike);
        }
        match (ours, theirs) {
            (Some((their, alike)), _) if their == their_last => Some(alike),
            (Some((their, _)), _) if their > 0 => Some(Alike::Partly),
            (_, Some((our, _))) if our > 0 => Some(Alike::Partly),
            _ if self.shares_middle() => Some(Alike::Partly),
            _ => Some(Alike::Not),
        }
    }
}

/// How many words of a name may be given names.
fn given_places(words: &[Word]) -> usize {
    if words.len() > 2 { 2 } else { 1 }
}

impl Agreement {
    /// What it says of the persons whose names these are.
    pub(super) fn findings(self) -> Vec<Finding> {
        let given = self.given.map(|alike| match alike {
            Alike::Not => Finding::GivenNameDifferent,
            Alike::Initial => Finding::GivenNameInitial,
            Alike::Partly => Finding::GivenNamePartly,
            Alike::Close | Alike::Spelt => Finding::GivenNameClose,
            Alike::Equal => Finding::GivenNameEqual,
        });
        let family = self.family.map(|alike| match alike {
            Alike::Not => Finding::FamilyNameDifferent,
            Alike::Initial | Alike::Partly => Finding::FamilyNamePartly,
            Alike::Close => Finding::FamilyNameClose,
            Alike::Spelt | Alike::Equal => Finding::FamilyNameEqual,
        });
        let generation = self.differs_in_generation.then_some(Finding::GenerationDifferent);
        given.into_iter().chain(family).chain(generation).collect()
    }

    /// What it says where these are the names of their mothers.
    pub(super) fn of_mothers(self) -> Finding {
        match (self.given, self.family) {
            (Some(given), Some(family)) if given.min(family) >= Alike::Spelt => Finding::MotherNameEqual,
            (Some(given), Some(family)) if given.min(family) >= Alike::Close => Finding::MotherNameClose,
            (Some(Alike::Not), _) | (_, Some(Alike::Not)) if self.given < Some(Alike::Spelt) => {
                Finding::MotherNameDifferent
            }
            _ => Finding::MotherNamePartly,
        }
    }
}

/// The Jaro-Winkler similarity of two texts, 0 to 1.
pub(super) fn similarity(one: &str, other: &str) -> f64 {
    // In one order, because its greedy pairing of letters may depend on it.
    if one <= other { strsim::jaro_winkler(one, other) } else { strsim::jaro_winkler(other, one) }
}

/// True when two texts of four characters and more differ by two neighbours, behind the first, that changed places, as in an
/// error of typing.
fn is_mistyped(one: &str, other: &str) -> bool {
    one.chars().count() >= 4 && is_turned_within(one, other) && one.chars().next() == other.chars().next()
}

/// True when two texts differ by two neighbouring characters that changed places, and by nothing else.
pub(super) fn is_turned_within(one: &str, other: &str) -> bool {
    let differing: Vec<(usize, (char, char))> =
        one.chars().zip(other.chars()).enumerate().filter(|(_, (a, b))| a != b).collect();
    match differing.as_slice() {
        [(first, (a, b)), (second, (c, d))] => {
            first + 1 == *second && a == d && b == c && one.chars().count() == other.chars().count()
        }
        _ => false,
    }
}

/// True when two texts of one length differ in one character, or by two neighbours that changed places.
pub(super) fn is_one_off(one: &str, other: &str) -> bool {
    let is_substituted = one.chars().count() == other.chars().count()
        && one.chars().zip(other.chars()).filter(|(a, b)| a != b).count() == 1;
    is_substituted || is_turned_within(one, other)
}
