//! Telephone numbers: kept as typed, and as E.164 where one can be derived.

use phonenumber::country::Source;
use phonenumber::{Mode, PhoneNumber};
use thiserror::Error;

use super::country::Country;
use super::ninth_digit;
use super::redacted::redacted_debug;
use super::text::{TextError, line};

/// The most characters of a number as typed.
const LONGEST: usize = 64;
/// The most digits of an international number (E.164).
const LONGEST_E164: usize = 15;
/// From here on a letter or separator begins something else: an extension, a second number, a remark.
const ENOUGH_DIGITS: usize = 8;

/// A telephone number as typed, with its E.164 form where one can be derived; Brazilian mobiles with their ninth digit.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone {
    raw: String,
    e164: Option<String>,
}

/// Why a text is no telephone number; no table of valid numbers refuses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PhoneError {
    /// There is no digit in it.
    #[error("a telephone number has digits")]
    NoDigits,
    /// It has more than 64 characters.
    #[error("the telephone number is too long")]
    TooLong,
    /// A control character is in it.
    #[error("the telephone number holds a control character")]
    ControlCharacter,
    /// It is a business-scoped user id such as `US.1234`, which only looks like one.
    #[error("a user id is no telephone number")]
    UserId,
}

redacted_debug!(Phone);

impl Phone {
    /// Reads a number as people type it in a country: national, or international with `+`, `00` or the country's code.
    pub fn parse(raw: &str, country: Country) -> Result<Self, PhoneError> {
        let raw = typed(raw)?;
        let dialled = dialled(&raw);
        let mut readings = international_after_zeros(&dialled);
        readings.extend(national_readings(&dialled, country));
        let e164 = best(&readings, country, dialled.starts_with('+'));
        Ok(Self { raw, e164 })
    }

    /// Reads the `wa_id` of a messaging provider: an international number without `+`, sometimes without the ninth digit.
    pub fn parse_wa_id(raw: &str) -> Result<Self, PhoneError> {
        let raw = typed(raw)?;
        let digits: String = ascii_digits(&raw);
        let e164 = read(None, &format!("+{digits}")).map(|number| canonical(&number)).filter(|e164| fits(e164));
        Ok(Self { raw, e164 })
    }

    /// Reads what people type as a `WhatsApp` number: as [`Phone::parse`], and where that yields no real number, as a `wa_id`.
    pub fn parse_whatsapp(raw: &str, country: Country) -> Result<Self, PhoneError> {
        let national = Self::parse(raw, country)?;
        if national.is_known_valid() {
            return Ok(national);
        }
        let international = Self::parse_wa_id(raw)?;
        Ok(if international.is_known_valid() { international } else { national })
    }

    /// A number as it was stored.
    pub fn from_stored(raw: String, e164: Option<String>) -> Self {
        Self { raw, e164 }
    }

    /// The number as typed, trimmed; messages go to this form.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// `+`, country code and national number, Brazilian mobiles with their ninth digit.
    pub fn e164(&self) -> Option<&str> {
        self.e164.as_deref()
    }

    /// The E.164 forms under which the same line may be known, the canonical one first; empty without E.164.
    pub fn match_keys(&self) -> Vec<String> {
        let Some(e164) = &self.e164 else { return Vec::new() };
        std::iter::once(e164.clone()).chain(ninth_digit::dropped(e164)).collect()
    }

    /// The digit strings that the search text holds, so that any run of digits of any usual form is found.
    pub fn search_digits(&self) -> Vec<String> {
        let mut forms: Vec<String> = self.match_keys().iter().map(|key| ascii_digits(key)).collect();
        if let Some(number) = self.e164().and_then(|e164| read(None, e164)) {
            forms.push(ascii_digits(&number.format().mode(Mode::National).to_string()));
        }
        forms.push(ascii_digits(&self.raw));
        let mut kept: Vec<String> = Vec::new();
        for form in forms {
            if !kept.iter().any(|longer| longer.contains(&form)) {
                kept.push(form);
            }
        }
        kept
    }

    fn is_known_valid(&self) -> bool {
        self.e164().and_then(|e164| read(None, e164)).is_some_and(|number| number.is_valid())
    }
}

