//! Identifiers of a patient.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::cnpj::{Cnpj, CnpjError};
use super::cns::{Cns, CnsError};
use super::cpf::{Cpf, CpfError};
use super::digits::without_punctuation;
use super::nir::{Nir, NirError};
use super::redacted::redacted_debug;
use super::text::{TextError, line};

const LONGEST_OTHER: usize = 100;

/// The scheme of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// Brazilian taxpayer number of a person.
    Cpf,
    /// Brazilian national health card.
    Cns,
    /// Brazilian company number.
    Cnpj,
    /// French national health identity, whose matricule is a NIR.
    Ins,
    /// Passport of any country.
    Passport,
    /// Anything else.
    Other,
}

impl IdentifierKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::Cpf, Self::Cns, Self::Cnpj, Self::Ins, Self::Passport, Self::Other];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpf => "cpf",
            Self::Cns => "cns",
            Self::Cnpj => "cnpj",
            Self::Ins => "ins",
            Self::Passport => "passport",
            Self::Other => "other",
        }
    }

    /// The kind of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// True for the kinds of which a company has each value once: CPF, CNS and INS.
    pub const fn is_unique_in_company(self) -> bool {
        matches!(self, Self::Cpf | Self::Cns | Self::Ins)
    }
}

/// How far an identifier has been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IdentifierStatus {
    /// As somebody typed it; of all kinds but INS.
    #[serde(rename = "recorded")]
    Recorded,
    /// INS: provisional identity.
    #[serde(rename = "PROV")]
    Prov,
    /// INS: identity checked against a document.
    #[serde(rename = "VALI")]
    Vali,
    /// INS: fetched from the national service, not checked against a document.
    #[serde(rename = "RECUP")]
    Recup,
    /// INS: fetched and checked.
    #[serde(rename = "QUAL")]
    Qual,
}

impl IdentifierStatus {
    /// All statuses.
    pub const ALL: [Self; 5] = [Self::Recorded, Self::Prov, Self::Vali, Self::Recup, Self::Qual];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Prov => "PROV",
            Self::Vali => "VALI",
            Self::Recup => "RECUP",
            Self::Qual => "QUAL",
        }
    }

    /// The status of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// Whether an identifier is the one that its patient goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierStanding {
    /// It is.
    #[default]
    Current,
    /// It was, on a record that was merged into this one (PT7).
    Old,
    /// It is the surviving record's: that of a merged one keeps it to be read (PT7).
    Moved,
}

impl IdentifierStanding {
    /// All standings.
    pub const ALL: [Self; 3] = [Self::Current, Self::Old, Self::Moved];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Old => "old",
            Self::Moved => "moved",
        }
    }

    /// The standing of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == word)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
    fn is_current(&self) -> bool {
        *self == Self::Current
    }
}

/// An identifier whose value has the form of its kind, canonical and without punctuation.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identifier {
    kind: IdentifierKind,
    value: String,
    status: IdentifierStatus,
    #[serde(default, skip_serializing_if = "IdentifierStanding::is_current")]
    standing: IdentifierStanding,
}

