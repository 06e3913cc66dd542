//! Codes of the scheduling context: `scheduling.reason`.

use super::Meaning;

/// The codes, in alphabetical order. A line is `meaning(code, [title in en, pt, fr], [advice in en, pt, fr])`.
pub const CODES: &[Meaning] = &[];
