//! The Brazilian taxpayer number of a person.

use thiserror::Error;

use super::digits::{digit_values, mod11_digit, without_punctuation};
use super::redacted::redacted_debug;

const FIRST_WEIGHTS: [u32; 9] = [10, 9, 8, 7, 6, 5, 4, 3, 2];
const SECOND_WEIGHTS: [u32; 10] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];

/// A CPF with right check digits, as 11 digits with leading zeros; never proof of identity.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cpf(String);

/// Why a text is no CPF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CpfError {
    /// Something else than digits and punctuation is in it.
    #[error("a CPF consists of digits")]
    NotDigits,
    /// It has not 11 digits.
    #[error("a CPF has 11 digits")]
    WrongLength,
    /// All its digits are the same, which the sums let pass.
    #[error("a CPF of one repeated digit does not exist")]
    Repeated,
    /// The last two digits do not follow from the others.
    #[error("the check digits of the CPF are wrong")]
    CheckDigits,
}

redacted_debug!(Cpf);

impl Cpf {
    /// Reads a CPF with or without punctuation.
    pub fn parse(raw: &str) -> Result<Self, CpfError> {
        let text = without_punctuation(raw);
        let digits = digit_values(&text).ok_or(CpfError::NotDigits)?;
        let [body @ .., second] = digits.as_slice() else { return Err(CpfError::WrongLength) };
        let [base @ .., first] = body else { return Err(CpfError::WrongLength) };
        if base.len() != FIRST_WEIGHTS.len() {
            return Err(CpfError::WrongLength);
        }
        if digits.iter().all(|digit| digit == second) {
            return Err(CpfError::Repeated);
        }
        if *first != mod11_digit(base, &FIRST_WEIGHTS) || *second != mod11_digit(body, &SECOND_WEIGHTS) {
            return Err(CpfError::CheckDigits);
        }
        Ok(Self(text))
    }

    /// The 11 digits, without punctuation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pt1_valid_cpfs_are_read_with_and_without_punctuation() {
        for raw in ["15886489070", "400.448.260-79", "52513127765", "981.366.228-09", "11111111200", " 093 808 260-44 "]
        {
            assert!(Cpf::parse(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn pt1_cpf_is_kept_as_digits_with_leading_zeros() {
        assert_eq!(Cpf::parse("093.808.260-44").unwrap().as_str(), "09380826044");
    }

    #[test]
    fn pt1_wrong_check_digits_are_refused() {
        for raw in ["11144477705", "11144477732", "200.448.260-79", "333.782.710-00"] {
            assert_eq!(Cpf::parse(raw), Err(CpfError::CheckDigits), "{raw}");
        }
    }

    #[test]
    fn pt1_repeated_digit_cpf_is_refused() {
        for digit in '0'..='9' {
            let raw: String = std::iter::repeat_n(digit, 11).collect();
            assert_eq!(Cpf::parse(&raw), Err(CpfError::Repeated), "{raw}");
        }
    }

    #[test]
    fn pt1_wrong_lengths_and_letters_are_refused() {
        for raw in ["", "1", "99800-1926", "9380826044", "093808260440"] {
            assert_eq!(Cpf::parse(raw), Err(CpfError::WrongLength), "{raw}");
        }
        for raw in ["4004482607a", "٤٠٠٤٤٨٢٦٠٧٩", "+40044826079"] {
            assert_eq!(Cpf::parse(raw), Err(CpfError::NotDigits), "{raw}");
        }
    }

    #[test]
    fn debug_shows_no_digit() {
        assert_eq!(format!("{:?}", Cpf::parse("15886489070").unwrap()), "Cpf(..)");
    }

    proptest! {
        #[test]
        fn pt1_each_base_has_exactly_one_pair_of_check_digits(base in 0_u32..1_000_000_000) {
            let valid: Vec<String> = (0..100)
                .map(|check| format!("{base:09}{check:02}"))
                .filter(|raw| Cpf::parse(raw).is_ok())
                .collect();
            let repeated = base.is_multiple_of(111_111_111);
            prop_assert_eq!(valid.len(), usize::from(!repeated));
        }

        #[test]
        fn any_text_is_answered_and_what_is_read_is_canonical(raw in "\\PC{0,24}") {
            if let Ok(cpf) = Cpf::parse(&raw) {
                prop_assert_eq!(Cpf::parse(cpf.as_str()), Ok(cpf.clone()));
            }
        }
    }
}
