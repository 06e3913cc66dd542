use super::*;

const LOCALES: [Locale; 3] = [Locale::PtBr, Locale::Fr, Locale::En];

fn occasions(name: &str) -> [(&'static str, Occasion); 3] {
    let name = DisplayName::from_stored(name.to_owned());
    let company = PlaceName::from_stored(name.as_str().to_owned());
    [
        ("verify-email", Occasion::Verification),
        ("reset-password", Occasion::PasswordReset),
        ("accept-invitation", Occasion::Invitation { company, inviter: name }),
    ]
}

fn notice(occasion: Occasion, locale: Locale) -> Notice {
    Notice { to: Email::parse("ana@aurora.example").unwrap(), locale, occasion, secret: Secret::new([3; 32]) }
}

fn mail(occasion: Occasion, locale: Locale) -> Mail {
    let tenant = TenantId::from_uuid(Uuid::nil());
    notice(occasion, locale).mail(Uuid::nil(), tenant, "https://clinic.example/").unwrap()
}

#[test]
fn i10_every_mail_leads_to_its_page_with_the_secret_in_the_fragment_and_nothing_prints_it() {
    let secret = Secret::new([3; 32]).expose();
    for locale in LOCALES {
        for (page, occasion) in occasions("Ana Luz") {
            let mail = mail(occasion, locale);
            let link = format!("https://clinic.example/{page}#token={secret}");
            let lines: Vec<_> = mail.text.as_str().lines().collect();
            assert!(lines.contains(&link.as_str()), "{lines:?}");
            assert!(mail.html.as_str().replace("&#x2f;", "/").contains(&format!("<a href=\"{link}\"")));
            let is_named = page == "accept-invitation";
            assert_eq!(mail.text.as_str().contains("Ana Luz"), is_named, "{page}");
            assert_eq!(mail.html.as_str().contains("Ana Luz"), is_named, "{page}");
            assert!(!format!("{mail:?}").contains(&secret));
        }
    }
}

#[test]
fn every_mail_has_words_of_its_own_in_each_language() {
    let mut subjects = std::collections::BTreeSet::new();
    for locale in LOCALES {
        for (page, occasion) in occasions("Ana") {
            let mail = mail(occasion, locale);
            assert!(mail.html.as_str().contains(&format!("<html lang=\"{}\">", locale.as_str())));
            assert!(!mail.text.as_str().contains("{{") && !mail.html.as_str().contains("{%"));
            assert!(subjects.insert(mail.subject.as_str().to_owned()), "{page} {locale:?}");
        }
    }
}

#[test]
fn a_name_is_escaped_in_html_and_only_there() {
    let bad = "<img src=x onerror=alert(1)> & \"Filhos\"";
    for (_, occasion) in occasions(bad).into_iter().skip(2) {
        let mail = mail(occasion, Locale::PtBr);
        assert!(!mail.html.as_str().contains("<img") && mail.html.as_str().contains("&lt;img"));
        assert!(mail.text.as_str().contains(bad));
    }
}

#[test]
fn no_name_can_begin_another_header() {
    for (_, occasion) in occasions("x\r\nBcc: todos@example.org\0\u{85}y") {
        let subject = mail(occasion, Locale::En).subject;
        assert!(!subject.as_str().chars().any(char::is_control), "{subject:?}");
    }
    let long = mail(occasions(&"é".repeat(500))[2].1.clone(), Locale::Fr).subject;
    assert_eq!(long.as_str().chars().count(), Subject::LONGEST);
}

#[test]
fn i10_our_mails_carry_nobody_elses_links() {
    for (name, told) in [
        ("Win at https://evil.example/x", "Win at https: //evil. example/x"),
        ("www.evil.example", "www. evil. example"),
        ("write to a@evil.example", "write to a@ evil. example"),
        ("Dra. Luz e Filhos S.A.", "Dra. Luz e Filhos S. A."),
        ("evil\u{200b}.\u{2060}example", "evil. example"),
    ] {
        for (page, occasion) in occasions(name) {
            let mail = mail(occasion, Locale::PtBr);
            let text = mail.text.as_str().replace("https://clinic.example/", "");
            assert!(!text.contains("evil.example") && !text.contains("://"), "{page}: {text}");
            assert_eq!(text.contains(told), page == "accept-invitation", "{page}: {text}");
        }
    }
}

#[test]
fn no_name_turns_a_subject_around_or_hides_in_it() {
    let company = PlaceName::from_stored("Cl\u{ad}ínica \u{202e}arorua\u{2066}\u{feff}\u{200b}".to_owned());
    let inviter = DisplayName::from_stored("Ana".to_owned());
    let subject = mail(Occasion::Invitation { company, inviter }, Locale::En).subject;
    assert_eq!(subject.as_str(), "Invitation from Clínica arorua");
}

#[test]
fn a_name_cannot_be_a_template() {
    for (_, occasion) in occasions("{{ link }}{% for x in [1] %}").into_iter().skip(2) {
        assert!(mail(occasion, Locale::En).text.as_str().contains("{{ link }}{% for x in [1] %}"));
    }
}

#[test]
fn persons_are_not_named_in_subjects() {
    for locale in LOCALES {
        for (_, occasion) in occasions("Ana").into_iter().take(2) {
            assert!(!mail(occasion, locale).subject.as_str().contains("Ana"));
        }
        let invited = Occasion::Invitation {
            company: PlaceName::parse("Clínica").unwrap(),
            inviter: DisplayName::parse("Zoraide").unwrap(),
        };
        assert!(!mail(invited, locale).subject.as_str().contains("Zoraide"));
    }
}
