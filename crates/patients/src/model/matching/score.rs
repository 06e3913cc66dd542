//! The score of a pair of records (Fellegi-Sunter) and the grade that it earns.
//!
//! The score is the sum of the weights of all findings. Rules that no sum can say come on top:
//!
//! * One household shares telephone, address and e-mail, so that these together weigh no more than [`HOUSEHOLD`].
//! * Different given names: twins, siblings, mother and child. Such a pair is *possible* at most, and nothing at all unless the
//!   date of birth is nearly equal or an identifier is. Given names that are merely close may be twins' too (Laura, Lara), also
//!   those heard alike (Helena, Elena) but for a list of names that are known to be written in several ways, as may an initial
//!   or a missing name: *possible* at most, or *probable* with an equal CPF, CNS or INS.
//! * Two valid CPFs, or INS, are two persons on paper: *possible* at most, since one of them may be a parent's or mistyped.
//! * Father and son of one name (Filho, Júnior, Neto) who were not born on one day: *possible* at most.

use chrono::{Datelike, NaiveDate};

use super::names::{Agreement, Alike, is_one_off, similarity};
use super::traits::{Place, Traits};
use super::weights::Finding;
use crate::model::{IdentifierKind, Sex};

/// From this score on a pair is possible, in tenths of a bit.
pub const POSSIBLE: i32 = 140;
/// From here on it is probable: more than nine in ten of a million patients' namesakes born on one day are one person.
pub const PROBABLE: i32 = 220;
/// From here on it is certain.
pub const CERTAIN: i32 = 300;
/// The most that telephone, e-mail, address, postal code, neighbourhood and city weigh together.
pub const HOUSEHOLD: i32 = 150;

/// From this Jaro-Winkler similarity on, two streets or places are one.
const SAME_PLACE: f64 = 0.90;
/// Shorter identifiers are not compared character by character.
const LONG_IDENTIFIER: usize = 6;

/// How sure it is that two records are one person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grade {
    /// Worth a look.
    Possible,
    /// Most likely.
    Probable,
    /// As good as proved; still, nothing merges by itself.
    Certain,
}

/// What the comparison of two records found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    grade: Grade,
    score: i32,
    findings: Vec<Finding>,
}

impl Grade {
    /// All grades, the lowest first.
    pub const ALL: [Self; 3] = [Self::Possible, Self::Probable, Self::Certain];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Certain => "certain",
        }
    }

    /// The grade of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.as_str() == word)
    }

    /// True for the grades of which a registration warns.
    pub const fn warns(self) -> bool {
        matches!(self, Self::Probable | Self::Certain)
    }

    fn of_score(score: i32) -> Option<Self> {
        match score {
            CERTAIN.. => Some(Self::Certain),
            PROBABLE.. => Some(Self::Probable),
            POSSIBLE.. => Some(Self::Possible),
            _ => None,
        }
    }
}

impl Likeness {
    /// Compares two records; `None` when they are not even possibly one person's. The order of the two does not matter.
    pub fn of(one: &Traits, other: &Traits) -> Option<Self> {
        let compared = Compared::of(one, other);
        let score = compared.score();
        let grade = Grade::of_score(score)?.min(compared.cap()?);
        let mut findings = compared.own;
        findings.extend(compared.shared);
        findings.sort_unstable();
        Some(Self { grade, score, findings })
    }

    /// A likeness as it was stored.
    pub fn from_stored(grade: Grade, score: i32, findings: Vec<Finding>) -> Self {
        Self { grade, score, findings }
    }

    /// How sure it is.
    pub fn grade(&self) -> Grade {
        self.grade
    }

    /// The sum of the weights in tenths of a bit; the grade may be lower than it earns.
    pub fn score(&self) -> i32 {
        self.score
    }

    /// The score in bits.
    pub fn bits(&self) -> f64 {
        f64::from(self.score) / 10.0
    }

