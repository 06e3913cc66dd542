//! The one normalisation of search text, stored beside the original.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Text as it is searched: compatibility-decomposed, marks dropped, lower case, `ß æ œ ø ł đ ð þ ı` spelt out,
/// everything that is neither letter nor digit folded to single spaces.
pub fn normalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // An apostrophe joins (D'Ávila is one word); any other mark separates. `´` would decompose into a space.
    let joined = text.chars().filter(|c| !matches!(c, '\'' | '’' | '´' | '`' | 'ʼ'));
    for c in joined.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            'ı' => out.push('i'),
            c if c.is_alphanumeric() && !is_combining_mark(c) => out.push(c),
            c if is_combining_mark(c) => {}
            _ if !out.is_empty() && !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_punctuation_do_not_matter() {
        assert_eq!(normalize("  José-Antônio  D'ÁVILA "), "jose antonio davila");
        assert_eq!(normalize("JOANA D´ARC"), "joana darc");
        assert_eq!(normalize("Œuvre Straße Łódź Ægir Bjørn"), "oeuvre strasse lodz aegir bjorn");
        assert_eq!(normalize("ﬁnal ①"), "final 1");
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = normalize(&text);
            prop_assert_eq!(normalize(&once), once);
        }
    }
}
