use proptest::prelude::*;

use super::super::country::Country;
use super::super::health_plan::HealthPlanParts;
use super::*;

fn name(raw: &str) -> PersonName {
    PersonName::parse(raw).unwrap()
}

fn text_of_name(raw: &str) -> String {
    search_text(&SearchSource { names: &[&name(raw)], ..SearchSource::default() })
}

fn terms(query: &str) -> SearchTerms {
    SearchTerms::parse(query).unwrap()
}

fn finds(query: &str, text: &str) -> bool {
    let terms = terms(query);
    !terms.is_empty() && terms.terms().iter().all(|term| text.contains(term))
}

fn record() -> String {
    let contact = |kind, raw| Contact::parse(kind, raw, Country::BRAZIL).unwrap();
    search_text(&SearchSource {
        names: &[&name("Conceição D'Ávila da Silva-Souza"), &name("José Antônio Łukasz")],
        identifiers: &[
            Identifier::parse(IdentifierKind::Cpf, "093.808.260-44").unwrap(),
            Identifier::parse(IdentifierKind::Cns, "116 3876 9194 0009").unwrap(),
            Identifier::parse(IdentifierKind::Ins, "2 53 07 2A 073 004 43").unwrap(),
        ],
        contacts: &[
            contact(ContactKind::Phone, "(11) 98765-4321"),
            contact(ContactKind::Phone, "+33 6 12 34 56 78"),
            contact(ContactKind::Email, "Con.Silva_1@Exemplo.com.br"),
            contact(ContactKind::Instagram, "@con_silva"),
        ],
        health_plans: &[HealthPlan::parse(HealthPlanParts {
            operator: "Unimed".to_owned(),
            card_number: Some("0 064 AB-1234".to_owned()),
            ..HealthPlanParts::default()
        })
        .unwrap()],
    })
}

#[test]
fn pt3_any_part_of_any_name_finds_in_any_order() {
    let text = record();
    for query in [
        "conceicao",
        "CONCEIÇÃO",
        "d'avila",
        "davila",
        "Avila",
        "silva-souza",
        "silva souza",
        "souza silva conceição",
        "silvasouza",
        "Conceição de Souza",
        "jose lukasz",
        "ceic",
        "souza antonio",
    ] {
        assert!(finds(query, &text), "{query} in {text}");
    }
    for query in ["conceicao pereira", "joze", "souza  silvana"] {
        assert!(!finds(query, &text), "{query} in {text}");
    }
}

#[test]
fn pt3_numbers_find_with_and_without_punctuation() {
    let text = record();
    for query in [
        "093.808.260-44",
        "09380826044",
        "938082",
        "116 3876 9194 0009",
        "2 53 07 2A 073 004 43",
        "253072a07300443",
        "11 98765-4321",
        "+55 (11) 98765-4321",
        "005511987654321",
        "011 98765-4321",
        "11 8765 4321",
        "98765-4321",
        "4321",
        "06 12 34 56 78",
        "0033 6 12 34 56 78",
        "souza 98765-4321",
        "98765-4321 souza",
        "0064 AB 1234",
        "0064AB1234",
    ] {
        assert!(finds(query, &text), "{query} in {text}");
    }
    assert!(!finds("souza 98765-4322", &text));
}

#[test]
fn pt3_mail_addresses_and_accounts_find_whole_or_in_part() {
    let text = record();
    for query in
        ["con.silva_1@exemplo.com.br", "CON.SILVA_1@EXEMPLO.COM.BR", "silva_1@", "@exemplo", "con.silva", "@con_silva"]
    {
        assert!(finds(query, &text), "{query} in {text}");
    }
    assert!(!finds("con-silva_1@exemplo.com.br", &text));
}

#[test]
fn pt3_the_text_begins_with_the_first_name_given_and_has_each_word_once() {
    assert_eq!(text_of_name("Ana-Maria  da Silva Silva"), "ana maria da silva anamaria");
}