    /// What was found, each finding once.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// The findings on two records, and what the rules need beside them.
struct Compared {
    own: Vec<Finding>,
    /// What one household shares.
    shared: Vec<Finding>,
    given: Option<Alike>,
}

impl Compared {
    fn of(one: &Traits, other: &Traits) -> Self {
        let mut findings = Vec::with_capacity(10);
        findings.extend(compared_sexes(one.sex, other.sex));
        let sexes_differ = findings.contains(&Finding::SexDifferent);
        let given = match best_agreement(one, other) {
            Some(mut agreement) => {
                if sexes_differ && !agreement.is_verbatim {
                    // Brother and sister: René, Renée.
                    agreement.given = agreement.given.map(|_| Alike::Not);
                }
                findings.extend(agreement.findings());
                agreement.given
            }
            None => None,
        };
        findings.extend(compared_dates(one.birth_date, other.birth_date));
        if let (Some(one), Some(other)) = (&one.mother, &other.mother) {
            findings.push(one.agreement(other).of_mothers());
        }
        for kind in IdentifierKind::ALL {
            findings.extend(compared_identifiers(kind, one, other));
        }
        let shared = [
            compared_lists(&one.phones, &other.phones, Finding::PhoneEqual, Finding::PhoneDifferent),
            compared_lists(&one.emails, &other.emails, Finding::EmailEqual, Finding::EmailDifferent),
        ];
        let shared = shared.into_iter().flatten().chain(compared_addresses(one, other)).collect();
        Self { own: findings, shared, given }
    }

    fn score(&self) -> i32 {
        sum(&self.own) + sum(&self.shared).min(HOUSEHOLD)
    }

    fn has(&self, any: &[Finding]) -> bool {
        any.iter().any(|finding| self.own.contains(finding))
    }

