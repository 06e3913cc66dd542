//! The Brazilian national health card.

use thiserror::Error;

use super::digits::{digit_values, weighted_sum, without_punctuation};
use super::redacted::redacted_debug;

const LENGTH: usize = 15;
const WEIGHTS: [u32; LENGTH] = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];

/// A CNS with a right sum, as 15 digits: definitive (first digit 1 or 2) or provisional (7, 8, 9).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cns(String);

/// Why a text is no CNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CnsError {
    /// Something else than digits and punctuation is in it.
    #[error("a CNS consists of digits")]
    NotDigits,
    /// It has not 15 digits.
    #[error("a CNS has 15 digits")]
    WrongLength,
    /// Its first digit is none of 1, 2, 7, 8, 9.
    #[error("a CNS starts with 1, 2, 7, 8 or 9")]
    FirstDigit,
    /// Its weighted sum, or the suffix of a definitive number, is wrong.
    #[error("the check digits of the CNS are wrong")]
    CheckDigits,
}

redacted_debug!(Cns);

impl Cns {
    /// Reads a CNS with or without punctuation.
    pub fn parse(raw: &str) -> Result<Self, CnsError> {
        let text = without_punctuation(raw);
        let digits = digit_values(&text).ok_or(CnsError::NotDigits)?;
        let [first, ..] = digits.as_slice() else { return Err(CnsError::WrongLength) };
        if digits.len() != LENGTH {
            return Err(CnsError::WrongLength);
        }
        let sound = match first {
            1 | 2 => has_definitive_suffix(&digits),
            7..=9 => true,
            _ => return Err(CnsError::FirstDigit),
        };
        if !sound || !weighted_sum(&digits, &WEIGHTS).is_multiple_of(11) {
            return Err(CnsError::CheckDigits);
        }
        Ok(Self(text))
    }

    /// The 15 digits, without punctuation.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True when the last four digits are the ones that a definitive number derives from its first eleven (DATASUS).
fn has_definitive_suffix(digits: &[u32]) -> bool {
    let [base @ .., a, b, c, d] = digits else { return false };
    let sum = weighted_sum(base, &WEIGHTS);
    let expected = match 11 - sum % 11 {
        11 => [0, 0, 0, 0],
        10 => [0, 0, 1, 11 - (sum + 2) % 11],
        digit => [0, 0, 0, digit],
    };
    [*a, *b, *c, *d] == expected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pt1_definitive_and_provisional_cns_are_valid() {
        for raw in [
            "116 3876 9194 0009",
            "140776230420006",
            "174295560290007",
            "254446765170004",
            "773398431180002",
            "892 1623 5477 0008",
        ] {
            assert!(Cns::parse(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn pt1_wrong_cns_are_refused() {
        assert_eq!(Cns::parse(""), Err(CnsError::WrongLength));
        assert_eq!(Cns::parse("11638769194000"), Err(CnsError::WrongLength));
        assert_eq!(Cns::parse("AAAAAAAAAAA"), Err(CnsError::NotDigits));
        assert_eq!(Cns::parse("000000000000000"), Err(CnsError::FirstDigit));
        assert_eq!(Cns::parse("316387691940009"), Err(CnsError::FirstDigit));
        assert_eq!(Cns::parse("111111111111111"), Err(CnsError::CheckDigits));
        assert_eq!(Cns::parse("773398431180003"), Err(CnsError::CheckDigits));
    }

    #[test]
    fn pt1_a_definitive_cns_needs_its_own_suffix_beside_the_sum() {
        // About one suffix in eleven passes the sum; only the derived one belongs to a definitive number.
        let right_sum_only = (0..10_000)
            .map(|suffix| format!("11638769194{suffix:04}"))
            .filter(|raw| weighted_sum(&digit_values(raw).unwrap(), &WEIGHTS).is_multiple_of(11))
            .collect::<Vec<_>>();
        assert!(right_sum_only.len() > 800);
        let read: Vec<_> = right_sum_only.iter().filter(|raw| Cns::parse(raw).is_ok()).collect();
        assert_eq!(read, ["116387691940009"]);
    }

    proptest! {
        #[test]
        fn pt1_each_definitive_base_has_exactly_one_suffix(base in 10_000_000_000_u64..30_000_000_000) {
            let valid = (0..20).filter(|suffix| Cns::parse(&format!("{base}{suffix:04}")).is_ok()).count();
            prop_assert_eq!(valid, 1);
        }

        #[test]
        fn any_text_is_answered_and_what_is_read_is_canonical(raw in "\\PC{0,24}") {
            if let Ok(cns) = Cns::parse(&raw) {
                prop_assert_eq!(Cns::parse(cns.as_str()), Ok(cns.clone()));
            }
        }
    }
}
