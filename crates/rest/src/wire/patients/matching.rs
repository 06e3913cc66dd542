//! Duplicates on the wire (PT6).

use patients::model::matching::{DuplicatePair, Finding, Grade, Likeness, Match};
use serde::Serialize;
use utoipa::ToSchema;

use super::PatientSummaryWire;
use crate::{FromJson, Wire, pages};

/// How sure it is that two records are one person's
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, FromJson, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchGrade {
    /// Worth a look.
    Possible,
    /// Most likely.
    Probable,
    /// As good as proved.
    Certain,
}

/// What the comparison of two records found in one field
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchReason {
    /// The finding, such as `birth_date_equal` or `phone_different`.
    finding: &'static str,
    /// What it says for one person, in bits; below 0 against.
    weight: f64,
}

/// A record that may be the draft's person
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PatientMatch)]
pub struct PatientMatchWire {
    /// How sure it is.
    grade: MatchGrade,
    /// The sum of the weights in bits; the grade may be lower than it earns, for twins and households.
    score: f64,
    /// What was found.
    reasons: Vec<MatchReason>,
    /// The record.
    patient: PatientSummaryWire,
}

/// The records that may be a draft's person
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PatientMatches)]
pub struct PatientMatchesWire {
    /// The best first, at most 20.
    candidates: Vec<PatientMatchWire>,
}

/// Two records that may be one person's
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DuplicatePair)]
pub struct DuplicatePairWire {
    /// How sure it is.
    grade: MatchGrade,
    /// The sum of the weights in bits; the grade may be lower than it earns, for twins and households.
    score: f64,
    /// What was found.
    reasons: Vec<MatchReason>,
    /// The two records, the one registered earlier first.
    patients: Vec<PatientSummaryWire>,
}

pages! {
    /// A page of pairs
    DuplicatePage of DuplicatePairWire;
}

impl From<MatchGrade> for Grade {
    fn from(grade: MatchGrade) -> Self {
        match grade {
            MatchGrade::Possible => Self::Possible,
            MatchGrade::Probable => Self::Probable,
            MatchGrade::Certain => Self::Certain,
        }
    }
}

impl From<Grade> for MatchGrade {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Possible => Self::Possible,
            Grade::Probable => Self::Probable,
            Grade::Certain => Self::Certain,
        }
    }
}

impl From<Finding> for MatchReason {
    fn from(finding: Finding) -> Self {
        Self { finding: finding.as_str(), weight: finding.bits() }
    }
}

fn reasons(likeness: &Likeness) -> Vec<MatchReason> {
    likeness.findings().iter().copied().map(Into::into).collect()
}

impl From<Match> for PatientMatchWire {
    fn from(found: Match) -> Self {
        let Match { patient, likeness } = found;
        Self {
            grade: likeness.grade().into(),
            score: likeness.bits(),
            reasons: reasons(&likeness),
            patient: patient.into(),
        }
    }
}

impl From<Vec<Match>> for PatientMatchesWire {
    fn from(found: Vec<Match>) -> Self {
        Self { candidates: found.into_iter().map(Into::into).collect() }
    }
}

impl From<DuplicatePair> for DuplicatePairWire {
    fn from(pair: DuplicatePair) -> Self {
        let DuplicatePair { patients, likeness } = pair;
        Self {
            grade: likeness.grade().into(),
            score: likeness.bits(),
            reasons: reasons(&likeness),
            patients: patients.into_iter().map(Into::into).collect(),
        }
    }
}

/// A name, a date of birth and the mother's name in common.
const SAMPLE: [Finding; 4] =
    [Finding::GivenNameEqual, Finding::FamilyNameEqual, Finding::BirthDateEqual, Finding::MotherNameEqual];

fn sampled() -> (f64, Vec<MatchReason>) {
    let tenths: i32 = SAMPLE.iter().map(|finding| finding.tenths()).sum();
    (f64::from(tenths) / 10.0, SAMPLE.into_iter().map(Into::into).collect())
}

impl Wire for PatientMatchesWire {
    fn sample() -> Self {
        let (score, reasons) = sampled();
        let patient = PatientSummaryWire::sample();
        Self { candidates: vec![PatientMatchWire { grade: MatchGrade::Certain, score, reasons, patient }] }
    }
}

impl Wire for DuplicatePairWire {
    fn sample() -> Self {
        let (score, reasons) = sampled();
        let patients = vec![PatientSummaryWire::sample(), PatientSummaryWire::sample()];
        Self { grade: MatchGrade::Certain, score, reasons, patients }
    }
}