/// Why a text is no identifier of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdentifierError {
    /// No CPF.
    #[error(transparent)]
    Cpf(#[from] CpfError),
    /// No CNS.
    #[error(transparent)]
    Cns(#[from] CnsError),
    /// No CNPJ.
    #[error(transparent)]
    Cnpj(#[from] CnpjError),
    /// No NIR.
    #[error(transparent)]
    Ins(#[from] NirError),
    /// No passport number: 5 to 20 letters and digits.
    #[error("a passport number has 5 to 20 letters and digits")]
    Passport,
    /// Empty, over 100 characters, or with a control character.
    #[error(transparent)]
    Other(#[from] TextError),
    /// A status of another kind: INS has PROV, VALI, RECUP or QUAL, all others are recorded.
    #[error("the kind of identifier has no such status")]
    Status,
}

impl IdentifierError {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cpf(_) => "invalid_cpf",
            Self::Cns(_) => "invalid_cns",
            Self::Cnpj(_) => "invalid_cnpj",
            Self::Ins(_) => "invalid_ins",
            Self::Passport => "invalid_passport",
            Self::Other(_) => "invalid_identifier",
            Self::Status => "invalid_identifier_status",
        }
    }
}

redacted_debug!(Identifier);

impl Identifier {
    /// Reads the value by the rules of its kind; its status is the lowest one of the kind.
    pub fn parse(kind: IdentifierKind, raw: &str) -> Result<Self, IdentifierError> {
        let value = match kind {
            IdentifierKind::Cpf => Cpf::parse(raw)?.as_str().to_owned(),
            IdentifierKind::Cns => Cns::parse(raw)?.as_str().to_owned(),
            IdentifierKind::Cnpj => Cnpj::parse(raw)?.as_str().to_owned(),
            IdentifierKind::Ins => Nir::parse(raw)?.as_str().to_owned(),
            IdentifierKind::Passport => passport(raw)?,
            IdentifierKind::Other => line(raw, LONGEST_OTHER)?,
        };
        let status = if kind == IdentifierKind::Ins { IdentifierStatus::Prov } else { IdentifierStatus::Recorded };
        Ok(Self { kind, value, status, standing: IdentifierStanding::Current })
    }

    /// The identifier with another status of its kind.
    pub fn with_status(self, status: IdentifierStatus) -> Result<Self, IdentifierError> {
        if (self.kind == IdentifierKind::Ins) == (status == IdentifierStatus::Recorded) {
            return Err(IdentifierError::Status);
        }
        Ok(Self { status, ..self })
    }

    /// An identifier as it was stored.
    pub fn from_stored(kind: IdentifierKind, value: String, status: IdentifierStatus) -> Self {
        Self { kind, value, status, standing: IdentifierStanding::Current }
    }

    /// The identifier in another standing.
    #[must_use]
    pub fn with_standing(self, standing: IdentifierStanding) -> Self {
        Self { standing, ..self }
    }

    /// Its scheme.
    pub fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// Its canonical value, by which it is compared.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// How far it has been checked.
    pub fn status(&self) -> IdentifierStatus {
        self.status
    }

    /// Whether its patient goes by it.
    pub fn standing(&self) -> IdentifierStanding {
        self.standing
    }

    /// True when it may be sent to other systems: an INS only when qualified, others always (PT1).
    pub fn may_leave(&self) -> bool {
        self.kind != IdentifierKind::Ins || self.status == IdentifierStatus::Qual
    }
}

fn passport(raw: &str) -> Result<String, IdentifierError> {
    let number = without_punctuation(raw).to_ascii_uppercase();
    let is_sound = (5..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_sound { Ok(number) } else { Err(IdentifierError::Passport) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt1_values_are_canonical_by_kind() {
        for (kind, raw, value) in [
            (IdentifierKind::Cpf, "093.808.260-44", "09380826044"),
            (IdentifierKind::Cns, "116 3876 9194 0009", "116387691940009"),
            (IdentifierKind::Cnpj, "12.abc.345/01de-35", "12ABC34501DE35"),
            (IdentifierKind::Ins, "2 53 07 2a 073 004 43", "253072A07300443"),
            (IdentifierKind::Passport, "fz 123-456", "FZ123456"),
            (IdentifierKind::Other, " RG  12.345.678-9 ", "RG 12.345.678-9"),
        ] {
            assert_eq!(Identifier::parse(kind, raw).unwrap().value(), value);
        }
    }

    #[test]
    fn pt1_each_kind_has_a_stable_code_for_its_refusal() {
        for (kind, raw, code) in [
            (IdentifierKind::Cpf, "111.111.111-11", "invalid_cpf"),
            (IdentifierKind::Cns, "1", "invalid_cns"),
            (IdentifierKind::Cnpj, "1", "invalid_cnpj"),
            (IdentifierKind::Ins, "1", "invalid_ins"),
            (IdentifierKind::Passport, "1234", "invalid_passport"),
            (IdentifierKind::Passport, "ÉÉÉÉÉÉ", "invalid_passport"),
            (IdentifierKind::Other, " ", "invalid_identifier"),
        ] {
            assert_eq!(Identifier::parse(kind, raw).unwrap_err().code(), code);
        }
    }

    #[test]
    fn pt1_the_matricule_leaves_the_system_only_when_qualified() {
        let ins = Identifier::parse(IdentifierKind::Ins, "253072A07300443").unwrap();
        assert_eq!(ins.status(), IdentifierStatus::Prov);
        for (status, leaves) in [
            (IdentifierStatus::Prov, false),
            (IdentifierStatus::Vali, false),
            (IdentifierStatus::Recup, false),
            (IdentifierStatus::Qual, true),
        ] {
            assert_eq!(ins.clone().with_status(status).unwrap().may_leave(), leaves, "{status:?}");
        }
    }

    #[test]
    fn pt1_identity_statuses_are_those_of_ins_alone() {
        let ins = Identifier::parse(IdentifierKind::Ins, "253072A07300443").unwrap();
        assert_eq!(ins.with_status(IdentifierStatus::Recorded), Err(IdentifierError::Status));
        let cpf = Identifier::parse(IdentifierKind::Cpf, "15886489070").unwrap();
        assert!(cpf.may_leave());
        assert_eq!(cpf.clone().with_status(IdentifierStatus::Qual), Err(IdentifierError::Status));
        assert!(cpf.with_status(IdentifierStatus::Recorded).is_ok());
    }

    #[test]
    fn pt1_cpf_cns_and_ins_are_unique_in_a_company() {
        let unique: Vec<_> = IdentifierKind::ALL.into_iter().filter(|kind| kind.is_unique_in_company()).collect();
        assert_eq!(unique, [IdentifierKind::Cpf, IdentifierKind::Cns, IdentifierKind::Ins]);
    }

    #[test]
    fn words_are_read_back() {
        for kind in IdentifierKind::ALL {
            assert_eq!(IdentifierKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for status in IdentifierStatus::ALL {
            assert_eq!(IdentifierStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!(IdentifierKind::parse("CPF"), None);
        assert_eq!(IdentifierStatus::parse("qual"), None);
    }

    #[test]
    fn debug_shows_no_value() {
        let cpf = Identifier::parse(IdentifierKind::Cpf, "15886489070").unwrap();
        assert_eq!(format!("{cpf:?}"), "Identifier(..)");
    }
}
