use proptest::prelude::*;

use super::*;

fn brazilian(raw: &str) -> Phone {
    Phone::parse(raw, Country::BRAZIL).unwrap()
}

fn e164(raw: &str) -> Option<String> {
    brazilian(raw).e164().map(str::to_owned)
}

#[test]
fn pt2_messaging_ids_without_the_ninth_digit_are_the_same_line() {
    for (wa_id, canonical) in
        [("554187990000", "+5541987990000"), ("558899990000", "+5588999990000"), ("5511961234567", "+5511961234567")]
    {
        let phone = Phone::parse_wa_id(wa_id).unwrap();
        assert_eq!(phone.e164(), Some(canonical));
        assert_eq!(phone.raw(), wa_id, "answers go to the id as received");
        assert!(phone.match_keys().contains(&format!("+{wa_id}")));
        assert_eq!(e164(wa_id).as_deref(), Some(canonical));
        assert_eq!(Phone::parse_whatsapp(wa_id, Country::FRANCE).unwrap().e164(), Some(canonical));
    }
}

#[test]
fn pt2_landlines_radios_and_other_countries_stay_as_they_are() {
    for wa_id in ["551133334444", "554177990000", "14155238886"] {
        let phone = Phone::parse_wa_id(wa_id).unwrap();
        assert_eq!(phone.match_keys(), [format!("+{wa_id}")]);
        assert_eq!(Phone::parse_whatsapp(wa_id, Country::BRAZIL).unwrap().match_keys(), [format!("+{wa_id}")]);
    }
}

#[test]
fn pt2_an_old_national_mobile_is_not_taken_for_another_country() {
    let joinville = Phone::parse_whatsapp("47 9123-4567", Country::BRAZIL).unwrap();
    assert_eq!(joinville.e164(), Some("+5547991234567"));
}

#[test]
fn pt2_user_ids_are_no_phones() {
    assert_eq!(Phone::parse("US.13491208655302741918", Country::BRAZIL), Err(PhoneError::UserId));
    assert_eq!(Phone::parse_wa_id("US.13491208655302741918"), Err(PhoneError::UserId));
}

#[test]
fn pt2_numbers_as_people_type_them() {
    for (raw, expected) in [
        ("(11) 98765-4321", "+5511987654321"),
        ("11 8765-4321", "+5511987654321"),
        ("+55 (11) 98765-4321", "+5511987654321"),
        ("(+55) 11 98765-4321", "+5511987654321"),
        ("005511987654321", "+5511987654321"),
        ("011 98765-4321", "+5511987654321"),
        ("0xx11 98765-4321", "+5511987654321"),
        ("0 15 11 98765-4321", "+5511987654321"),
        ("11 3333-4444 ramal 234", "+551133334444"),
        ("11 3333-4444 / 11 2222-3333", "+551133334444"),
        ("01 131479192", "+551131479192"),
        ("55 30286577", "+555530286577"),
        ("55 9123-4567", "+5555991234567"),
        ("40037181", "+5540037181"),
        ("0800 123 4567", "+558001234567"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+39 06 698 12345", "+390669812345"),
        ("+1 415 523 8886", "+14155238886"),
    ] {
        assert_eq!(e164(raw).as_deref(), Some(expected), "{raw}");
    }
}

#[test]
fn pt2_numbers_of_other_countries() {
    for (country, raw, expected) in [
        ("FR", "06 12 34 56 78", "+33612345678"),
        ("FR", "0033 6 12 34 56 78", "+33612345678"),
        ("FR", "+33 (0)6 12 34 56 78", "+33612345678"),
        ("RE", "0262 16 12 34", "+262262161234"),
        ("PT", "912 345 678", "+351912345678"),
    ] {
        let phone = Phone::parse(raw, Country::parse(country).unwrap()).unwrap();
        assert_eq!(phone.e164(), Some(expected), "{country} {raw}");
    }
}

#[test]
fn pt2_a_number_of_no_table_is_kept_as_typed() {
    for raw in ["21 3231159088324692", "11 4878887048786917", "33 4402", "61 613212221", "30843038", "193", "1"] {
        let phone = brazilian(raw);
        assert_eq!((phone.raw(), phone.e164()), (raw, None));
        assert!(phone.match_keys().is_empty());
    }
}

#[test]
fn pt2_an_unknown_line_with_the_length_of_its_country_has_an_e164_form() {
    assert_eq!(e164("26 98765-4321").as_deref(), Some("+5526987654321"));
    assert_eq!(e164("+55 26 98765-4321").as_deref(), Some("+5526987654321"));
}

#[test]
fn pt2_only_texts_without_digits_or_over_long_ones_are_refused() {
    for raw in ["", "  ", "+", "none", "٣٤٥"] {
        assert_eq!(Phone::parse(raw, Country::BRAZIL), Err(PhoneError::NoDigits), "{raw}");
    }
    assert_eq!(Phone::parse(&"1".repeat(65), Country::BRAZIL), Err(PhoneError::TooLong));
    assert_eq!(Phone::parse("11\x003333", Country::BRAZIL), Err(PhoneError::ControlCharacter));
}

#[test]
fn pt3_digits_of_any_usual_form_are_found() {
    let mobile = brazilian("+55 11 98765-4321").search_digits().join(" ");
    for asked in ["5511987654321", "11987654321", "987654321", "1187654321", "87654321", "4321"] {
        assert!(mobile.contains(asked), "{asked} in {mobile}");
    }
    let french = Phone::parse("+33612345678", Country::FRANCE).unwrap().search_digits().join(" ");
    for asked in ["0612345678", "33612345678", "612345678"] {
        assert!(french.contains(asked), "{asked} in {french}");
    }
    assert_eq!(brazilian("33 4402").search_digits(), ["334402"]);
}

#[test]
fn debug_shows_no_digit() {
    assert_eq!(format!("{:?}", brazilian("193")), "Phone(..)");
}

proptest! {
    #[test]
    fn pt2_any_line_with_a_digit_is_accepted(
        raw in prop_oneof!["\\PC{0,20}[0-9]\\PC{0,20}", "[+0]{0,3}[0-9]{1,40}", "[+0-9 ()/-]{0,30}[0-9]"],
        france in any::<bool>(),
    ) {
        let country = if france { Country::FRANCE } else { Country::BRAZIL };
        match Phone::parse(&raw, country) {
            Ok(phone) => {
                let fits = |key: &String| key.starts_with('+') && (9..=16).contains(&key.len());
                prop_assert!(phone.match_keys().iter().all(fits));
                prop_assert!(!phone.search_digits().is_empty());
            }
            Err(error) => prop_assert_eq!(error, PhoneError::UserId),
        }
    }

    #[test]
    fn pt2_with_and_without_the_ninth_digit_share_their_keys(
        area in prop::sample::select(vec!["11", "21", "31", "41", "47", "51", "55", "61", "71", "85", "91"]),
        line in "[689][0-9]{7}",
    ) {
        let old = brazilian(&format!("({area}) {line}"));
        let new = brazilian(&format!("+55 {area} 9{line}"));
        prop_assert_eq!(old.match_keys(), new.match_keys());
        let expected = format!("+55{area}9{line}");
        prop_assert_eq!(old.e164(), Some(expected.as_str()));
    }

    #[test]
    fn pt2_the_e164_form_reads_as_itself(area in "[1-9][1-9]", line in "[2-9][0-9]{7}") {
        let phone = brazilian(&format!("{area}{line}"));
        if let Some(e164) = phone.e164() {
            let again = brazilian(e164);
            prop_assert_eq!(again.e164(), Some(e164));
        }
    }
}
