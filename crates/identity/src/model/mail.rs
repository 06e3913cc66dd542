//! Mails that identity sends, in the languages that Salus speaks.

use kernel::ids::TenantId;
use uuid::Uuid;

use super::email::Email;
use super::name::DisplayName;
use super::place::Locale;
use super::session::Secret;

/// A mail on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The same for each try to send it, so that a repeat is not sent twice.
    pub key: Uuid,
    /// The company in whose name it is sent.
    pub tenant: TenantId,
    /// To whom.
    pub to: Email,
    /// Its subject, without personal data.
    pub subject: &'static str,
    /// Its body as plain text.
    pub text: MailText,
}

/// The body of a mail: it may hold names and secrets, so it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MailText(String);

super::redacted::redacted_debug!(MailText);

impl MailText {
    /// The text, for the mail alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whom a verification mail speaks to.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// The address to verify.
    pub email: Email,
    /// The person's name.
    pub name: DisplayName,
    /// The person's language.
    pub locale: Locale,
}

/// The mail that asks to verify an address by its link under `public_url`.
pub fn verification(key: Uuid, tenant: TenantId, to: &Addressee, public_url: &str, secret: &Secret) -> Mail {
    let link = format!("{}/verify-email?token={}", public_url.trim_end_matches('/'), secret.expose());
    let name = to.name.as_str();
    let (subject, text) = match to.locale {
        Locale::PtBr => (
            "Confirme seu e-mail",
            format!(
                "Olá, {name}!\n\nConfirme seu endereço de e-mail em até 72 horas:\n{link}\n\nSe não foi você, ignore esta mensagem.\n"
            ),
        ),
        Locale::Fr => (
            "Confirmez votre adresse e-mail",
            format!(
                "Bonjour {name},\n\nConfirmez votre adresse e-mail dans les 72 heures :\n{link}\n\nSi ce n'était pas vous, ignorez ce message.\n"
            ),
        ),
        Locale::En => (
            "Confirm your e-mail address",
            format!(
                "Hello {name},\n\nConfirm your e-mail address within 72 hours:\n{link}\n\nIf it was not you, ignore this message.\n"
            ),
        ),
    };
    Mail { key, tenant, to: to.email.clone(), subject, text: MailText(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i10_the_link_holds_the_secret_and_nothing_prints_it() {
        let secret = Secret::new([3; 32]);
        for locale in [Locale::PtBr, Locale::Fr, Locale::En] {
            let to = Addressee {
                email: Email::parse("ana@aurora.example").unwrap(),
                name: DisplayName::parse("Ana").unwrap(),
                locale,
            };
            let tenant = TenantId::from_uuid(Uuid::nil());
            let mail = verification(Uuid::nil(), tenant, &to, "https://clinic.example/", &secret);
            let link = format!("https://clinic.example/verify-email?token={}", secret.expose());
            assert!(mail.text.as_str().contains(&link) && mail.text.as_str().contains("Ana"));
            assert!(!format!("{mail:?}").contains(&secret.expose()));
            assert!(!mail.subject.contains("Ana"));
        }
    }
}
