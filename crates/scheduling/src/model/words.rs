//! Texts that people type: names and notes, trimmed and bounded.

use std::fmt;

use kernel::Reach;
use thiserror::Error;

/// Why a text was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// More characters than the field holds.
    #[error("the text is too long")]
    TooLong,
    /// Control characters, or others than the field takes.
    #[error("the text has characters that do not belong there")]
    Characters,
}

impl TextError {
    /// The stable code of the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "required",
            Self::TooLong => "too_long",
            Self::Characters => "invalid_characters",
        }
    }
}

/// A name that is no secret (of a service, a profession, a council): one line of 1 to 200 characters, trimmed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

/// A person's name: one line of 1 to 200 characters, trimmed; never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// Free text about a patient or a visit: 1 to 4000 characters, trimmed, lines allowed; never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Note(String);

/// Where a booking came from: a short code such as `staff`, `phone` or `whatsapp`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BookingOrigin(String);

impl Label {
    /// Reads a one-line name.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        bounded(text, 200, |_| false).map(Self)
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PersonName {
    /// Reads a one-line name.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        bounded(text, 200, |_| false).map(Self)
    }

    /// The name itself, for answers to those who may see it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Note {
    /// Reads free text; line feeds and tabs are kept.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        bounded(text, 4000, |c| matches!(c, '\n' | '\r' | '\t')).map(Self)
    }

    /// The text itself, for answers to those who may see it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl BookingOrigin {
    /// The origin where a request does not say: `patient` for patients and caregivers, `staff` for all others.
    pub fn of(reach: Reach) -> Self {
        Self(if reach.is_patient_side() { "patient" } else { "staff" }.to_owned())
    }

    /// Reads a code of 1 to 40 lower-case letters, digits and underscores.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let code = bounded(text, 40, |_| false)?;
        if code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            Ok(Self(code))
        } else {
            Err(TextError::Characters)
        }
    }

    /// The code itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Note(…)")
    }
}

fn bounded(text: &str, longest: usize, allowed: impl Fn(char) -> bool) -> Result<String, TextError> {
    let text = text.trim();
    if text.is_empty() {
        Err(TextError::Empty)
    } else if text.chars().nth(longest).is_some() {
        Err(TextError::TooLong)
    } else if text.chars().any(|c| c.is_control() && !allowed(c)) {
        Err(TextError::Characters)
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(Label::parse("  Consulta  ").unwrap().as_str(), "Consulta");
        assert_eq!(Label::parse(" \t "), Err(TextError::Empty));
        assert_eq!(Label::parse("a\0b"), Err(TextError::Characters));
        assert!(Label::parse(&"ã".repeat(200)).is_ok());
        assert_eq!(Label::parse(&"ã".repeat(201)), Err(TextError::TooLong));
    }

    #[test]
    fn notes_keep_their_lines() {
        assert_eq!(Note::parse("one\ntwo").unwrap().expose(), "one\ntwo");
        assert_eq!(Note::parse("one\u{7}two").unwrap_err(), TextError::Characters);
    }

    #[test]
    fn personal_text_is_not_in_debug_output() {
        let shown = format!("{:?} {:?}", PersonName::parse("Ana Souza").unwrap(), Note::parse("knee pain").unwrap());
        assert!(!shown.contains("Ana") && !shown.contains("knee"), "{shown}");
    }

    #[test]
    fn an_origin_is_a_short_code() {
        assert_eq!(BookingOrigin::parse("whatsapp").unwrap().as_str(), "whatsapp");
        assert_eq!(BookingOrigin::parse("By phone"), Err(TextError::Characters));
        let caregiver = Reach::Linked(kernel::ids::MembershipId::from_uuid(uuid::Uuid::nil()));
        assert_eq!([Reach::Company, caregiver].map(|reach| BookingOrigin::of(reach).0), ["staff", "patient"]);
    }
}
