//! Numbers as people and spreadsheets write them in text.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::cell::Damage;

/// What separates the fraction of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

/// Why a text is not taken as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberError {
    /// It is none.
    #[error("not a number")]
    NotANumber,
    /// It may be thousands or a fraction, and nothing in its column tells: `1.234`.
    #[error("thousands or a fraction")]
    Ambiguous,
    /// A spreadsheet has damaged it.
    #[error("a spreadsheet damaged this number")]
    Damaged(Damage),
}

impl DecimalMark {
    fn byte(self) -> u8 {
        match self {
            Self::Point => b'.',
            Self::Comma => b',',
        }
    }
}

/// The number as plain digits with a decimal point; `mark` is what its column says of its values. A leading `R$`, `$` or
/// `€` is left out, and blanks and apostrophes may separate thousands. Nothing is guessed: what has two readings is refused.
pub fn read_number(text: &str, mark: Option<DecimalMark>) -> Result<String, NumberError> {
    if let Some(damage) = damage_of(text) {
        return Err(NumberError::Damaged(damage));
    }
    let (negative, bare) = bare(text).ok_or(NumberError::NotANumber)?;
    let Some(separator) = decimal_separator(&bare, mark)? else {
        let whole = ungrouped(&bare).ok_or(NumberError::NotANumber)?;
        return Ok(joined(negative, &whole, ""));
    };
    let (whole, fraction) = bare.rsplit_once(char::from(separator)).ok_or(NumberError::NotANumber)?;
    let whole = if whole.is_empty() { Some(String::from("0")) } else { ungrouped(whole) };
    match whole {
        Some(whole) if !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(joined(negative, &whole, fraction))
        }
        _ => Err(NumberError::NotANumber),
    }
}

/// The decimal mark that a text's own digits prove, if they prove one.
pub(super) fn proven_mark(text: &str) -> Option<DecimalMark> {
    if !text.bytes().any(|b| b.is_ascii_digit()) || !text.contains(['.', ',']) || damage_of(text).is_some() {
        return None;
    }
    let (_, bare) = bare(text)?;
    let separator = decimal_separator(&bare, None).ok()??;
    read_number(text, None).ok()?;
    Some(if separator == b',' { DecimalMark::Comma } else { DecimalMark::Point })
}

/// What a spreadsheet did to the number in a text, if it did.
pub(super) fn damage_of(text: &str) -> Option<Damage> {
    let first = *text.as_bytes().first()?;
    if first == b'#' {
        return (text.len() >= 3 && text.bytes().all(|b| b == b'#')).then_some(Damage::Hidden);
    }
    if !first.is_ascii_digit() && !matches!(first, b'-' | b'+' | b'.' | b',') {
        return None;
    }
    if has_exponent(text) {
        return Some(Damage::Exponent);
    }
    let unsigned = text.trim_start_matches(['-', '+']);
    [b'.', b','].into_iter().any(|mark| is_noise_in_groups(unsigned, mark)).then_some(Damage::Grouped)
}

/// More than fifteen digits, all in groups of three: no spreadsheet's number is that long, but the noise of a fraction is.
fn is_noise_in_groups(text: &str, mark: u8) -> bool {
    let mut groups = text.split(char::from(mark));
    let head = groups.next().unwrap_or("");
    let only_digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (1..=3).contains(&head.len())
        && only_digits(head)
        && digits > 15
        && groups.all(|group| group.len() == 3 && only_digits(group))
}

fn has_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return false;
    };
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    (1..=3).contains(&exponent.len())
        && exponent.bytes().all(|b| b.is_ascii_digit())
        && mantissa.starts_with(|c: char| c.is_ascii_digit())
        && mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
}

/// The sign, and the digits with their separators.
fn bare(text: &str) -> Option<(bool, String)> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let text = ["R$", "$", "€"].iter().find_map(|sign| text.strip_prefix(sign)).unwrap_or(text).trim_start();
    let begins_well = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let only = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '\u{a0}' | '\u{202f}' | '\'');
    (begins_well && text.chars().all(only)).then(|| (negative, text.to_owned()))
}

/// Which of the two marks the fraction begins with; none when the number is whole.
fn decimal_separator(bare: &str, mark: Option<DecimalMark>) -> Result<Option<u8>, NumberError> {
    let points = bare.bytes().filter(|b| *b == b'.').count();
    let commas = bare.bytes().filter(|b| *b == b',').count();
    match (points, commas) {
        (1, 0) => single(bare, b'.', mark),
        (0, 1) => single(bare, b',', mark),
        (_, 0) | (0, _) => Ok(None),
        _ => {
            let last = bare.bytes().rev().find(|b| matches!(b, b'.' | b','));
            match last {
                Some(b'.') if points == 1 => Ok(Some(b'.')),
                Some(b',') if commas == 1 => Ok(Some(b',')),
                _ => Err(NumberError::NotANumber),
            }
        }
    }
}

