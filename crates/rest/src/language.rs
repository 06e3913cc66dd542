//! The language that a problem is told in.

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};

/// A language of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, when nothing else is asked.
    #[default]
    English,
    /// Brazilian Portuguese.
    Portuguese,
    /// French.
    French,
}

impl Language {
    /// The best language of an `Accept-Language` header.
    pub fn of(headers: &HeaderMap) -> Self {
        let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self::best(asked)
    }

    /// The language with the greatest weight among those we speak; the first of equals.
    pub fn best(asked: &str) -> Self {
        let mut best = (0, Self::English);
        for range in asked.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let language = match tag.split('-').next() {
                Some("pt") => Self::Portuguese,
                Some("fr") => Self::French,
                Some("en" | "*") => Self::English,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=").map(thousandths)).unwrap_or(1_000);
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }

    /// Its BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
            Self::French => "fr",
        }
    }
}

/// `0.85` as 850; what is no weight counts nothing.
fn thousandths(weight: &str) -> u32 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole.parse::<u32>(), digits.parse::<u32>()) {
        (Ok(whole), Ok(fraction)) => (whole.min(1) * 1_000 + fraction).min(1_000),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c7_the_greatest_weight_wins() {
        assert_eq!(Language::best("pt-BR,pt;q=0.9,en;q=0.8"), Language::Portuguese);
        assert_eq!(Language::best("en;q=0.2, fr-CA;q=0.75"), Language::French);
        assert_eq!(Language::best("de, *;q=0.1"), Language::English);
        assert_eq!(Language::best("fr;q=0, pt;q=bad"), Language::English);
        assert_eq!(Language::best(""), Language::English);
    }
}
