//! Bounded lines of text.

use thiserror::Error;

/// Why a text is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing but space.
    #[error("the text is empty")]
    Empty,
    /// Longer than the field allows.
    #[error("the text is too long")]
    TooLong,
    /// A control character is in it.
    #[error("the text holds a control character")]
    ControlCharacter,
}

impl TextError {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "required",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
        }
    }
}

/// One line of 1 to `longest` characters: trimmed, each run of white space (line breaks too) one space.
pub(super) fn line(raw: &str, longest: usize) -> Result<String, TextError> {
    let folded = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.is_empty() {
        return Err(TextError::Empty);
    }
    if folded.chars().any(char::is_control) {
        return Err(TextError::ControlCharacter);
    }
    if folded.chars().count() > longest {
        return Err(TextError::TooLong);
    }
    Ok(folded)
}

/// As [`line`], where nothing but space counts as absent.
pub(super) fn optional_line(raw: Option<&str>, longest: usize) -> Result<Option<String>, TextError> {
    match raw.map(|raw| line(raw, longest)) {
        None | Some(Err(TextError::Empty)) => Ok(None),
        Some(read) => read.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_folded_and_counted_in_characters() {
        assert_eq!(line("\t João \u{a0}\n da  Silva ", 13), Ok("João da Silva".to_owned()));
        assert_eq!(line("João da Silva", 12), Err(TextError::TooLong));
    }

    #[test]
    fn control_characters_are_refused() {
        assert_eq!(line("a\0b", 10), Err(TextError::ControlCharacter));
        assert_eq!(line("a\u{7f}", 10), Err(TextError::ControlCharacter));
    }

    #[test]
    fn blank_is_absent_where_absence_is_allowed() {
        assert_eq!(line(" \n", 10), Err(TextError::Empty));
        assert_eq!(optional_line(Some(" \n"), 10), Ok(None));
        assert_eq!(optional_line(None, 10), Ok(None));
        assert_eq!(optional_line(Some("x"), 10), Ok(Some("x".to_owned())));
        assert_eq!(optional_line(Some("xy"), 1), Err(TextError::TooLong));
    }
}
