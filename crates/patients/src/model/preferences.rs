//! How a patient wishes to be contacted.

use chrono::NaiveTime;
use kernel::Patch;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::contact::ContactKind;

/// How a patient wishes to be contacted; each part may be absent. Stored as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// The medium.
    pub channel: Option<ContactKind>,
    /// The time of day, in the clinic's zone.
    pub hours: Option<ContactHours>,
    /// The language of messages.
    pub language: Option<Language>,
}

/// A change of them, part by part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PreferencesPatch {
    /// The medium.
    pub channel: Patch<ContactKind>,
    /// The time of day, as a whole.
    pub hours: Patch<ContactHours>,
    /// The language.
    pub language: Patch<Language>,
}

/// A part of the day, half-open, from before to; it does not cross midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactHours {
    from: NaiveTime,
    to: NaiveTime,
}

/// A BCP 47 tag such as `pt-BR`: language, then script, region and variants, in their usual case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

/// Why preferences are not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PreferencesError {
    /// A time is not `HH:MM`.
    #[error("not a time of day")]
    NotATime,
    /// The hours do not end after they begin.
    #[error("the hours are empty")]
    EmptyHours,
    /// No well-formed language tag.
    #[error("not a language tag")]
    NotALanguage,
}

impl PreferencesError {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotATime => "invalid_time",
            Self::EmptyHours => "empty_interval",
            Self::NotALanguage => "invalid_language",
        }
    }
}

impl Preferences {
    /// The preferences after a change.
    #[must_use]
    pub fn patched(self, patch: PreferencesPatch) -> Self {
        Self {
            channel: patch.channel.applied_to(self.channel),
            hours: patch.hours.applied_to(self.hours),
            language: patch.language.applied_to(self.language),
        }
    }
}

impl ContactHours {
    /// Reads two times `HH:MM`.
    pub fn parse(from: &str, to: &str) -> Result<Self, PreferencesError> {
        Self::try_new(time(from)?, time(to)?)
    }

    /// The time from one minute to a later one.
    pub fn try_new(from: NaiveTime, to: NaiveTime) -> Result<Self, PreferencesError> {
        if from < to { Ok(Self { from, to }) } else { Err(PreferencesError::EmptyHours) }
    }

    /// The first minute.
    pub fn from(self) -> NaiveTime {
        self.from
    }

    /// The first minute after.
    pub fn to(self) -> NaiveTime {
        self.to
    }
}

impl Language {
    /// Reads a tag in any case; that the language exists is not checked.
    pub fn parse(raw: &str) -> Result<Self, PreferencesError> {
        let mut subtags = raw.trim().split(['-', '_']);
        let language = subtags.next().unwrap_or_default().to_ascii_lowercase();
        if !matches!(language.len(), 2 | 3) || !language.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Err(PreferencesError::NotALanguage);
        }
        let tag = subtags.try_fold(language, |tag, subtag| Some(format!("{tag}-{}", usual_case(subtag)?)));
        tag.filter(|tag| tag.len() <= 35).map(Self).ok_or(PreferencesError::NotALanguage)
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn time(raw: &str) -> Result<NaiveTime, PreferencesError> {
    match NaiveTime::parse_from_str(raw, "%H:%M") {
        Ok(time) if raw.len() == 5 => Ok(time),
        _ => Err(PreferencesError::NotATime),
    }
}

/// A script as `Latn`, a region as `BR`, all else in lower case (RFC 5646 §2.1.1).
fn usual_case(subtag: &str) -> Option<String> {
    if !(2..=8).contains(&subtag.len()) || !subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let lower = subtag.to_ascii_lowercase();
    match lower.split_at_checked(1) {
        Some((first, rest)) if lower.len() == 4 => Some(format!("{}{rest}", first.to_ascii_uppercase())),
        _ if lower.len() == 2 => Some(lower.to_ascii_uppercase()),
        _ => Some(lower),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_kept_in_their_usual_case() {
        for (raw, tag) in [("PT_br", "pt-BR"), ("fr", "fr"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419")] {
            assert_eq!(Language::parse(raw).unwrap().as_str(), tag);
        }
        for raw in ["", "p", "port", "pt-", "pt-B", "pt BR", "pt-BR-aaaaaaaaa", "ç1"] {
            assert_eq!(Language::parse(raw), Err(PreferencesError::NotALanguage), "{raw}");
        }
    }

    #[test]
    fn hours_end_after_they_begin() {
        let hours = ContactHours::parse("09:00", "12:30").unwrap();
        assert_eq!((hours.from().to_string(), hours.to().to_string()), ("09:00:00".to_owned(), "12:30:00".to_owned()));
        assert_eq!(ContactHours::parse("09:00", "09:00"), Err(PreferencesError::EmptyHours));
        for (from, to) in [("9:00", "12:00"), ("09:00", "24:00"), ("09:00:00", "12:00"), ("", "12:00")] {
            assert_eq!(ContactHours::parse(from, to), Err(PreferencesError::NotATime), "{from} {to}");
        }
    }

    #[test]
    fn c3_a_change_names_parts() {
        let present =
            Preferences { channel: Some(ContactKind::Email), hours: None, language: Language::parse("pt-BR").ok() };
        let patch = PreferencesPatch {
            channel: Patch::Clear,
            hours: Patch::Set(ContactHours::parse("09:00", "12:30").unwrap()),
            language: Patch::Keep,
        };
        let changed = present.patched(patch);
        assert_eq!((changed.channel, changed.hours.is_some()), (None, true));
        assert_eq!(changed.language.unwrap().as_str(), "pt-BR");
    }

    #[test]
    fn the_stored_form_reads_back() {
        let preferences = Preferences {
            channel: Some(ContactKind::Whatsapp),
            hours: ContactHours::parse("09:00", "12:30").ok(),
            language: Language::parse("pt-BR").ok(),
        };
        let json = serde_json::to_value(&preferences).unwrap();
        assert_eq!((&json["channel"], &json["language"]), (&"whatsapp".into(), &"pt-BR".into()));
        assert_eq!(serde_json::from_value::<Preferences>(json).unwrap(), preferences);
    }
}