#[test]
fn pt3_particles_are_ignored_unless_they_are_all_there_is() {
    assert_eq!(terms("Maria de la Luz e Souza").words(), ["maria", "luz", "souza"]);
    assert_eq!(terms("de 123").terms(), ["123"]);
    assert_eq!(terms("da").words(), ["da"]);
    assert_eq!(terms("da Da de").words(), ["da", "de"]);
}

#[test]
fn pt3_a_query_is_classified() {
    let cpf = terms("093.808.260-44");
    assert_eq!((cpf.digits(), cpf.words().len(), cpf.email()), (Some("09380826044"), 0, None));
    assert_eq!(cpf.identifiers(), [(IdentifierKind::Cpf, "09380826044".to_owned())]);
    let company = terms("12.abc.345/01de-35");
    assert_eq!(company.identifiers(), [(IdentifierKind::Cnpj, "12ABC34501DE35".to_owned())]);
    let mixed = terms("Ana 11 98765-4321 ANA@x.com");
    assert_eq!((mixed.words(), mixed.digits()), (["ana".to_owned(), "11987654321".to_owned()].as_slice(), None));
    assert_eq!((mixed.email(), mixed.identifiers().len()), (Some("ana@x.com"), 0));
    assert_eq!(mixed.terms(), ["11987654321", "ana@x.com", "ana"]);
}

#[test]
fn pt3_a_blank_query_asks_for_nothing() {
    for query in ["", "  ", "-", "( ) %"] {
        assert!(terms(query).is_empty(), "{query}");
        assert!(terms(query).terms().is_empty());
    }
}

#[test]
fn pt3_too_long_a_query_is_refused() {
    assert_eq!(SearchTerms::parse(&"a".repeat(201)), Err(SearchTooLong));
    let words = |count: u8| (0..count).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
    assert_eq!(terms(&words(12)).words().len(), 12);
    assert_eq!(SearchTerms::parse(&words(13)), Err(SearchTooLong));
}

#[test]
fn pt3_a_number_is_also_read_as_a_telephone_number_of_the_country() {
    let dialled = |query: &str, country| SearchTerms::parse_in(query, country).unwrap();
    assert_eq!(dialled("(41) 8799-0000", Country::BRAZIL).contacts(), ["+5541987990000", "+554187990000"]);
    assert_eq!(dialled("06 12 34 56 78", Country::FRANCE).contacts(), ["+33612345678"]);
    assert_eq!(dialled("Ana@X.com", Country::BRAZIL).contacts(), ["ana@x.com"]);
    assert!(dialled("ana 41 8799-0000", Country::BRAZIL).contacts().is_empty());
}

#[test]
fn a_sort_text_is_the_beginning_of_the_search_text() {
    assert_eq!(sort_text("ana lima"), "ana lima");
    assert_eq!(sort_text(&"é".repeat(500)).chars().count(), 60);
}

#[test]
fn debug_shows_no_term() {
    assert_eq!(format!("{:?}", terms("ana")), "SearchTerms(..)");
}

proptest! {
    #[test]
    fn pt3_every_name_is_found_by_itself_and_by_each_of_its_words(
        raw in "[\\p{Latin}\\p{Greek}\\p{Cyrillic}'’-]{1,12}( [\\p{Latin}'-]{1,12}){0,3}",
    ) {
        let text = text_of_name(&raw);
        for query in raw.split_whitespace().chain([raw.as_str()]) {
            if let Ok(terms) = SearchTerms::parse(query) {
                prop_assert!(terms.terms().iter().all(|term| text.contains(term)), "{} in {}", query, text);
            }
        }
    }

    #[test]
    fn pt3_terms_are_single_words_without_wildcards(query in "\\PC{0,60}") {
        if let Ok(terms) = SearchTerms::parse(&query) {
            prop_assert!(terms.words().iter().all(|word| word.chars().all(char::is_alphanumeric) && !word.is_empty()));
            prop_assert!(terms.digits().is_none_or(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())));
            prop_assert_eq!(terms.is_empty(), terms.terms().is_empty());
        }
    }
}