    /// The best grade that the rules leave; `None` when they leave none.
    fn cap(&self) -> Option<Grade> {
        let is_identified = self.has(&[Finding::CpfEqual, Finding::CnsEqual, Finding::InsEqual]);
        let is_born_then = self.has(&[Finding::BirthDateEqual, Finding::BirthDateSwapped, Finding::BirthDateDigit]);
        let is_numbered = is_identified
            || self.has(&[Finding::PassportEqual, Finding::OtherIdentifierEqual, Finding::OtherIdentifierClose]);
        let by_given = match self.given {
            Some(Alike::Not) if is_born_then || is_numbered => Grade::Possible,
            Some(Alike::Not) => return None,
            Some(Alike::Equal | Alike::Partly) => Grade::Certain,
            None | Some(Alike::Spelt | Alike::Close | Alike::Initial) if is_identified => Grade::Probable,
            None | Some(Alike::Spelt | Alike::Close | Alike::Initial) => Grade::Possible,
        };
        let is_two_on_paper = self.has(&[Finding::CpfDifferent, Finding::InsDifferent]);
        let is_next_generation = self.has(&[Finding::GenerationDifferent]) && !self.has(&[Finding::BirthDateEqual]);
        Some(if is_two_on_paper || is_next_generation { by_given.min(Grade::Possible) } else { by_given })
    }
}

fn sum(findings: &[Finding]) -> i32 {
    findings.iter().map(|finding| finding.tenths()).sum()
}

/// The best agreement of any name of the one with any name of the other.
fn best_agreement(one: &Traits, other: &Traits) -> Option<Agreement> {
    let pairs = one.names.iter().flat_map(|name| other.names.iter().map(move |their| name.agreement(their)));
    pairs.max_by_key(|agreement| {
        let weight = sum(&agreement.findings());
        (weight, agreement.given, agreement.family, agreement.is_verbatim)
    })
}

fn compared_sexes(one: Option<Sex>, other: Option<Sex>) -> Option<Finding> {
    let (one, other) = (one?, other?);
    Some(if one == other { Finding::SexEqual } else { Finding::SexDifferent })
}

fn compared_dates(one: Option<NaiveDate>, other: Option<NaiveDate>) -> Option<Finding> {
    let (one, other) = (one?, other?);
    let parts = |date: NaiveDate| (date.year(), date.month(), date.day());
    let ((year, month, day), (other_year, other_month, other_day)) = (parts(one), parts(other));
    let text = |date: NaiveDate| date.format("%Y%m%d").to_string();
    let equal = [year == other_year, month == other_month, day == other_day];
    Some(if one == other {
        Finding::BirthDateEqual
    } else if year == other_year && month == other_day && day == other_month {
        Finding::BirthDateSwapped
    } else if is_one_off(&text(one), &text(other)) {
        Finding::BirthDateDigit
    } else if equal.into_iter().filter(|is_equal| *is_equal).count() == 2 {
        Finding::BirthDateNear
    } else {
        Finding::BirthDateDifferent
    })
}

fn compared_identifiers(kind: IdentifierKind, one: &Traits, other: &Traits) -> Option<Finding> {
    let values = |traits: &Traits| -> Vec<String> {
        traits.identifiers.iter().filter(|(of, _)| *of == kind).map(|(_, value)| value.clone()).collect()
    };
    let (ours, theirs) = (values(one), values(other));
    if ours.is_empty() || theirs.is_empty() {
        return None;
    }
    let is_any = |same: fn(&str, &str) -> bool| ours.iter().any(|our| theirs.iter().any(|their| same(our, their)));
    let is_equal = is_any(|our, their| our == their);
    match kind {
        IdentifierKind::Cpf => Some(if is_equal { Finding::CpfEqual } else { Finding::CpfDifferent }),
        IdentifierKind::Ins => Some(if is_equal { Finding::InsEqual } else { Finding::InsDifferent }),
        IdentifierKind::Cns => is_equal.then_some(Finding::CnsEqual),
        IdentifierKind::Passport => Some(if is_equal { Finding::PassportEqual } else { Finding::PassportDifferent }),
        // A company's number is that of an employer or a payer.
        IdentifierKind::Cnpj => None,
        IdentifierKind::Other if is_equal => Some(Finding::OtherIdentifierEqual),
        IdentifierKind::Other => {
            let is_close = is_any(|our, their| our.chars().count() >= LONG_IDENTIFIER && is_one_off(our, their));
            Some(if is_close { Finding::OtherIdentifierClose } else { Finding::OtherIdentifierDifferent })
        }
    }
}

fn compared_lists(ours: &[String], theirs: &[String], equal: Finding, different: Finding) -> Option<Finding> {
    if ours.is_empty() || theirs.is_empty() {
        return None;
    }
    Some(if ours.iter().any(|our| theirs.contains(our)) { equal } else { different })
}

/// What the two addresses that agree most say.
fn compared_addresses(one: &Traits, other: &Traits) -> Vec<Finding> {
    let pairs =
        one.addresses.iter().flat_map(|place| other.addresses.iter().map(move |their| compared_places(place, their)));
    pairs.max_by_key(|findings| (sum(findings), findings.clone())).unwrap_or_default()
}

fn compared_places(one: &Place, other: &Place) -> Vec<Finding> {
    let mut findings = Vec::with_capacity(4);
    let is_near = |one: &str, other: &str| one == other || similarity(one, other) >= SAME_PLACE;
    if let (Some(street), Some(their)) = (&one.street, &other.street) {
        let has_one_number = one.number.is_some() && one.number == other.number;
        findings.push(match is_near(street, their) {
            true if has_one_number => Finding::AddressEqual,
            true => Finding::StreetEqual,
            false => Finding::AddressDifferent,
        });
    }
    if let (Some(code), Some(their)) = (&one.postal_code, &other.postal_code) {
        findings.push(match () {
            () if code == their => Finding::PostalCodeEqual,
            () if is_one_off(code, their) => Finding::PostalCodeClose,
            () => Finding::PostalCodeDifferent,
        });
    }
    if let (Some(part), Some(their)) = (&one.neighbourhood, &other.neighbourhood)
        && is_near(part, their)
    {
        findings.push(Finding::NeighbourhoodEqual);
    }
    if let (Some(city), Some(their)) = (&one.city, &other.city) {
        findings.push(if is_near(city, their) { Finding::CityEqual } else { Finding::CityDifferent });
    }
    findings
}
