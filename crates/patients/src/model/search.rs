//! What a search finds: the text stored beside a record, and the terms of a query that must occur in it.

use kernel::text::normalize;
use thiserror::Error;

use super::contact::{Contact, ContactKind};
use super::country::Country;
use super::health_plan::HealthPlan;
use super::identifier::{Identifier, IdentifierKind};
use super::name::PersonName;
use super::phone::Phone;
use super::redacted::redacted_debug;

/// The most characters of a query.
pub const LONGEST_QUERY: usize = 200;
/// The most terms of a query.
pub const MOST_TERMS: usize = 12;

/// The most characters of a sort text.
const LONGEST_SORT_TEXT: usize = 60;

/// Particles of Portuguese, French, Spanish and Italian names, which nobody remembers exactly.
pub(super) const PARTICLES: [&str; 11] = ["da", "das", "de", "des", "di", "do", "dos", "du", "e", "la", "le"];
/// A shorter number is taken for a part of one.
const SHORTEST_CARD: usize = 4;
/// From this length on, leading zeros of a number are a trunk or international prefix and not part of it.
const WITH_PREFIX: usize = 11;

/// What of a record can be searched.
#[derive(Clone, Copy, Default)]
pub struct SearchSource<'a> {
    /// The names, the one to sort by first.
    pub names: &'a [&'a PersonName],
    /// The identifiers.
    pub identifiers: &'a [Identifier],
    /// The contacts.
    pub contacts: &'a [Contact],
    /// The health plans, of which the card numbers.
    pub health_plans: &'a [HealthPlan],
}

/// A query, taken apart: each term has to occur in the search text, in any order.
#[derive(Clone, PartialEq, Eq)]
pub struct SearchTerms {
    words: Vec<String>,
    digits: Option<String>,
    email: Option<String>,
    identifiers: Vec<(IdentifierKind, String)>,
    phones: Vec<String>,
    card: Option<String>,
}

/// The query has more than 200 characters or 12 terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the search is too long")]
pub struct SearchTooLong;

redacted_debug!(SearchTerms);

/// The normalised text of a record: words and numbers separated by single spaces, each once, the names first.
///
/// Hyphenated names are there in parts and joined, telephone numbers in their usual forms.
pub fn search_text(source: &SearchSource<'_>) -> String {
    let names = source.names.iter().flat_map(|name| words_of(name.as_str()));
    let joined = source.names.iter().flat_map(|name| name.as_str().split_whitespace().map(joined_of));
    let identifiers = source.identifiers.iter().map(|identifier| joined_of(identifier.value()));
    let cards = source.health_plans.iter().filter_map(|plan| plan.parts().card_number.as_deref()).map(joined_of);
    let contacts = source.contacts.iter().flat_map(contact_tokens);
    let mut tokens: Vec<String> = Vec::new();
    for token in names.chain(joined).chain(identifiers).chain(cards).chain(contacts) {
        push_new(&mut tokens, token);
    }
    tokens.join(" ")
}

/// The beginning of a search text, by which records are ordered: at most 60 characters, so that any index can hold it.
pub fn sort_text(search_text: &str) -> String {
    search_text.chars().take(LONGEST_SORT_TEXT).collect()
}

/// The letters and digits of a card's number in one word, by which it is known again; `None` when it has none.
pub fn card_key(number: &str) -> Option<String> {
    Some(joined_of(number)).filter(|key| !key.is_empty())
}

