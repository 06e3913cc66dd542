//! The official numbers of companies and their places, with their check digits.

use serde::{Deserialize, Serialize};
use thiserror::Error;

const CNPJ_WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
/// The group whose places are numbered by another rule than Luhn's (INSEE).
const LA_POSTE: &str = "356000000";

/// Why a text is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidPlaceNumber {
    /// No CNPJ.
    #[error("not a CNPJ")]
    Cnpj,
    /// No SIRET.
    #[error("not a SIRET number")]
    Siret,
    /// No FINESS number.
    #[error("not a FINESS number")]
    Finess,
}

impl InvalidPlaceNumber {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cnpj => "invalid_cnpj",
            Self::Siret => "identity.invalid_siret",
            Self::Finess => "identity.invalid_finess",
        }
    }
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident by $rule:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Reads a number with or without punctuation, in either case.
            pub fn parse(raw: &str) -> Result<Self, InvalidPlaceNumber> {
                let grouped = |c: char| c.is_whitespace() || matches!(c, '.' | '-' | '/');
                let text = raw.trim().chars().filter(|c| !grouped(*c)).collect::<String>().to_ascii_uppercase();
                if $rule(&text) { Ok(Self(text)) } else { Err(InvalidPlaceNumber::$name) }
            }

            /// The number without punctuation.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}

numbers! {
    /// The Brazilian number of a company's place: 12 digits or capital letters and two check digits (Receita Federal, Nota
    /// Cocad 49/2024).
    Cnpj by is_cnpj;
    /// The French number of a company's place: 14 digits, the last by Luhn (for La Poste, a sum of digits that five divides).
    Siret by is_siret;
    /// The French number of a health establishment: nine characters, the last by Luhn. In Corsica, whose numbers begin with `2A`
    /// or `2B`, only the form is checked: no public rule says how the letter counts.
    Finess by is_finess;
}

fn is_cnpj(text: &str) -> bool {
    let bytes = text.as_bytes();
    let formed = bytes.len() == 14 && bytes.iter().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    let values: Vec<u32> = bytes.iter().map(|c| u32::from(*c).saturating_sub(48)).collect();
    let [body @ .., second] = values.as_slice() else { return false };
    let [base @ .., first] = body else { return false };
    formed && values.iter().any(|value| *value > 0) && *first == check(base) && *second == check(body)
}

/// The modulo-11 digit of the values, weighed from the end with 2 to 9 and again.
fn check(values: &[u32]) -> u32 {
    let weights = CNPJ_WEIGHTS.iter().rev();
    match values.iter().rev().zip(weights).map(|(value, weight)| value * weight).sum::<u32>() % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

fn is_siret(text: &str) -> bool {
    let Some(digits) = digits(text).filter(|digits| digits.len() == 14) else { return false };
    let sum: u32 = digits.iter().sum();
    sum > 0 && (luhn(&digits) || (text.starts_with(LA_POSTE) && sum.is_multiple_of(5)))
}

fn is_finess(text: &str) -> bool {
    let corsican = text.strip_prefix("2A").or_else(|| text.strip_prefix("2B"));
    match (digits(corsican.unwrap_or(text)), corsican) {
        (Some(rest), Some(_)) => rest.len() == 7,
        (Some(all), None) => all.len() == 9 && luhn(&all) && all.iter().any(|digit| *digit > 0),
        (None, _) => false,
    }
}

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10)).collect()
}

/// True when the last digit is Luhn's of the others.
pub(super) fn luhn(digits: &[u32]) -> bool {
    let weighed = digits.iter().rev().enumerate().map(|(place, digit)| match (place % 2, digit * 2) {
        (0, _) => *digit,
        (_, doubled) => doubled / 10 + doubled % 10,
    });
    weighed.sum::<u32>() % 10 == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cnpjs_are_numeric_or_alphanumeric() {
        for raw in
            ["11.222.333/0001-81", "23693443000100", "07.195.358/0001-66", "12.ABC.345/01DE-35", "12abc34501de35"]
        {
            assert!(Cnpj::parse(raw).is_ok(), "{raw}");
        }
        for raw in [
            "",
            "11.222.333/0001-82",
            "11111111111111",
            "12ABC34501DE36",
            "12ABC34501DE3A",
            "00000000000000",
            "1122233300018",
        ] {
            assert_eq!(Cnpj::parse(raw), Err(InvalidPlaceNumber::Cnpj), "{raw}");
        }
        assert_eq!(Cnpj::parse("12.abc.345/01de-35").unwrap().as_str(), "12ABC34501DE35");
    }

    #[test]
    fn sirets_have_fourteen_digits() {
        for raw in ["479 461 675 00049", "50397442000021", "8 1 0 2 4 7 3 8 7 0 0 0 1 4"] {
            assert!(Siret::parse(raw).is_ok(), "{raw}");
        }
        for raw in ["", "479 461 675 00048", "00000000000000", "5039744200002", "5039744200002A"] {
            assert_eq!(Siret::parse(raw), Err(InvalidPlaceNumber::Siret), "{raw}");
        }
        assert!(Siret::parse("35600000000048").is_ok(), "the seat of La Poste");
        assert!(Siret::parse("35600000049837").is_ok(), "a post office");
        assert!(Siret::parse("35600000049838").is_err());
    }

    #[test]
    fn finess_numbers_have_nine_characters() {
        for raw in ["750712184", "75 071 218 4", "010780054", "2A0000014", "2b0000020"] {
            assert!(Finess::parse(raw).is_ok(), "{raw}");
        }
        for raw in ["", "750712185", "000000000", "75071218", "2C0000014", "2A000001X"] {
            assert_eq!(Finess::parse(raw), Err(InvalidPlaceNumber::Finess), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn a_base_has_one_pair_of_check_digits(base in "[0-9A-Z]{12}") {
            prop_assume!(base != "000000000000");
            let right = (0..100).filter(|check| Cnpj::parse(&format!("{base}{check:02}")).is_ok()).count();
            prop_assert_eq!(right, 1);
        }

        #[test]
        fn what_is_read_is_canonical(raw in "\\PC{0,24}") {
            if let Ok(cnpj) = Cnpj::parse(&raw) {
                prop_assert_eq!(Cnpj::parse(cnpj.as_str()), Ok(cnpj.clone()));
            }
        }
    }
}
