//! What the format of a cell says of the number in it.

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As a number.
    Number,
    /// With zeros before it, up to so many digits: `000.000.000-00`.
    Padded(usize),
    /// As a day, a time, or both.
    Moment,
    /// As a stretch of time: `[h]:mm`.
    Elapsed,
}

/// What a format says that has no text of its own (ECMA-376 18.8.30).
pub fn builtin(id: u16) -> Shown {
    match id {
        14..=22 | 27..=36 | 45 | 47 | 50..=58 => Shown::Moment,
        46 => Shown::Elapsed,
        _ => Shown::Number,
    }
}

/// What the text of a format says; only its first section counts.
pub fn custom(format: &str) -> Shown {
    let mut letters = Letters { zeros: 0, only_zeros: true };
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => break,
            '"' => {
                chars.by_ref().find(|c| *c == '"');
            }
            '\\' | '_' | '*' => {
                chars.next();
            }
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let inside = inside.to_ascii_lowercase();
                if !inside.is_empty() && ["h", "m", "s"].iter().any(|unit| inside.replace(unit, "").is_empty()) {
                    return Shown::Elapsed;
                }
            }
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return Shown::Moment,
            'G' | 'g' if chars.as_str().to_ascii_lowercase().starts_with("eneral") => return Shown::Number,
            '0' => letters.zeros += 1,
            '-' | '/' | '(' | ')' | ' ' => {}
            _ => letters.only_zeros = false,
        }
    }
    if letters.only_zeros && letters.zeros > 1 { Shown::Padded(letters.zeros) } else { Shown::Number }
}

struct Letters {
    zeros: usize,
    only_zeros: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt8_a_format_tells_days_from_numbers() {
        for (format, shown) in [
            ("General", Shown::Number),
            ("0", Shown::Number),
            ("0.00", Shown::Number),
            ("#,##0", Shown::Number),
            ("0.00E+00", Shown::Number),
            ("\"day\" 0", Shown::Number),
            ("[Red]0.0;[Blue]d", Shown::Number),
            ("dd/mm/yyyy", Shown::Moment),
            ("[$-416]d \"de\" mmmm", Shown::Moment),
            ("h:mm AM/PM", Shown::Moment),
            ("[h]:mm", Shown::Elapsed),
            ("[mm]:ss", Shown::Elapsed),
            ("00000000000", Shown::Padded(11)),
            ("000\".\"000\\.000\\-00", Shown::Padded(11)),
            ("00000-000", Shown::Padded(8)),
        ] {
            assert_eq!(custom(format), shown, "{format}");
        }
    }
}
