use super::*;

const LOCALES: [Locale; 3] = [Locale::PtBr, Locale::Fr, Locale::En];

fn occasions(name: &str) -> [(&'static str, Occasion); 3] {
    let name = DisplayName::from_stored(name.to_owned());
    let company = PlaceName::from_stored(name.as_str().to_owned());
    [
        ("verify-email", Occasion::Verification { name: name.clone() }),
        ("reset-password", Occasion::PasswordReset { name: name.clone() }),
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
            assert!(mail.text.as_str().contains("Ana Luz") && mail.html.as_str().contains("Ana Luz"));
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
    for (_, occasion) in occasions(bad) {
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
fn a_name_cannot_be_a_template() {
    for (_, occasion) in occasions("{{ link }}{% for x in [1] %}") {
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
