//! Professional registrations.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::place_number::luhn;

/// A Brazilian council of a health profession.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Council {
    /// Medicine.
    #[serde(rename = "CRM")]
    Crm,
    /// Nursing.
    #[serde(rename = "COREN")]
    Coren,
    /// Dentistry.
    #[serde(rename = "CRO")]
    Cro,
    /// Physiotherapy and occupational therapy.
    #[serde(rename = "CREFITO")]
    Crefito,
    /// Psychology.
    #[serde(rename = "CRP")]
    Crp,
    /// Nutrition.
    #[serde(rename = "CRN")]
    Crn,
    /// Speech therapy.
    #[serde(rename = "CRFa")]
    Crfa,
}

/// A registration with a council: its region (a state, or a number where the council numbers its regions) and number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    council: Council,
    region: String,
    number: String,
}

/// A French RPPS number: 11 digits, the last a Luhn check digit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rpps(String);

/// A French ADELI number: 9 letters or digits; only its form is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Adeli(String);

/// Why a registration is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidRegistration {
    /// No council that Salus knows.
    #[error("unknown council")]
    Council,
    /// Neither a state nor a region's number.
    #[error("unknown region")]
    Region,
    /// Not the form of such a number.
    #[error("not such a number")]
    Number,
    /// The check digit is wrong.
    #[error("wrong check digit")]
    CheckDigit,
}

impl InvalidRegistration {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Council => "identity.unknown_council",
            Self::Region => "identity.unknown_region",
            Self::Number => "identity.invalid_registration_number",
            Self::CheckDigit => "identity.registration_check_digit",
        }
    }
}

const STATES: &str = "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO";

impl Council {
    /// All councils.
    pub const ALL: [Self; 7] = [Self::Crm, Self::Coren, Self::Cro, Self::Crefito, Self::Crp, Self::Crn, Self::Crfa];

    /// The abbreviation, as printed on the card.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crm => "CRM",
            Self::Coren => "COREN",
            Self::Cro => "CRO",
            Self::Crefito => "CREFITO",
            Self::Crp => "CRP",
            Self::Crn => "CRN",
            Self::Crfa => "CRFa",
        }
    }

    const fn numbers_its_regions(self) -> bool {
        matches!(self, Self::Crefito | Self::Crp | Self::Crn | Self::Crfa)
    }
}

impl Registration {
    /// Reads a registration: `CRM`, `SP`, `123456`, or `CREFITO`, `3`, `12345-F`.
    pub fn parse(council: &str, region: &str, number: &str) -> Result<Self, InvalidRegistration> {
        let named = |known: &Council| known.name().eq_ignore_ascii_case(council.trim());
        let council = Council::ALL.into_iter().find(named).ok_or(InvalidRegistration::Council)?;
        let region = region.trim().to_ascii_uppercase();
        let numbered = || region.parse::<u8>().is_ok_and(|region| (1..=30).contains(&region));
        let is_state = STATES.split(' ').any(|state| state == region);
        if !is_state && (!council.numbers_its_regions() || !numbered()) {
            return Err(InvalidRegistration::Region);
        }
        let number = number.trim().to_ascii_uppercase();
        let formed = (1..=12).contains(&number.len())
            && number.starts_with(|c: char| c.is_ascii_digit())
            && number.bytes().all(|c| c.is_ascii_alphanumeric() || b"./-".contains(&c));
        if formed { Ok(Self { council, region, number }) } else { Err(InvalidRegistration::Number) }
    }

    /// The council.
    pub const fn council(&self) -> Council {
        self.council
    }

    /// Two letters of a state, or a region's number.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The number within the region.
    pub fn number(&self) -> &str {
        &self.number
    }
}

impl Rpps {
    /// Reads a number, with or without spaces between the digits.
    pub fn parse(raw: &str) -> Result<Self, InvalidRegistration> {
        let text: String = raw.chars().filter(|c| !c.is_whitespace()).collect();
        let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
        let digits = digits.filter(|digits| digits.len() == 11).ok_or(InvalidRegistration::Number)?;
        if luhn(&digits) { Ok(Self(text)) } else { Err(InvalidRegistration::CheckDigit) }
    }

    /// Eleven digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Adeli {
    /// Reads a number, with or without spaces in it.
    pub fn parse(raw: &str) -> Result<Self, InvalidRegistration> {
        let text: String = raw.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
        let formed = text.len() == 9 && text.bytes().all(|c| c.is_ascii_alphanumeric());
        if formed { Ok(Self(text)) } else { Err(InvalidRegistration::Number) }
    }

    /// Nine letters or digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn registrations_name_council_region_and_number() {
        let crm = Registration::parse("crm", "sp", " 123456 ").unwrap();
        assert_eq!((crm.council().name(), crm.region(), crm.number()), ("CRM", "SP", "123456"));
        assert!(Registration::parse("CREFITO", "3", "12345-f").is_ok());
        assert!(Registration::parse("CRFA", "2", "1234").is_ok());
        assert_eq!(Registration::parse("CRM", "3", "1"), Err(InvalidRegistration::Region));
        assert_eq!(Registration::parse("CRM", "XX", "1"), Err(InvalidRegistration::Region));
        assert_eq!(Registration::parse("OAB", "SP", "1"), Err(InvalidRegistration::Council));
        assert_eq!(Registration::parse("CRM", "SP", ""), Err(InvalidRegistration::Number));
        assert_eq!(Registration::parse("CRM", "SP", "-1"), Err(InvalidRegistration::Number));
    }

    #[test]
    fn rpps_has_eleven_digits_and_a_luhn_digit() {
        assert_eq!(Rpps::parse("7992 7398 713").unwrap().as_str(), "79927398713");
        assert_eq!(Rpps::parse("1000123456"), Err(InvalidRegistration::Number));
        assert_eq!(Rpps::parse("1000123456x"), Err(InvalidRegistration::Number));
        assert_eq!(Rpps::parse("79927398714"), Err(InvalidRegistration::CheckDigit));
    }

    #[test]
    fn adeli_has_nine_characters() {
        assert_eq!(Adeli::parse("2a 1 234567").unwrap().as_str(), "2A1234567");
        assert_eq!(Adeli::parse("75123456"), Err(InvalidRegistration::Number));
        assert_eq!(Adeli::parse("75-123456"), Err(InvalidRegistration::Number));
    }

    proptest! {
        #[test]
        fn of_eleven_digits_one_in_ten_is_an_rpps(head in "[0-9]{10}") {
            let right = (0..10).filter(|last| Rpps::parse(&format!("{head}{last}")).is_ok()).count();
            prop_assert_eq!(right, 1);
        }
    }
}