fn typed(raw: &str) -> Result<String, PhoneError> {
    let raw = match line(raw, LONGEST) {
        Ok(raw) => raw,
        Err(TextError::Empty) => return Err(PhoneError::NoDigits),
        Err(TextError::TooLong) => return Err(PhoneError::TooLong),
        Err(TextError::ControlCharacter) => return Err(PhoneError::ControlCharacter),
    };
    if is_user_id(&raw) {
        return Err(PhoneError::UserId);
    }
    if !raw.contains(|c: char| c.is_ascii_digit()) {
        return Err(PhoneError::NoDigits);
    }
    Ok(raw)
}

/// True for two letters, a dot, and letters or digits: the ids that providers give to users who hide their number.
pub(super) fn is_user_id(raw: &str) -> bool {
    raw.split_once('.').is_some_and(|(country, id)| {
        country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_alphabetic())
            && !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn ascii_digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The digits of the first number in the text, with `+` in front when one was typed before them.
fn dialled(raw: &str) -> String {
    let mut dialled = String::new();
    let mut digits = 0;
    for c in raw.chars() {
        if c.is_ascii_digit() {
            dialled.push(c);
            digits += 1;
        } else if c == '+' && dialled.is_empty() {
            dialled.push(c);
        } else if digits >= ENOUGH_DIGITS && (c.is_alphabetic() || matches!(c, '/' | ';' | ',' | '#' | '+')) {
            break;
        }
    }
    dialled
}

fn read(country: Option<Country>, dialled: &str) -> Option<PhoneNumber> {
    phonenumber::parse(country.map(Country::id), dialled).ok()
}

fn international_after_zeros(dialled: &str) -> Vec<PhoneNumber> {
    let international = dialled.strip_prefix("00").and_then(|rest| read(None, &format!("+{rest}")));
    international.filter(PhoneNumber::is_valid).into_iter().collect()
}

/// The ways to understand a number dialled in a country, the likeliest first.
fn national_readings(dialled: &str, country: Country) -> Vec<PhoneNumber> {
    if dialled.starts_with('+') {
        return read(None, dialled).into_iter().collect();
    }
    let Some(number) = read(Some(country), dialled) else { return Vec::new() };
    if number.code().source() != Source::Number {
        return vec![number];
    }
    // The library took leading digits for the country's own code, but area 55 of Brazil begins with them too.
    let whole = read(None, &format!("+{}{dialled}", number.code().value()));
    whole.into_iter().chain([number]).collect()
}

/// The canonical form of the first reading that is a real number, else of the first plausible one.
fn best(readings: &[PhoneNumber], country: Country, is_international: bool) -> Option<String> {
    let candidates: Vec<String> = readings.iter().map(canonical).filter(|e164| fits(e164)).collect();
    let valid = candidates.iter().find(|e164| read(None, e164).is_some_and(|number| number.is_valid()));
    let plausible = || candidates.iter().find(|e164| is_international || is_plausible(e164, country));
    valid.or_else(plausible).cloned()
}

fn canonical(number: &PhoneNumber) -> String {
    ninth_digit::added(number.format().mode(Mode::E164).to_string())
}

fn fits(e164: &str) -> bool {
    (ENOUGH_DIGITS..=LONGEST_E164).contains(&ascii_digits(e164).len())
}

/// True for a length that the country's numbers have, for lines newer than the library's table; Brazil with its area code.
fn is_plausible(e164: &str, country: Country) -> bool {
    if let Some(national) = ninth_digit::brazilian_national(e164) {
        return ninth_digit::has_shape_of_a_line(national);
    }
    let metadata = phonenumber::metadata::DATABASE.by_id(country.as_str());
    metadata.is_some_and(|metadata| {
        let code = metadata.country_code().to_string();
        let national = e164.strip_prefix('+').and_then(|digits| digits.strip_prefix(code.as_str()));
        let lengths = metadata.descriptors().general().possible_length();
        national.is_some_and(|national| lengths.iter().any(|length| usize::from(*length) == national.len()))
    })
}

#[cfg(test)]
#[path = "phone_tests.rs"]
mod tests;
