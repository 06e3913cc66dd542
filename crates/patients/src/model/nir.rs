//! The French social security number, which is the matricule of the national health identity (INS).

use thiserror::Error;

use super::digits::without_punctuation;
use super::redacted::redacted_debug;

/// A NIR with a right key, as 15 characters: 13 with `2A` or `2B` for Corsica, then the key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Nir(String);

/// Why a text is no NIR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NirError {
    /// It has not 15 characters.
    #[error("a NIR has 13 characters and a key of two digits")]
    WrongLength,
    /// Something else than digits is in it, `2A` or `2B` as the department apart.
    #[error("a NIR consists of digits, but for 2A and 2B")]
    NotDigits,
    /// Its first digit is none of 1, 2, 3, 4, 7, 8.
    #[error("a NIR starts with 1, 2, 3, 4, 7 or 8")]
    FirstDigit,
    /// Its month is neither 01–12 nor one of the fictitious months 20–99.
    #[error("the month of the NIR is wrong")]
    Month,
    /// Its key is wrong.
    #[error("the key of the NIR is wrong")]
    Key,
}

redacted_debug!(Nir);

impl Nir {
    /// Reads a NIR with its key, with or without punctuation, Corsica in either case.
    pub fn parse(raw: &str) -> Result<Self, NirError> {
        let text = without_punctuation(raw).to_ascii_uppercase();
        let (Some(before), Some(department), Some(after), Some(key), 15) =
            (text.get(..5), text.get(5..7), text.get(7..13), text.get(13..), text.len())
        else {
            return Err(if text.is_ascii() { NirError::WrongLength } else { NirError::NotDigits });
        };
        let department = match department {
            "2A" => "19",
            "2B" => "18",
            other => other,
        };
        let body = number(&format!("{before}{department}{after}"))?;
        let key = number(key)?;
        if !before.starts_with(['1', '2', '3', '4', '7', '8']) {
            return Err(NirError::FirstDigit);
        }
        if !matches!(body / 100_000_000 % 100, 1..=12 | 20..=99) {
            return Err(NirError::Month);
        }
        if key != 97 - body % 97 {
            return Err(NirError::Key);
        }
        Ok(Self(text))
    }

    /// The 15 characters, without punctuation, `2A` and `2B` in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of a text of at most 15 digits.
fn number(text: &str) -> Result<u64, NirError> {
    text.chars()
        .try_fold(0, |value, c| c.to_digit(10).map(|digit| value * 10 + u64::from(digit)))
        .ok_or(NirError::NotDigits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_key(body: &str) -> String {
        let n = number(&body.replace("2A", "19").replace("2B", "18")).unwrap();
        format!("{body}{:02}", 97 - n % 97)
    }

    #[test]
    fn pt1_nirs_with_and_without_spaces_are_valid() {
        for raw in [
            "2 84 05 88 321 025 32",
            "1 53 12 45 007 231 60",
            "2 94 03 75 120 005 91",
            "2 84 20 2B 321 025 28",
            "2 84 99 2B 321 025 31",
            "253072A07300443",
        ] {
            assert!(Nir::parse(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn pt1_corsica_is_kept_in_upper_case() {
        assert_eq!(Nir::parse("2 53 07 2a 073 004 43").unwrap().as_str(), "253072A07300443");
    }

    #[test]
    fn pt1_corsican_letters_are_read_at_the_place_of_the_department_only() {
        assert_eq!(Nir::parse("253072C07300443"), Err(NirError::NotDigits));
        assert_eq!(Nir::parse("2B3456789012378"), Err(NirError::NotDigits));
        assert_eq!(Nir::parse("25307202A300443"), Err(NirError::NotDigits));
    }

    #[test]
    fn pt1_wrong_nirs_are_refused() {
        for raw in ["", "2 84 05 88 321 025", "2 84 05 88 321 30", "2 55 08 14 168 025 000"] {
            assert_eq!(Nir::parse(raw), Err(NirError::WrongLength), "{raw}");
        }
        for raw in ["2 55 08 14 168 025 00", "295109912611199"] {
            assert_eq!(Nir::parse(raw), Err(NirError::Key), "{raw}");
        }
        for first in ["0", "5", "6", "9"] {
            assert_eq!(Nir::parse(&with_key(&format!("{first}840588321025"))), Err(NirError::FirstDigit), "{first}");
        }
        for month in ["00", "13", "19"] {
            assert_eq!(Nir::parse(&with_key(&format!("284{month}88321025"))), Err(NirError::Month), "{month}");
        }
        assert_eq!(Nir::parse("+84058832102532"), Err(NirError::NotDigits));
        assert_eq!(Nir::parse("2840588é21025"), Err(NirError::NotDigits));
    }

    #[test]
    fn pt1_temporary_numbers_are_read() {
        assert!(Nir::parse("8 84 05 88 321 025 23").is_ok());
    }

    proptest! {
        #[test]
        fn pt1_any_change_of_one_digit_of_a_nir_is_detected(
            body in "[1-478][0-9]{2}(0[1-9]|1[0-2]|[2-9][0-9])([0-9]{2}|2A|2B)[0-9]{6}",
            place in 0_usize..15,
            step in 1_u8..10,
        ) {
            let nir = with_key(&body);
            prop_assert!(Nir::parse(&nir).is_ok());
            let mut changed = nir.clone().into_bytes();
            if changed[place].is_ascii_digit() {
                changed[place] = b'0' + (changed[place] - b'0' + step) % 10;
                prop_assert!(Nir::parse(&String::from_utf8(changed).unwrap()).is_err());
            }
        }

        #[test]
        fn any_text_is_answered_and_what_is_read_is_canonical(raw in "\\PC{0,24}") {
            if let Ok(nir) = Nir::parse(&raw) {
                prop_assert_eq!(Nir::parse(nir.as_str()), Ok(nir.clone()));
            }
        }
    }
}
