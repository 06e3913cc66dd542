//! Every code that a problem or a fault may carry, with what it means and what to do, in three languages.
//!
//! One file per context; a code that is missing here fails a test.

mod identity;
mod imports;
mod patients;
mod scheduling;
mod shared;

use crate::language::Language;

/// Words in English, Brazilian Portuguese and French.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    en: &'static str,
    pt: &'static str,
    fr: &'static str,
}

impl Words {
    /// The words in one language.
    pub fn told_in(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Portuguese => self.pt,
            Language::French => self.fr,
        }
    }
}

/// One code of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Meaning {
    /// The code, which never changes.
    pub code: &'static str,
    /// What it means, in a few words.
    pub title: Words,
    /// What to do about it, in a sentence or two.
    pub advice: Words,
}

/// One line of the table: the code, then title and advice, each in English, Portuguese and French.
const fn meaning(code: &'static str, title: [&'static str; 3], advice: [&'static str; 3]) -> Meaning {
    let [en, pt, fr] = title;
    let title = Words { en, pt, fr };
    let [en, pt, fr] = advice;
    Meaning { code, title, advice: Words { en, pt, fr } }
}

const CONTEXTS: [&[Meaning]; 5] = [shared::CODES, identity::CODES, imports::CODES, patients::CODES, scheduling::CODES];

/// All codes, context by context.
pub fn all() -> impl Iterator<Item = &'static Meaning> {
    CONTEXTS.into_iter().flatten()
}

/// What a code means.
pub fn find(code: &str) -> Option<&'static Meaning> {
    all().find(|meaning| meaning.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Every Rust file below a folder, tests apart.
    fn sources(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                found.push(source.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
            }
        }
    }

    /// The codes that a source can bring into an answer: the words of each `fn code`, `context.reason` anywhere, and the
    /// word of each fault.
    fn codes(source: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut words = |text: &str, wanted: fn(&str) -> bool| {
            found.extend(text.split('"').skip(1).step_by(2).filter(|word| wanted(word)).map(str::to_owned));
        };
        let is_code = |word: &str| {
            !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase() || "_.".contains(letter))
        };
        for part in source.split("fn code(&self)").skip(1) {
            words(part.split("\n    }").next().unwrap_or_default(), is_code);
        }
        for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
            if ["refuse(", "faults.add(", "Fault::at(", "Err(\"", "malformed(\"", "invalid_at(", "parse("]
                .iter()
                .any(|call| line.contains(call))
            {
                words(line, |word| {
                    let context = word.split('.').next().unwrap_or_default();
                    let rest = word.get(context.len() + 1..).unwrap_or_default();
                    ["identity", "patients", "scheduling"].contains(&context) && !rest.is_empty()
                });
            }
            for call in ["Err(\"", "malformed(\"", "refuse(at, \"", "refuse(&at, \""] {
                if let Some((_, rest)) = line.split_once(call) {
                    words(&format!("\"{rest}"), is_code);
                }
            }
        }
        found
    }

    #[test]
    fn c7_every_code_that_can_be_answered_is_in_the_catalogue() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut missing = BTreeSet::new();
        for name in ["kernel", "identity", "patients", "scheduling", "rest"] {
            let mut found = Vec::new();
            sources(&crates.join(name).join("src"), &mut found);
            missing.extend(found.iter().flat_map(|source| codes(source)).filter(|code| find(code).is_none()));
        }
        assert_eq!(missing, BTreeSet::new());
    }

    #[test]
    fn c7_every_code_is_listed_once_and_in_three_languages() {
        let mut seen = BTreeSet::new();
        for meaning in all() {
            assert!(seen.insert(meaning.code), "{} is listed twice", meaning.code);
            for words in [meaning.title, meaning.advice] {
                assert!([words.en, words.pt, words.fr].iter().all(|told| !told.is_empty()), "{}", meaning.code);
            }
            let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_.".contains(letter);
            assert!(meaning.code.chars().all(plain), "{}", meaning.code);
        }
    }
}