impl SearchTerms {
    /// Takes a query apart as people type it; a blank one has no terms.
    pub fn parse(query: &str) -> Result<Self, SearchTooLong> {
        if query.chars().count() > LONGEST_QUERY {
            return Err(SearchTooLong);
        }
        let mut terms = Self {
            words: Vec::new(),
            digits: None,
            email: None,
            identifiers: exact_identifiers(query),
            phones: Vec::new(),
            card: exact_card(query),
        };
        let mut run = String::new();
        for token in query.split_whitespace() {
            if token.contains('@') && terms.email.is_none() {
                terms.take_run(&mut run);
                terms.email = Some(token.to_lowercase());
                continue;
            }
            let text = normalize(token);
            if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == ' ') {
                run.push_str(&text.replace(' ', ""));
            } else if !text.is_empty() {
                terms.take_run(&mut run);
                text.split(' ').for_each(|word| push_new(&mut terms.words, word.to_owned()));
            }
        }
        terms.drop_particles(&run);
        terms.take_last_run(run);
        if terms.terms().len() > MOST_TERMS { Err(SearchTooLong) } else { Ok(terms) }
    }

    /// The same, where a query that is a number is also read as a telephone number dialled in this country.
    pub fn parse_in(query: &str, country: Country) -> Result<Self, SearchTooLong> {
        let terms = Self::parse(query)?;
        let phone = terms.digits.as_ref().and_then(|_| Phone::parse(query, country).ok());
        Ok(Self { phones: phone.map(|phone| phone.match_keys()).unwrap_or_default(), ..terms })
    }

    /// The words and, in a query of several terms, the numbers.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The number, when the query is one and nothing else.
    pub fn digits(&self) -> Option<&str> {
        self.digits.as_deref()
    }

    /// The e-mail address or part of one around its `@`, in lower case.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// The identifiers that the whole query may be, by kind and canonical value.
    pub fn identifiers(&self) -> &[(IdentifierKind, String)] {
        &self.identifiers
    }

    /// The match keys of the telephone number or e-mail address that the query may be.
    pub fn contacts(&self) -> Vec<&str> {
        self.phones.iter().map(String::as_str).chain(self.email()).collect()
    }

    /// The key of the health plan's card that the whole query may be, see [`card_key`].
    pub fn card(&self) -> Option<&str> {
        self.card.as_deref()
    }

    /// What has to occur in the search text, all of it; the longest first, as it drives the index.
    pub fn terms(&self) -> Vec<&str> {
        let words = self.words.iter().map(String::as_str);
        let mut terms: Vec<&str> = words.chain(self.digits()).chain(self.email()).collect();
        terms.sort_by_key(|term| std::cmp::Reverse(term.chars().count()));
        terms
    }

    /// True when nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.digits.is_none() && self.email.is_none()
    }

    fn take_run(&mut self, run: &mut String) {
        if !run.is_empty() {
            push_new(&mut self.words, without_prefix(&std::mem::take(run)));
        }
    }

    fn take_last_run(&mut self, mut run: String) {
        if self.words.is_empty() && self.email.is_none() && !run.is_empty() {
            self.digits = Some(without_prefix(&run));
        } else {
            self.take_run(&mut run);
        }
    }

    fn drop_particles(&mut self, run: &str) {
        let is_particle = |word: &String| PARTICLES.contains(&word.as_str());
        if self.email.is_some() || !run.is_empty() || !self.words.iter().all(is_particle) {
            self.words.retain(|word| !is_particle(word));
        }
    }
}

fn push_new(tokens: &mut Vec<String>, token: String) {
    if !token.is_empty() && !tokens.contains(&token) {
        tokens.push(token);
    }
}

fn words_of(text: &str) -> Vec<String> {
    normalize(text).split(' ').map(str::to_owned).collect()
}

/// The letters and digits of a text, normalised, in one word.
fn joined_of(text: &str) -> String {
    normalize(text).replace(' ', "")
}

fn contact_tokens(contact: &Contact) -> Vec<String> {
    match contact.kind() {
        ContactKind::Email => vec![contact.value().to_lowercase()],
        ContactKind::Instagram => vec![format!("@{}", contact.value())],
        ContactKind::Phone | ContactKind::Whatsapp => {
            contact.phone().map_or_else(|| vec![joined_of(contact.value())], |phone| phone.search_digits())
        }
    }
}

fn exact_identifiers(query: &str) -> Vec<(IdentifierKind, String)> {
    let kinds = [IdentifierKind::Cpf, IdentifierKind::Cns, IdentifierKind::Cnpj, IdentifierKind::Ins];
    let read = kinds.into_iter().filter_map(|kind| Identifier::parse(kind, query).ok());
    read.map(|identifier| (identifier.kind(), identifier.value().to_owned())).collect()
}

/// A card's number has a digit, and no sign of a mail address.
fn exact_card(query: &str) -> Option<String> {
    let may_be = query.chars().any(|c| c.is_ascii_digit()) && !query.contains('@');
    card_key(query).filter(|key| may_be && key.chars().count() >= SHORTEST_CARD)
}

/// A number without trunk or international prefix; a CPF keeps its zeros.
fn without_prefix(digits: &str) -> String {
    let significant = digits.trim_start_matches('0');
    let is_identifier = Identifier::parse(IdentifierKind::Cpf, digits).is_ok();
    let keep = digits.len() < WITH_PREFIX || is_identifier || significant.is_empty();
    if keep { digits.to_owned() } else { significant.to_owned() }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