/// One separator alone: three digits behind it may be thousands, unless what stands before it says otherwise.
fn single(bare: &str, separator: u8, mark: Option<DecimalMark>) -> Result<Option<u8>, NumberError> {
    let (whole, fraction) = bare.split_once(char::from(separator)).ok_or(NumberError::NotANumber)?;
    let could_be_thousands = fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    match mark {
        _ if !could_be_thousands => Ok(Some(separator)),
        Some(mark) if mark.byte() == separator => Ok(Some(separator)),
        Some(_) => Ok(None),
        None => Err(NumberError::Ambiguous),
    }
}

/// The digits of a whole number, its thousands either not separated at all or all by the same sign.
fn ungrouped(text: &str) -> Option<String> {
    let Some(separator) = text.chars().find(|c| !c.is_ascii_digit()) else {
        return (!text.is_empty()).then(|| text.to_owned());
    };
    let mut groups = text.split(separator);
    let head = groups.next()?;
    let good = (1..=3).contains(&head.len())
        && text.chars().all(|c| c.is_ascii_digit() || c == separator)
        && groups.all(|group| group.len() == 3);
    good.then(|| text.chars().filter(char::is_ascii_digit).collect())
}

fn joined(negative: bool, whole: &str, fraction: &str) -> String {
    let sign = if negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMA: Option<DecimalMark> = Some(DecimalMark::Comma);
    const POINT: Option<DecimalMark> = Some(DecimalMark::Point);

    #[test]
    fn pt8_decimal_commas_and_points_are_read_by_their_column() {
        for (text, mark, number) in [
            ("1.234,56", None, "1234.56"),
            ("1,234.56", None, "1234.56"),
            ("R$ 1.334,88", None, "1334.88"),
            ("-3,5", None, "-3.5"),
            ("0,125", None, "0.125"),
            ("1.234", COMMA, "1234"),
            ("1.234", POINT, "1.234"),
            ("1.234.567", None, "1234567"),
            ("1 234 567,8", None, "1234567.8"),
            (",5", None, "0.5"),
            ("007", None, "007"),
        ] {
            assert_eq!(read_number(text, mark).as_deref(), Ok(number), "{text}");
        }
        assert_eq!(read_number("1.234", None), Err(NumberError::Ambiguous));
        for text in ["", "12a", "1.2.3", "1,2,3.4", "--1", "R$", "1..2", "."] {
            assert_eq!(read_number(text, None), Err(NumberError::NotANumber), "{text}");
        }
    }

    #[test]
    fn pt8_damaged_numbers_are_refused() {
        for (text, damage) in [
            ("13.348.799.999.999.900", Damage::Grouped),
            ("-1.334.879.999.999.990", Damage::Grouped),
            ("13,348,799,999,999,900", Damage::Grouped),
            ("9377952927E-5", Damage::Exponent),
            ("1,23457E+10", Damage::Exponent),
            ("########", Damage::Hidden),
        ] {
            assert_eq!(read_number(text, COMMA), Err(NumberError::Damaged(damage)), "{text}");
        }
        assert_eq!(read_number("999.999.999.999.999", None).as_deref(), Ok("999999999999999"));
    }

    #[test]
    fn pt8_what_is_no_number_has_no_damage() {
        for text in ["E5", "12E", "1E2345", "Rua E 5", "#1", "13.348.799.999.999.90", "529.982.247-25"] {
            assert_eq!(damage_of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn pt8_both_ways_to_write_a_number_give_the_same(whole in 0_u64..1_000_000_000_000, cents in 0_u8..100) {
            let mut grouped = String::new();
            let digits = whole.to_string();
            for (i, digit) in digits.chars().enumerate() {
                if i > 0 && (digits.len() - i) % 3 == 0 {
                    grouped.push('.');
                }
                grouped.push(digit);
            }
            let brazilian = format!("{grouped},{cents:02}");
            let american = brazilian.replace(',', "#").replace('.', ",").replace('#', ".");
            let plain = format!("{whole}.{cents:02}");
            prop_assert_eq!(read_number(&brazilian, None), Ok(plain.clone()));
            prop_assert_eq!(read_number(&american, None), Ok(plain));
        }

        #[test]
        fn pt8_no_text_breaks_the_reading_of_numbers(text in "\\PC*") {
            if let Ok(number) = read_number(&text, None) {
                prop_assert!(number.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()));
            }
        }
    }
}
