//! The Brazilian number of a company, with the alphanumeric base in force since July 2026.

use thiserror::Error;

use super::digits::{mod11_digit, without_punctuation};
use super::redacted::redacted_debug;

const FIRST_WEIGHTS: [u32; 12] = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
const SECOND_WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

/// A CNPJ with right check digits: 12 digits or capital letters and two digits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cnpj(String);

/// Why a text is no CNPJ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CnpjError {
    /// Something else than digits, letters and punctuation is in it, or a check digit is no digit.
    #[error("a CNPJ consists of 12 letters or digits and two digits")]
    NotAlphanumeric,
    /// It has not 14 characters.
    #[error("a CNPJ has 14 characters")]
    WrongLength,
    /// It is all zeros, which the sums let pass.
    #[error("a CNPJ of zeros does not exist")]
    Zeros,
    /// The last two digits do not follow from the others.
    #[error("the check digits of the CNPJ are wrong")]
    CheckDigits,
}

redacted_debug!(Cnpj);

impl Cnpj {
    /// Reads a CNPJ with or without punctuation, in either case.
    pub fn parse(raw: &str) -> Result<Self, CnpjError> {
        let text = without_punctuation(raw).to_ascii_uppercase();
        if !text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
            return Err(CnpjError::NotAlphanumeric);
        }
        // Receita Federal, Nota Cocad 49/2024: the value of a character is its ASCII code minus 48.
        let values: Vec<u32> = text.bytes().map(|byte| u32::from(byte) - 48).collect();
        let [body @ .., second] = values.as_slice() else { return Err(CnpjError::WrongLength) };
        let [base @ .., first] = body else { return Err(CnpjError::WrongLength) };
        if base.len() != FIRST_WEIGHTS.len() {
            return Err(CnpjError::WrongLength);
        }
        if *first > 9 || *second > 9 {
            return Err(CnpjError::NotAlphanumeric);
        }
        if values.iter().all(|value| *value == 0) {
            return Err(CnpjError::Zeros);
        }
        if *first != mod11_digit(base, &FIRST_WEIGHTS) || *second != mod11_digit(body, &SECOND_WEIGHTS) {
            return Err(CnpjError::CheckDigits);
        }
        Ok(Self(text))
    }

    /// The 14 characters, without punctuation, letters in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pt1_numeric_cnpjs_of_real_companies_are_valid() {
        for raw in [
            "07.195.358/0001-66",
            "11.017.153/0003-20",
            "11.222.333/0001-81",
            "23693443000100",
            "96.051.576/0001-57",
            "00014922000158",
        ] {
            assert!(Cnpj::parse(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn pt1_alphanumeric_cnpjs_are_valid_in_either_case() {
        assert_eq!(Cnpj::parse("12.ABC.345/01DE-35").unwrap().as_str(), "12ABC34501DE35");
        assert_eq!(Cnpj::parse("12.abc.345/01de-35"), Cnpj::parse("12ABC34501DE35"));
        assert!(Cnpj::parse("C1.222.333/0001-67").is_ok());
    }

    #[test]
    fn pt1_wrong_cnpjs_are_refused() {
        for raw in ["11111111111111", "11111111113105", "12432147000147", "26.051.576/0001-57", "12ABC34501DE36"] {
            assert_eq!(Cnpj::parse(raw), Err(CnpjError::CheckDigits), "{raw}");
        }
        for raw in ["", "1112223334445-", "112223330001811"] {
            assert_eq!(Cnpj::parse(raw), Err(CnpjError::WrongLength), "{raw}");
        }
        for raw in ["12.ABC.345/01DE-3A", "12.ÁBC.345/01DE-35", "12_ABC345_01DE35"] {
            assert_eq!(Cnpj::parse(raw), Err(CnpjError::NotAlphanumeric), "{raw}");
        }
        assert_eq!(Cnpj::parse("00.000.000/0000-00"), Err(CnpjError::Zeros));
    }

    proptest! {
        #[test]
        fn pt1_each_alphanumeric_base_has_exactly_one_pair_of_check_digits(base in "[0-9A-Z]{12}") {
            prop_assume!(base != "000000000000");
            let valid = (0..100).filter(|check| Cnpj::parse(&format!("{base}{check:02}")).is_ok()).count();
            prop_assert_eq!(valid, 1);
        }

        #[test]
        fn any_text_is_answered_and_what_is_read_is_canonical(raw in "\\PC{0,24}") {
            if let Ok(cnpj) = Cnpj::parse(&raw) {
                prop_assert_eq!(Cnpj::parse(cnpj.as_str()), Ok(cnpj.clone()));
            }
        }
    }
}
